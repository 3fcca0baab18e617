"""Jobs admitted with quote and voucher: held once, captured by use, free again when over."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from qianhang.billing import charges, ledger, prices
from qianhang.billing import schema as billing
from qianhang.billing.prices import Band, Price
from qianhang.billing.vouchers import (
    Act,
    Applicant,
    Contract,
    Facts,
    Supplier,
    funds,
    grants,
    holds,
    invariants,
    tables,
)
from qianhang.compute import schema
from qianhang.compute.applications import tables as application_tables
from qianhang.compute.door import attempts, jobs, plant, quotes, taskfile
from qianhang.compute.door.jobs import Asked, Work
from qianhang.compute.job import Job, Want
from qianhang.compute.network import Network, Operator, Pool, PueReading, Stock
from qianhang.compute.policy import Params, Queue, Start, View
from qianhang.compute.task import Outcome, Usage
from qianhang.core.errors import UsageError
from qianhang.core.manifest import Words
from qianhang.runs import metering
from qianhang.runs.admission import admit
from qianhang.runs.pricing import live, tariff
from qianhang.runs.quoting import quote
from qianhang.store import Settings, Store

from .conftest import DEDUCTED

NOW = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)  # 10:00 in China
PARTS = (billing.PART, tables.PART, schema.PART, application_tables.PART)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("empty")
    Store.open(Settings(home=folder), parts=PARTS).close()
    return folder


@pytest.fixture
def store(tmp_path, empty):
    """Operators a and b with a pool each of 16 A100, up; a's chip-hour costs 10 yuan by billing."""
    shutil.copytree(empty, tmp_path, dirs_exist_ok=True)
    with Store.open(Settings(home=tmp_path), parts=PARTS) as found:
        pue = PueReading(1.25, "meter")
        pools = tuple(
            Pool(f"p-{one}", one, (Stock("nvidia-a100", 2, 8, 2000),), pue=pue) for one in "ab"
        )
        operators = tuple(Operator(one, Words(one, one)) for one in "ab")
        plant.add(found, Network(pools, operators), by="t", at=NOW)
        with found.write() as tx:
            tx.execute(sa.update(schema.pool).values(health="up"))
            prices.publish(tx, [listed("a", 10)], at=NOW)
        yield found


def listed(operator, yuan, **more):
    given = {
        "since": datetime(2026, 1, 1, tzinfo=UTC), "version": "1", "number": 1,
        "unit": "card_hour", "flavour": "nvidia-a100",
    } | more  # fmt: skip
    return Price(
        operator=operator, category="compute", yuan=Decimal(yuan), list_yuan=Decimal(yuan), **given
    )


def granted(store, fen=100_000, supplier="a"):
    facts = Facts(
        Applicant("city", "x", "enterprise", "small"), Supplier(supplier),
        Contract("c1", date(2026, 1, 1), 10_000_00, paid_fen=10_000_00, months=12), NOW.date(),
        use="training",
    )  # fmt: skip
    act = (Act("clerk", NOW, f"{supplier}{n}") for n in range(9))
    with store.write() as tx:
        funds.install(tx, DEDUCTED, act=next(act))
        funds.appropriate(tx, "plain", year=2026, fen=fen, act=next(act))
        return grants.grant(tx, "plain", facts=facts, fen=fen, act=next(act))


def asked(**more):
    """Four chips for an hour: 40 yuan on a's pool."""
    given = {"want": Want(4), "submitted": 0.0, "estimate_s": 3600.0, **more}
    return Asked(Job(jobs.new_id(), "city", **given), Work("true"))


def placed(store, job, pool, *, hours=1.0):
    """The job has run on the pool for so long, and is over."""
    found = jobs.get(store, job).job
    view = View(Network(tuple(one.pool for one in plant.pools(store))), Params())
    ways = view.klass(found, Queue(Params())).options
    option = next(way for way in ways if way.rack.pool.id == pool)
    start = Start(job, option, 3600.0, 0.0, found.want)
    with store.write() as tx:
        made = attempts.begin(tx, start, others={}, at=NOW)
    began = NOW + timedelta(minutes=1)
    with store.write() as tx:
        attempts.mark(tx, made, "running", ref="r", at=began.isoformat(timespec="milliseconds"))
    (live_one,) = attempts.live(store)
    outcome = Outcome("finished", 0, usage=Usage(wall_s=hours * 3600))
    with store.write() as tx:
        attempts.close(tx, live_one, outcome, at=began + timedelta(hours=hours))


