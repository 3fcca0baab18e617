"""Ended attempts become usage, charges and used vouchers, each once."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from qianhang.billing import charges, ledger, prices
from qianhang.billing import schema as billing
from qianhang.billing.metering import records
from qianhang.billing.prices import Price
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
    tables,
)
from qianhang.compute import schema
from qianhang.compute.door import jobs, plant
from qianhang.compute.job import Job, Want
from qianhang.compute.network import Network, Operator, Pool, PueReading, Stock
from qianhang.compute.task import Outcome, Usage
from qianhang.core.manifest import Words
from qianhang.runs import metering
from qianhang.runs.metering import meter
from qianhang.store import Settings, Store

from .conftest import DEDUCTED

NOW = datetime(2026, 5, 2, tzinfo=UTC)
START = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)  # 10:00 in China


@pytest.fixture
def store(tmp_path):
    parts = (billing.PART, tables.PART, schema.PART)
    with Store.open(Settings(home=tmp_path), parts=parts) as found:
        pool = Pool("p1", "op", (Stock("nvidia-a100", 1, 8),), pue=PueReading(1.25, "meter"),
                    grid_g_kwh=500.0)  # fmt: skip
        plant.add(found, Network((pool,), (Operator("op", Words("甲", "A")),)), by="t", at=START)
        yield found


def priced(store, yuan=10, since=datetime(2026, 1, 1, tzinfo=UTC), version="1"):
    price = Price(
        operator="op", flavour="nvidia-a100", unit="card_hour", category="compute",
        yuan=Decimal(yuan), list_yuan=Decimal(yuan), since=since, version=version, number=1,
    )  # fmt: skip
    with store.write() as tx:
        prices.publish(tx, [price], at=START)


def ended(store, *, hours=1.0, reason="finished", epoch=1, state="finished", job="",
          seen_hours=None):  # fmt: skip
    """A job whose attempt on four chips ended after so long, and was seen for so long."""
    outcome = Outcome(reason, 0, None, Usage(wall_s=hours * 3600))
    place = {"pool": "p1", "flavour": "nvidia-a100", "replicas": 1, "chips": 4, "rack": 0}
    asked = Job(jobs.new_id(), "city", Want(4), submitted=0.0, estimate_s=60, project="heat")
    with store.write() as tx:
        name = job or jobs.admit(tx, jobs.Asked(asked, jobs.Work("a")), at=START)[0]
        values = {"state": state, "epoch": epoch}
        tx.execute(sa.update(schema.job).where(schema.job.c.id == name).values(values))
        begun = (START + timedelta(hours=5 * (epoch - 1))).isoformat(timespec="milliseconds")
        seen = timedelta(hours=hours if seen_hours is None else seen_hours)
        over = (datetime.fromisoformat(begun) + seen).isoformat(timespec="milliseconds")
        row = {c.name: "" for c in schema.attempt.columns} | {
            "token": f"{name}.{epoch}", "job": name, "epoch": epoch, "pool": "p1",
            "flavour": "nvidia-a100", "placement": json.dumps(place), "cost": "{}",
            "state": "ended", "made": begun, "started": begun, "ended": over,
            "outcome": json.dumps(asdict(outcome)), "metered": False,
        }  # fmt: skip
        tx.execute(sa.insert(schema.attempt).values(row))
    return name


def held_for(store, job, fen):
    facts = Facts(
        Applicant("city", "x", "enterprise", "small"), Supplier("op"),
        Contract("c1", date(2026, 1, 1), 10_000_00, paid_fen=10_000_00, months=12), START.date(),
        use="training",
    )  # fmt: skip
    act = (Act("clerk", START, f"k{n}") for n in range(9))
    with store.write() as tx:
        funds.install(tx, DEDUCTED, act=next(act))
        funds.appropriate(tx, "plain", year=2026, fen=200_000, act=next(act))
        granted = grants.grant(tx, "plain", facts=facts, fen=100_000, act=next(act))
        bill = Bill((Line("compute", fen),))
        return holds.hold(tx, granted, facts=facts, bill=bill, job=job, act=next(act))


def balances(store):
    return (
        ledger.balance(store, charges.owed("city")),
        ledger.balance(store, charges.payable("op")),
    )


def test_an_hour_of_four_chips_costs_forty_yuan_once(store):
    """4 x 1 h x 10 yuan; the energy is 4 cards of an A100's power over an hour, x PUE 1.25."""
    priced(store)
    name = ended(store)
    assert meter(store, NOW) == {}
    assert meter(store, NOW) == {}
    assert balances(store) == (4000, -4000)
    (record,) = records(store, job=name)
    assert (record.card_seconds, record.project) == (4 * 3600, "heat")
    assert record.energy.facility_kwh == record.energy.it_kwh * Decimal("1.25")
    assert record.energy.kg_co2 == record.energy.facility_kwh / 2
    assert not record.energy.measured


