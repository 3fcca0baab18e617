"""A store with vouchers, and a case that a programme of these tests allows."""

import itertools
import shutil
from datetime import UTC, date, datetime

import pytest

from qianhang.billing import schema
from qianhang.billing.vouchers import (
    Act,
    Applicant,
    Bill,
    Contract,
    Facts,
    Line,
    Supplier,
    funds,
    tables,
)
from qianhang.store import Settings, Store

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
PARTS = (schema.PART, tables.PART)
# 30% of use, 1,000 yuan a year for an applicant, 2,000 for all, three months.
PLAIN = """
id = "plain"
kind = "compute"
issuer = "x"
region = "x"
name = { zh = "平", en = "plain" }
source = [{ document = "d", url = "u", read = "full", states = [
  "fund.per_year_cny", "entity.per_year_cny", "ratio.tiers", "ratio.base", "validity.months",
  "claim.evidence", "settlement.payout"] }]
fund = { per_year_cny = 2000 }
entity = { per_year_cny = 1000 }
ratio = { base = "used", tiers = [{ percent = 30 }] }
validity = { months = 3 }
claim = { evidence = ["contract"] }
settlement = { payout = "reimbursed" }
"""


@pytest.fixture
def now():
    return NOW


@pytest.fixture(scope="session")
def empty_vouchers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vouchers")
    Store.open(Settings(home=folder), parts=PARTS).close()
    return folder


@pytest.fixture
def parts():
    return PARTS


@pytest.fixture
def settings(tmp_path, empty_vouchers):
    return Settings(home=shutil.copytree(empty_vouchers, tmp_path / "home"))


@pytest.fixture
def store(settings):
    with Store.open(settings, parts=PARTS) as opened:
        yield opened


@pytest.fixture
def act():
    """act(by, key) with keys of its own and the tests' moment."""
    number = itertools.count(1)
    return lambda by="clerk", key="", at=NOW: Act(by, at, key or f"k{next(number)}")


@pytest.fixture
def plain(store, act):
    """The store with the plain programme and all the money that it may have."""
    start(store, act)
    return store


def start(store, act):
    with store.write() as tx:
        funds.install(tx, PLAIN, act=act())
        funds.appropriate(tx, "plain", year=2026, fen=200_000, act=act())


def case(contract="c1", fen=1_000_000, **changes):
    """Facts that the plain programme allows; `related`, `supplier`, `entity` by name."""
    who = Applicant(
        changes.pop("entity", "e1"), "x", "enterprise", "small", changes.pop("related", ())
    )
    deal = Contract(contract, date(2026, 1, 1), fen, paid_fen=fen, months=12)
    given = {"evidence": ("contract",), "use": "training"} | changes
    supplier = given.pop("supplier", Supplier("s1"))
    return Facts(who, supplier, deal, NOW.date(), **given)


def bill(fen, charge="compute"):
    return Bill((Line(charge, fen),))