def left(store):
    return grants.grants(store, entity="city")[0]["left"]


LATER = NOW + timedelta(hours=9)


def test_a_quote_has_billings_price_and_what_the_voucher_bears(store):
    """a: 4 x 1 h x 10 yuan, 30% of it borne; b: no price there, its own list says 20 yuan."""
    granted(store)
    one = asked().job
    found = quote(store, one, NOW)
    assert [(w.pool, str(w.yuan), str(w.yuan_after), w.fare.source) for w in found.ways] == [
        ("p-a", "40.00", "28.00", "billing"), ("p-b", "80.00", "80.00", "listed"),
    ]  # fmt: skip
    assert left(store) == 100_000


def test_a_quote_over_the_turn_of_an_hour_band_costs_what_will_be_charged(store):
    """From 10:00:05 an hour at 10 yuan, but 2 yuan from 10:30: 1,795 s and 1,805 s of 4 chips."""
    bands = (Band("10:30", "12:00", Decimal(2)),)
    with store.write() as tx:
        prices.publish(tx, [listed("b", 10, bands=bands)], at=NOW)
    way = next(w for w in quote(store, asked().job, NOW).ways if w.pool == "p-b")
    exact = Decimal(4) * (Decimal(1795) * 10 + Decimal(1805) * 2) / 3600
    assert way.yuan == exact.quantize(Decimal("0.01"))
    now = live(store, NOW)
    assert now.chip_hour["p-b", "nvidia-a100"] == 1000
    assert now.least["p-b", "nvidia-a100"] == 200
    assert live(store, NOW + timedelta(hours=1)).chip_hour["p-b", "nvidia-a100"] == 200


def test_an_admitted_job_holds_its_voucher_and_uses_it(store):
    """Held: 30% of 40 yuan. Used: 45 minutes, 30 yuan, of which 9 are borne and 3 free again."""
    granted(store)
    (made,) = admit(store, [asked()], NOW)
    assert made.new
    assert quotes.of(store, made.job) == made.quote
    (held,) = holds.holds(store, job=made.job)
    assert (held["id"], held["fen"], left(store)) == (made.hold, 1200, 98_800)
    share = live(store, NOW)
    assert share.voucher["city", "p-a"] == 0.3
    assert share.worth["city", "p-a"] == 98_304  # 100,000 less what its two binary digits leave
    assert ("city", "p-b") not in share.voucher
    placed(store, made.job, "p-a", hours=0.75)
    assert metering.meter(store, LATER) == {}
    (held,) = holds.holds(store, job=made.job)
    assert (held["state"], held["captured"], held["released"]) == ("closed", 900, 300)
    assert ledger.balance(store, charges.owed("city")) == 3000 - 900
    assert left(store) == 100_000 - 900
    assert invariants.check(store) == []


def test_the_same_key_holds_once(store):
    granted(store)
    one = asked(key="k")
    (made,) = admit(store, [one], NOW)
    (again,) = admit(store, [replace(one, job=replace(one.job, id="other"))], NOW)
    assert (again.job, again.new) == (made.job, False)
    assert len(holds.holds(store)) == 1


def test_a_job_that_runs_at_another_operator_uses_no_voucher_of_the_first(store):
    """b has no voucher: what was held for a is free again, and b's 40 yuan are owed whole."""
    granted(store)
    with store.write() as tx:
        prices.publish(tx, [listed("b", 10)], at=NOW)
    (made,) = admit(store, [asked()], NOW)
    placed(store, made.job, "p-b")
    metering.meter(store, LATER)
    assert [h["state"] for h in holds.holds(store, job=made.job)] == ["closed"]
    assert ledger.balance(store, charges.owed("city")) == 4000
    assert left(store) == 100_000
    assert invariants.check(store) == []


