"""Prices, bills, vouchers and settlement over HTTP: the service's figures to the fen, and nobody
else's."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from qianhang.billing import charges, lines, metering, prices, statements
from qianhang.billing.prices import Band, Price
from qianhang.billing.usage import Proof, UsageRecord
from qianhang.billing.vouchers import (
    Act,
    Applicant,
    Bill,
    Contract,
    Facts,
    Line,
    Supplier,
    funds,
    grants,
    holds,
)
from qianhang.web.forms import Shown

from .browser.money import PROGRAMME

START = datetime(2026, 3, 2, 2, tzinfo=UTC)  # 10:00 in China
FORM = {
    "supplier.id": "p1", "contract.id": "c1", "contract.signed": "2026-01-01",
    "contract.yuan": "10000", "evidence": "contract",
}  # fmt: skip


@pytest.fixture
def shop(site):
    """Two counties and two operators; o1 used 8 cards for 1 h 07 min at 9.99 yuan, 89.244 yuan:
    89.24; o2 as much on the other operator. A voucher of 1,000 yuan to each, 27.00 used."""
    for org in ("o1", "o2", "p1", "p2"):
        site.org(org)
    with site.store.write() as tx:
        every = [listing(operator) for operator in ("p1", "p2")]
        prices.publish(tx, every, at=START - timedelta(days=9))
    for org, operator in (("o1", "p1"), ("o2", "p2")):
        used = UsageRecord(
            job=f"j-{org}", attempt=f"a-{org}", org=org, project=f"secret-{org}",
            scenario="energy.load_forecast", operator=operator, pool=f"{operator}-a",
            flavour="ascend-910b", start=START, end=START + timedelta(minutes=67), cards=8,
            tflops=313, proof=Proof("guard", "sacct"),
        )  # fmt: skip
        with site.store.write() as tx:
            charges.charge(tx, metering.record(tx, used, at=used.end), at=used.end)
    with site.store.write() as tx:
        funds.install(tx, PROGRAMME, act=act("f1"))
        funds.appropriate(tx, "plain", year=2026, fen=10_000_000, act=act("f2"))
    for number, org in enumerate(("o1", "o2"), 1):
        facts = case(org, f"c{number}")
        with site.store.write() as tx:
            made = grants.grant(tx, "plain", facts=facts, fen=100_000, act=act(f"g{org}"))
            held = holds.hold(tx, made, facts=facts, bill=bill(20_000), act=act(f"h{org}"))
            holds.capture(tx, held, bill=bill(9000), act=act(f"c{org}"))
    return site


def listing(operator):
    return Price(
        operator=operator, flavour="ascend-910b", unit="card_hour", category="compute",
        yuan=Decimal("9.99"), list_yuan=Decimal("12"), since=datetime(2026, 1, 1, tzinfo=UTC),
        bands=(Band("00:00", "06:00", Decimal("5.5")),), version="1", number=1,
        fee=Decimal("0.1"),
    )  # fmt: skip


def act(key, by="clerk"):
    return Act(by, START, key)


def case(org, contract):
    deal = Contract(contract, date(2026, 1, 1), 1_000_000)
    return Facts(Applicant(org), Supplier("p1"), deal, START.date(), evidence=("contract",))


def bill(fen):
    return Bill((Line("compute", fen),))


def amounts(text):
    """Every amount with two decimals that the page shows."""
    return set(re.findall(r"-?[\d,]+\.\d\d(?!\d)", text))


# Figures


def test_a_bill_shows_the_service_s_figures_to_the_fen(shop, signed):
    viewer = signed("viewer", org="o1")
    told = statements.statement(shop.store, "org:o1", "2026-03")
    assert told.due == 8924  # 8 x 67/60 h x 9.99 = 89.244
    page = viewer.get("/bills/org/o1/2026-03").text
    assert "89.24" in amounts(page)
    assert "89.24" in amounts(viewer.get("/bills").text)
    assert "89.24" in amounts(viewer.get("/bills/org/o1").text)
    body = viewer.get("/bills/org/o1/2026-03/lines.csv").content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(body))
    assert float(row["金额（元）"]) == 89.24
    assert viewer.get("/bills/org/o1/2026-03/lines.xlsx").content.startswith(b"PK")
    focus = viewer.get("/bills/org/o1/2026-03/focus.csv").content.decode()
    assert [r["BilledCost"] for r in csv.DictReader(io.StringIO(focus))] == ["89.24"]
    assert "8.9333" in viewer.get("/bills/usage/a-o1/0/0").text


def test_what_an_operator_earns_is_its_bill_less_the_platforms_share(shop, signed):
    page = signed("pool_operator", org="p1").get("/bills/operator/p1/2026-03").text
    assert {"80.32", "-8.92"} <= amounts(page)
    owed = signed("pool_operator", org="p1").get("/settlement").text
    assert "80.32" in amounts(owed)


def test_vouchers_show_what_is_left_and_what_was_used(shop, signed):
    """30% of 90 yuan are 27; 60 were held, so 940 are left."""
    viewer = signed("viewer", org="o1")
    assert {"1,000.00", "940.00"} <= amounts(viewer.get("/vouchers").text)
    assert {"27.00", "90.00", "60.00"} <= amounts(viewer.get("/vouchers/1").text)
    programme = viewer.get("/vouchers/programmes/plain").text
    assert 'href="#s1"' in programme
    assert "https://example.org/d" in programme
    assert {"100,000.00", "98,000.00"} <= amounts(programme)


def test_prices_of_a_day_stand_side_by_side(shop, signed):
    viewer = signed("viewer")
    page = viewer.get("/prices?flavour=ascend-910b&day=2026-03-02").text
    assert page.count("00:00–06:00") == 2
    assert "5.5]" in page  # of the curve's option
    assert "0 " in viewer.get("/prices?day=2025-01-01").text
    body = viewer.get("/prices/list.csv?flavour=ascend-910b").content.decode("utf-8-sig")
    assert [r["价格"] for r in csv.DictReader(io.StringIO(body))] == ["9.99", "9.99"]
    hours = viewer.get("/prices/hours.csv?flavour=ascend-910b").content.decode("utf-8-sig")
    assert len(hours.splitlines()) == 25
    assert viewer.get("/prices/hours.csv?flavour=none").status_code == 404


def test_the_overview_tells_what_the_month_cost(shop, signed):
    now = datetime.now(UTC).replace(day=1, hour=0)
    used = UsageRecord(
        job="j9", attempt="a9", org="o1", operator="p1", pool="p1-a", flavour="ascend-910b",
        start=now - timedelta(hours=12), end=now + timedelta(hours=2), cards=1,
        proof=Proof("guard", "sacct"),
    )  # fmt: skip
    with shop.store.write() as tx:
        charges.charge(tx, metering.record(tx, used, at=used.end), at=used.end)
    month = used.end.strftime("%Y-%m")
    spent = sum(s.fen for s in lines.spending(shop.store, orgs=["o1"], since=month, until=month))
    assert spent > 0
    page = signed("viewer", org="o1").get("/").text
    assert Shown("zh").fen(spent) in page
    assert 'id="spending"' not in signed("viewer", org="p2").get("/").text


# Rights

THEIRS = (
    "/bills/org/o2", "/bills/org/o2/2026-03", "/bills/org/o2/2026-03/lines.csv",
    "/bills/org/o2/2026-03/focus.csv", "/bills/usage/a-o2/0/0", "/bills/operator/p2",
    "/bills/operator/p2/2026-03", "/bills/operator/p2/2026-03/lines.csv", "/vouchers/2",
)  # fmt: skip


@pytest.mark.parametrize("path", THEIRS)
def test_nobody_of_another_organisation_sees_it(shop, signed, path):
    everything = ("viewer", "pool_operator", "programme_office", "administrator", "developer")
    answer = signed(*everything, org="o1").get(path)
    assert answer.status_code == 404, path
    assert "secret-o2" not in answer.text


def test_lists_hold_nothing_of_others(shop, signed):
    mine = signed("viewer", "pool_operator", "programme_office", "administrator", org="o1")
    for path in ("/bills", "/bills/months.csv", "/vouchers", "/vouchers/claims", "/settlement"):
        text = mine.get(path).text
        assert "o2" not in re.findall(r"\bo2\b|\bp2\b", text), path


def test_a_sealed_organisation_s_bill_is_its_own(shop, signed):
    with shop.store.write() as tx:
        from qianhang.access import organisations

        organisations.seal_organisation(tx, "o1", sealed=True, by="t", at=START)
    root = signed("programme_office", "administrator")
    assert root.get("/bills/org/o1/2026-03").status_code == 404
    page = root.get("/bills/operator/p1/2026-03").text
    assert "secret-o1" not in page
    assert "89.24" in amounts(page)
    assert "secret-o1" not in root.get("/bills/operator/p1/2026-03/lines.csv").text
    assert root.get("/bills/usage/a-o1/0/0").status_code == 404
    assert "secret-o1" in signed("viewer", org="o1").get("/bills/org/o1/2026-03").text


MOVES = (
    "/bills/org/o1/2026-03/issue", "/bills/org/o1/wallet", "/vouchers/programmes/plain/fund",
    "/vouchers/grant", "/vouchers/expire", "/settlement/gather/plain",
    "/settlement/batches/1/review", "/settlement/months/2026-03/issue",
    "/settlement/months/2026-03/settle",
)  # fmt: skip


@pytest.mark.parametrize("path", MOVES)
def test_money_is_moved_by_the_root_s_office_alone(shop, signed, path):
    sent = FORM | {"yuan": "5", "year": "2026", "reference": "r", "programme": "plain"}
    everything = ("pool_operator", "programme_office", "administrator", "scenario_owner")
    own = signed(*everything, org="o1").post(path, data=sent, follow_redirects=False)
    assert own.status_code == 403, path
    assert signed("viewer").post(path, data=sent).status_code == 403, path


def test_a_list_is_published_by_who_runs_the_operator(shop, signed):
    text = b"""operator = "p1"
