"""`qianhang bill credit`, `settle` and `wallet`, as the handbook has them; amounts by hand."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from qianhang.billing import charges, metering, prices
from qianhang.billing.prices import Price
from qianhang.billing.usage import Proof, UsageRecord
from qianhang.cli.bill import bill_command
from qianhang.core.errors import QianhangError
from qianhang.runs import open_store
from qianhang.store import Settings

START = datetime(2026, 3, 2, 2, tzinfo=UTC)
HANDBOOK = (Path(__file__).parents[2] / "docs/handbook.md").read_text("utf8")
RULES = HANDBOOK.split("[[rule]]")[1].split("```")[0]
DAY = "2026-03-05T08:00+08:00/2026-03-06T08:00+08:00=monitor 17"


@pytest.fixture
def used(home, tmp_path):
    """100 card-hours at 10 yuan in March, 1,000.00 yuan, a tenth of it the platform's."""
    (tmp_path / "sla.toml").write_text("[[rule]]" + RULES, "utf8")
    listed = Price(
        operator="zz-compute", flavour="x", unit="card_hour", category="compute",
        yuan=Decimal(10), list_yuan=Decimal(10), since=datetime(2026, 1, 1, tzinfo=UTC),
        version="1", number=1, fee=Decimal("0.1"),
    )  # fmt: skip
    record = UsageRecord(
        job="j", attempt="a", org="o1", operator="zz-compute", pool="zz-a", flavour="x",
        start=START, end=START + timedelta(hours=10), proof=Proof("g", "s"), cards=10,
    )  # fmt: skip
    with open_store(Settings.load()) as store:
        with store.write() as tx:
            prices.publish(tx, [listed], at=START)
        with store.write() as tx:
            charges.charge(tx, metering.record(tx, record, at=record.end), at=record.end)
    return tmp_path / "sla.toml"


def call(*words):
    done = CliRunner().invoke(bill_command, list(map(str, words)))
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return json.loads(done.output) if "--json" in words else done.output


def test_a_day_without_service_is_credited_once_settled_and_paid(used):
    """30 of 31 days are 96.8 %, below 99 %: a tenth of 1,000 yuan goes back. The operator earns
    900 - 100 = 800 yuan, the organisation owes 900, and collecting it the operator keeps 800."""
    asked = ("credit", "2026-03", "zz-a", "--rules", used, "--down", DAY)
    assert "96.7742%" in call(*asked)
    assert call(*asked, "--json")[0]["fen"] == 10_000
    for _ in range(2):
        assert call(*asked, "--post", "--json")[0]["fen"] == 10_000
    with pytest.raises(QianhangError, match="QH558"):
        call("settle", "2026-03")
    call("month", "2026-03", "--issue")
    net = {"platform": -10_000, "zz-compute": 10_000}
    told = call("settle", "2026-03", "--collector", "o1=zz-compute", "--post", "--json")
    assert told["positions"] == net
    assert told["transfers"] == [{"payer": "zz-compute", "payee": "platform", "fen": 10_000}]
    assert call("wallet", "o1", "--json")["open"] == 90_000
    call("wallet", "o1", "--add", "5000", "--reference", "GH1")
    paid = call("wallet", "o1", "--pay", "2026-03", "--json")
    assert paid == {
        "org": "o1", "fen": 410_000, "billed": 90_000, "paid": 90_000, "open": 0,
        "months": ["2026-03"],
    }  # fmt: skip
    assert "4,100.00" in call("wallet", "o1")
    assert call("check", "--json")["faults"] == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("credit", "2026-03", "other", "--rules", "{}"), "QH567"),
        (("credit", "2026-03", "zz-a", "--rules", "{}", "--down", "2026-03-05"), "QH567"),
        (("credit", "2026-03", "zz-a", "--rules", "{}", "--down", "a/b=c"), "QH567"),
        (("credit", "2026-3", "zz-a", "--rules", "{}"), "QH560"),
        (("credit", "2026-03", "zz-a", "--rules", "none.toml"), "QH562"),
        (("settle", "2026-03", "--collector", "o1"), "QH567"),
        (("wallet", "o1", "--pay", "2026-03"), "QH563"),
        (("wallet", "o1", "--add", "5"), "QH563"),
        (("wallet", "o1", "--add", "x", "--reference", "r"), "QH580"),
    ],
)
def test_bad_input_is_one_named_error(used, words, code):
    with pytest.raises(QianhangError) as caught:
        call(*(used if w == "{}" else w for w in words))
    assert caught.value.code == code