def test_without_a_price_nothing_is_charged_until_there_is_one(store):
    name = ended(store)
    assert list(meter(store, NOW)) == [f"{name}.1"]
    assert balances(store) == (0, 0)
    priced(store)
    assert meter(store, NOW) == {}
    assert balances(store) == (4000, -4000)


def test_what_has_no_price_does_not_stand_in_the_way_and_is_tried_again_a_few_at_a_time(
    store, monkeypatch
):
    """Of three without a price two are tried again at each call, and the new one is charged."""
    monkeypatch.setattr(metering, "_AT_ONCE", 3)
    monkeypatch.setattr(metering, "_AGAIN", 2)
    names = [ended(store) for _ in range(3)]
    failed = meter(store, NOW)
    assert set(failed) == {f"{name}.1" for name in names}
    priced(store)
    ended(store)
    failed = meter(store, NOW, before=failed)
    assert len(failed) == 1
    assert balances(store) == (3 * 4000, -3 * 4000)
    assert meter(store, NOW, before=failed) == {}
    assert balances(store) == (4 * 4000, -4 * 4000)
    assert ledger.check(store) == []


def test_a_price_that_changes_while_a_job_runs_holds_from_its_moment_on(store):
    """Four chips, half an hour at 10 yuan and half an hour at 20: 20 and 40 yuan."""
    priced(store)
    priced(store, 20, since=START + timedelta(minutes=30), version="2")
    ended(store)
    assert meter(store, NOW) == {}
    assert balances(store) == (6000, -6000)


def test_a_keeper_that_claims_more_than_the_door_saw_is_not_believed(store):
    """As one whose pool's clock jumped by a day: an hour was seen, and a second for each 1,000."""
    priced(store)
    name = ended(store, hours=25.0, seen_hours=1.0)
    assert meter(store, NOW) == {}
    (record,) = records(store, job=name)
    assert 3600.0 <= (record.end - record.start).total_seconds() <= 3605.0
    assert balances(store)[0] in range(4000, 4007)


def test_what_never_ran_costs_nothing(store):
    priced(store)
    ended(store, hours=0.0, reason="cancelled", state="cancelled")
    assert meter(store, NOW) == {}
    assert balances(store) == (0, 0)


def test_a_voucher_bears_its_share_and_the_rest_of_its_hold_is_free_again(store):
    """30% of 40 yuan is 12 yuan; held were 30% of 60, so 6 yuan go back to the grant."""
    priced(store)
    name = ended(store)
    number = held_for(store, name, 6000)
    meter(store, NOW)
    assert balances(store) == (2800, -2800)
    (hold,) = holds.holds(store, job=name)
    assert (hold["id"], hold["fen"], hold["captured"], hold["released"]) == (
        number,
        1800,
        1200,
        600,
    )
    assert hold["state"] == "closed"
    assert ledger.check(store) == []


def test_two_attempts_at_one_job_share_its_hold(store):
    """An hour each: 12 and 12 yuan of the 18 that were held; the second gets the last 6."""
    priced(store)
    name = ended(store, reason="lost", state="queued")
    held_for(store, name, 6000)
    meter(store, NOW)
    ended(store, epoch=2, job=name)
    meter(store, NOW)
    assert balances(store) == (8000 - 1800, -(8000 - 1800))
    assert [h["captured"] for h in holds.holds(store, job=name)] == [1800]


class Killed(BaseException):
    """The process died here."""


@pytest.mark.parametrize("behind", [False, True])
def test_a_death_at_the_commit_charges_once(store, monkeypatch, behind):
    priced(store)
    name = ended(store)
    held_for(store, name, 6000)
    write = Store.write

    @contextmanager
    def deadly(self):
        with write(self) as tx:
            yield tx
            if not behind:
                raise Killed
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", deadly)
        with pytest.raises(Killed):
            meter(store, NOW)
    meter(store, NOW)
    assert balances(store) == (2800, -2800)
    assert ledger.check(store) == []
