"""What the console's pages of money show: a price, a month of use, a voucher, a batch of claims."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

PROGRAMME = """
id = "plain"
kind = "compute"
issuer = "某市数据局"
region = "杭州市"
name = { zh = "算力券", en = "Voucher" }
source = [{ document = "办法", url = "https://example.org/d", read = "full", states = [
  "fund.per_year_cny", "ratio.tiers", "ratio.base", "claim.evidence", "settlement.payout"] }]
fund = { per_year_cny = 1000000 }
ratio = { base = "used", tiers = [{ percent = 30 }] }
claim = { evidence = ["contract"] }
settlement = { payout = "reimbursed" }
"""
START = datetime(2026, 3, 2, 2, tzinfo=UTC)
# Two jobs that fill a pool of eight chips, one after the other.
POOLS = b"""[[pools]]
id = "a"
operator = "x"
stock = [{ flavour = "nvidia-v100", nodes = 1, chips_per_node = 8, price_fen = 1000 }]
"""
LOG = b"job,submit_s,run_s,procs,req_time_s,user,group\n1,0,3600,8,3600,1,1\n2,0,3600,8,3600,1,1\n"
STUDY = {
    "title": "多一个池", "more": "1", "flavour": "nvidia-v100", "nodes": "1", "chips_per_node": "8",
    "first": "10",
}  # fmt: skip
KNOWN = {
    "attempt": "a-1", "epoch": "0", "sequence": "0", "of": "2026-03", "month": "2026-03",
    "number": "1",
}  # fmt: skip


def earn(store):
    """A listed price, an hour of eight cards at it, a voucher of 1,000 yuan that bore 27 of it, and
    the claim for that in a batch."""
    from qianhang.billing import charges, metering, prices
    from qianhang.billing.prices import Band, Price
    from qianhang.billing.usage import Proof, UsageRecord

    price = Price(
        operator="op", flavour="ascend-910b", unit="card_hour", category="compute",
        yuan=Decimal("9.99"), list_yuan=Decimal("12"), since=datetime(2026, 1, 1, tzinfo=UTC),
        bands=(Band("00:00", "06:00", Decimal("5.5")),), version="1", number=1, fee=Decimal("0.1"),
    )  # fmt: skip
    used = UsageRecord(
        job="j-1", attempt="a-1", org="root", scenario="energy.load_forecast", operator="op",
        pool="here", flavour="ascend-910b", start=START, end=START + timedelta(hours=1), cards=8,
        tflops=313, proof=Proof("guard", "sacct"),
    )  # fmt: skip
    with store.write() as tx:
        prices.publish(tx, [price], at=START - timedelta(days=9))
    with store.write() as tx:
        charges.charge(tx, metering.record(tx, used, at=used.end), at=used.end)
    with store.write() as tx:
        _vouchers(tx)


def _vouchers(tx):
    from qianhang.billing.vouchers import (
        Act,
        Applicant,
        Bill,
        Contract,
        Facts,
        Line,
        Supplier,
        batches,
        claims,
        funds,
        grants,
        holds,
    )  # fmt: skip

    def act(key):
        return Act("clerk", START, key)

    deal = Contract("c1", date(2026, 1, 1), 1_000_000)
    facts = Facts(Applicant("root"), Supplier("op"), deal, START.date(), evidence=("contract",))
    funds.install(tx, PROGRAMME, act=act("f1"))
    funds.appropriate(tx, "plain", year=2026, fen=10_000_000, act=act("f2"))
    made = grants.grant(tx, "plain", facts=facts, fen=100_000, act=act("g"))
    held = holds.hold(tx, made, facts=facts, bill=Bill((Line("compute", 20_000),)), act=act("h"))
    holds.capture(tx, held, bill=Bill((Line("compute", 9000),)), act=act("c"))
    claims.claim(tx, "plain", facts=facts, act=act("cl"))
    batches.gather(tx, "plain", act=act("b"))


def study(reader):
    """The id of a study that somebody asked for by the form, once it has ended."""
    sent = {
        "trace": {"name": "log.csv", "mimeType": "text/csv", "buffer": LOG},
        "pools": {"name": "p.toml", "mimeType": "text/plain", "buffer": POOLS},
    }
    answer = reader.context.request.post(
        "/whatif", multipart=STUDY | sent, headers={"Sec-Fetch-Site": "same-origin"},
        max_redirects=0,
    )  # fmt: skip
    assert answer.status == 303, answer.text()
    where = answer.headers["location"]
    reader.open(where)
    reader.page.locator(f'a[href="{where}/figures.csv"]').wait_for(timeout=120_000)
    return where.rsplit("/", 1)[1]
