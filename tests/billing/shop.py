"""Records and prices that the tests of billing share; amounts are chosen to be worked out by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from qianhang.billing import charges, metering, prices
from qianhang.billing.prices import Price
from qianhang.billing.usage import Proof, UsageRecord

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in China
PROVEN = Proof("guard file", "sacct End")


def hours(count):
    return timedelta(hours=count)


def usage(attempt="a1", start=START, end=None, **facts):
    """One hour of eight cards of one flavour, unless told otherwise."""
    said = {
        "job": f"job-{attempt}", "attempt": attempt, "org": "o1", "project": "heat",
        "scenario": "energy.load", "operator": "p1", "pool": "pool-a", "flavour": "ascend910b",
        "task": "train", "start": start, "end": end or start + hours(1), "proof": PROVEN,
        "cards": 8, "tflops": 313,
    }  # fmt: skip
    return UsageRecord(**said | facts)


def price(yuan="10", number=1, version="1", **facts):
    said = {
        "operator": "p1", "flavour": "ascend910b", "unit": "card_hour", "category": "compute",
        "yuan": Decimal(yuan), "list_yuan": Decimal(yuan), "version": version, "number": number,
        "since": datetime(2026, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    return Price(**said | facts)


def publish(store, *every, at=START):
    with store.write() as tx:
        prices.publish(tx, every, at=at)


def keep(store, *every, at=None):
    for one in every:
        with store.write() as tx:
            metering.record(tx, one, at=at or one.end)


def charge(store, *every, at=None):
    """Record and charge each, in transactions of their own; the lines of the last."""
    keep(store, *every, at=at)
    for one in every:
        with store.write() as tx:
            found = charges.charge(tx, one.id, at=at or one.end)
    return found