def test_a_cancelled_job_gives_its_hold_back(store):
    granted(store)
    (made,) = admit(store, [asked()], NOW)
    jobs.cancel(store, made.job, by="t", at=NOW)
    assert metering.tidy(store, NOW) == ([], [])  # it is not over before somebody drops it
    with store.write() as tx:
        jobs.drop(tx, made.job, at=NOW)
    metering.meter(store, NOW)
    metering.meter(store, NOW)
    assert left(store) == 100_000
    assert [h["state"] for h in holds.holds(store)] == ["closed"]


def test_a_hold_that_outlives_its_grant_goes_back_to_the_fund(store):
    """Three months on the grant lapses with 88 of its 100 yuan; the job's 12 follow it."""
    granted(store, fen=10_000)
    (made,) = admit(store, [asked()], NOW)
    after = NOW + timedelta(days=100)
    assert metering.tidy(store, after) == ([], [1])
    with store.write() as tx:
        jobs.refuse(tx, made.job, {}, at=after)
    assert metering.tidy(store, after) == ([made.hold], [])
    (fund,) = funds.funds(store)
    assert fund.free_fen == fund.fen == 10_000
    assert invariants.check(store) == []


def test_a_job_without_a_pool_a_price_or_a_voucher_is_admitted_all_the_same(store, empty, tmp_path):
    (made,) = admit(store, [asked()], NOW)
    assert (made.new, made.hold, len(made.quote.ways)) == (True, 0, 2)
    with Store.open(
        Settings(home=shutil.copytree(empty, tmp_path / "bare")), parts=PARTS
    ) as bare_store:
        (bare,) = admit(bare_store, [asked()], NOW)
    assert (bare.new, bare.hold, bare.quote) == (True, 0, None)


def test_purses_of_other_organisations_pay_nothing(store):
    granted(store)
    one = replace(asked().job, org="town")
    assert all(way.fare.voucher_fen == 0 for way in quote(store, one, NOW).ways)
    assert tariff(store, NOW, orgs=("town",)).policy().voucher == {}


_CHILD = """
import sys
from datetime import datetime
from pathlib import Path
from qianhang.billing import schema as billing
from qianhang.billing.vouchers import tables
from qianhang.compute import schema
from qianhang.compute.door.jobs import Asked, Work, new_id
from qianhang.compute.job import Job, Want
from qianhang.runs.admission import admit
from qianhang.store import Settings, Store
now = datetime.fromisoformat(sys.argv[2])
with Store.open(Settings(home=Path(sys.argv[1])),
                parts=(billing.PART, tables.PART, schema.PART)) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(6):
        job = Job(new_id(), "city", Want(4), submitted=0.0, estimate_s=3600.0)
        admit(store, [Asked(job, Work("true"))], now)
"""


def test_two_processes_hold_no_more_than_the_grant_has(store, tmp_path):
    """Twelve jobs want 12 yuan each of a grant of 50: four are held whole, the fifth gets 2."""
    granted(store, fen=5000)
    command = [sys.executable, "-c", _CHILD, str(tmp_path), NOW.isoformat()]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    children = [subprocess.Popen(command, **pipes) for _ in range(2)]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    assert [child.wait(timeout=120) for child in children] == [0, 0]
    for child in children:
        child.stdin.close()
        child.stdout.close()
    assert sorted(one["fen"] for one in holds.holds(store)) == [200, 1200, 1200, 1200, 1200]
    assert left(store) == 0
    assert len(jobs.listed(store, limit=99)) == 12
    assert invariants.check(store) == []


def test_a_task_is_admitted_whole_or_not_at_all(store):
    """The third of three jobs has the key of another job."""

    def asked(text):
        return taskfile.read_text(text, name="t", org="city")

    admit(store, asked("run: b"), NOW, key="k.2")
    with pytest.raises(UsageError, match="QH594"):
        admit(store, asked("run: a\narray: 3"), NOW, key="k")
    assert len(jobs.listed(store)) == 1
    made, again = (
        admit(store, asked("run: a\narray: 3"), NOW, key="m", project="p") for _ in range(2)
    )
    assert [one.new for one in made + again] == [True] * 3 + [False] * 3
    assert [one.job for one in made] == [one.job for one in again]
    assert {one.job.project for one in jobs.listed(store)} == {"", "p"}
