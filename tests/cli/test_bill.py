"""`qianhang bill`: from a price list to a frozen bill, its FOCUS rows and the check."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from click.testing import CliRunner

from qianhang.billing import charges, metering
from qianhang.billing.usage import Proof, UsageRecord
from qianhang.cli.bill import bill_command
from qianhang.runs import open_store
from qianhang.store import Settings

LIST = """
operator = "p1"
version = "1"
since = 2026-01-01T00:00:00+08:00
[[price]]
flavour = "ascend910b"
unit = "card_hour"
yuan = "10"
"""
START = datetime(2026, 3, 2, 2, tzinfo=UTC)


def call(*words: str) -> str:
    result = CliRunner().invoke(bill_command, words, env={"QIANHANG_LANG": "en"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_from_a_price_list_to_a_bill(home: Path, tmp_path: Path) -> None:
    """8 cards for an hour at 10 yuan are 80.00 yuan."""
    file = tmp_path / "list.toml"
    file.write_text(LIST)
    assert "p1/1/1  *  ascend910b  10 CNY/card_hour" in call("price", str(file))
    assert json.loads(call("price", str(file), "--json"))[0]["yuan"] == "10"
    used = UsageRecord(
        job="j", attempt="a", org="o1", operator="p1", pool="pool-a", flavour="ascend910b",
        start=START, end=START + timedelta(hours=1), proof=Proof("guard", "sacct"), cards=8,
    )  # fmt: skip
    with open_store(Settings.load()) as store:
        with store.write() as tx:
            metering.record(tx, used, at=used.end)
        assert "waiting for a charge: 1" in call("check")
        charges.charge_pending(store, at=used.end)
    assert "draft" in call("month", "2026-03")
    (bill,) = json.loads(call("month", "2026-03", "--party", "org:o1", "--issue", "--json"))
    assert (bill["due"], len(bill["sha256"])) == (8000, 64)
    out = tmp_path / "focus.csv"
    assert "1 rows of FOCUS 1.2" in call("focus", "2026-03", "--org", "o1", "--out", str(out))
    with out.open(newline="", encoding="utf8") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["BilledCost"], row["ChargeCategory"]) == ("80.00", "Usage")
    assert "2026-03  o1  —  80.00 CNY" in call("spending")
    assert json.loads(call("spending", "--org", "o1", "--json"))[0]["fen"] == 8000
    assert "The books agree" in call("check")
    assert json.loads(call("check", "--json")) == {"faults": [], "pending": [], "frozen": []}