version = "2"
since = 2099-01-01T00:00:00+08:00
[[price]]
flavour = "ascend-910b"
unit = "card_hour"
yuan = "8"
"""
    sent = {"file": ("list.toml", text)}
    stranger = signed("pool_operator", org="p2").post("/prices", files=sent)
    assert (stranger.status_code, len(prices.prices(shop.store))) == (404, 2)
    own = signed("pool_operator", org="p1").post("/prices", files=sent, follow_redirects=False)
    assert (own.status_code, len(prices.prices(shop.store))) == (303, 3)
    bad = signed("pool_operator", org="p1").post("/prices", files={"file": ("a.toml", b"x = [")})
    assert bad.status_code == 422
    assert "QH561" in bad.text


# What is done


def test_a_claim_goes_through_three_hands(shop, signed):
    """27.00 are claimed, reviewed, paid; 7.50 are taken back by the audit."""
    owner = signed("scenario_owner", org="o1")
    refused = owner.post("/vouchers/1/claim", data=FORM | {"evidence": "invoice"})
    assert refused.status_code == 422
    assert "QH574" in refused.text
    stranger = signed("scenario_owner", org="o2").post("/vouchers/1/claim", data=FORM)
    assert stranger.status_code == 404
    filed = owner.post("/vouchers/1/claim", data=FORM, follow_redirects=False)
    assert filed.status_code == 303
    assert "27.00" in amounts(owner.get("/vouchers/claims").text)
    a, b, c = (signed("programme_office") for _ in range(3))
    assert "27.00" in amounts(a.get("/settlement").text)
    assert a.post("/settlement/gather/plain").url.path == "/settlement/batches/1"
    page = a.get("/settlement/batches/1").text
    assert "完成审核" in page
    a.post("/settlement/batches/1/review", data={})
    assert "完成审核" not in a.get("/settlement/batches/1").text
    twice = a.post("/settlement/batches/1/pay", data={})
    assert twice.status_code == 403
    assert "QH578" in twice.text
    assert "确认拨付" not in a.get("/settlement/batches/1").text
    assert b.post("/settlement/batches/1/pay", data={}).status_code == 200
    c.post("/settlement/batches/1/audit", data={"claw.1": "7.5", "why.1": "未使用"})
    done = c.get("/settlement/batches/1").text
    assert {"27.00", "7.50"} <= amounts(done)
    assert "未使用" in done
    assert owner.get("/settlement/batches/1").status_code == 403


def test_the_office_grants_a_voucher_once_however_often_the_form_is_sent(shop, signed):
    office = signed("programme_office")
    sent = FORM | {
        "programme": "plain", "applicant.id": "o1", "contract.id": "c9", "yuan": "500", "key": "k",
    }  # fmt: skip
    assert office.get("/vouchers/grant").status_code == 200
    for _ in range(2):
        answer = office.post("/vouchers/grant", data=sent, follow_redirects=False)
        assert answer.headers["location"] == "/vouchers/3"
    assert len(grants.grants(shop.store, entity="o1")) == 2
    for field, value in (
        ("supplier.id", "a b"), ("contract.yuan", "1e99"), ("contract.signed", "soon"),
        ("programme", "none"), ("yuan", "1.005"), ("applicant.kind", "king"),
    ):  # fmt: skip
        wrong = office.post("/vouchers/grant", data=sent | {field: value, "key": ""})
        assert wrong.status_code in (404, 422), field
        assert "QH5" in wrong.text


def test_a_month_is_issued_settled_and_paid(shop, signed):
    office, chief = signed("programme_office"), signed("administrator", org="o1")
    assert office.post("/settlement/months/2026-03/issue").status_code == 200
    page = office.get("/settlement/months/2026-03").text
    assert {"80.32"} <= amounts(page)
    assert office.post("/settlement/months/2026-03/settle").status_code == 200
    assert "已结算" in office.get("/settlement").text
    short = chief.post("/bills/org/o1/2026-03/pay")
    assert (short.status_code, "QH550" in short.text) == (409, True)
    sent = {"yuan": "100", "reference": "GH1"}
    assert office.post("/bills/org/o1/wallet", data=sent).status_code == 200
    assert chief.post("/bills/org/o1/2026-03/pay").status_code == 200
    assert "10.76" in amounts(chief.get("/bills/org/o1").text)
    assert signed("viewer", org="o1").post("/bills/org/o1/2026-03/pay").status_code == 403


def test_what_is_no_month_or_page_is_said_so(shop, signed):
    office = signed("programme_office", "administrator")
    for path, status in (
        ("/bills/org/o1/2026-13", 422), ("/bills/org/o1/x", 422), ("/bills/planet/o1", 404),
        ("/settlement/months/x", 422), ("/settlement/batches/9", 404), ("/vouchers/x", 404),
        ("/vouchers/programmes/none", 404), ("/bills?page=9999999&month=zz", 200),
    ):  # fmt: skip
        assert office.get(path).status_code == status, path
