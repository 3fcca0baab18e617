"""A home whose compute network is in use: pools, 100,000 jobs, as many lines of bills, vouchers.

Rows are copies of one that the service itself wrote, with other names and times.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import sqlalchemy as sa

from qianhang.access import organisations
from qianhang.billing import charges, metering, prices
from qianhang.billing import schema as billing
from qianhang.billing.prices import Price
from qianhang.billing.usage import Proof, UsageRecord
from qianhang.billing.vouchers import Act, Applicant, Contract, Facts, Supplier, funds, grants
from qianhang.billing.vouchers import tables as vouchers
from qianhang.compute import schema
from qianhang.compute.door import jobs, plant
from qianhang.compute.door.moments import stamp
from qianhang.compute.job import Job, Want
from qianhang.compute.network import Network, Operator, Pool, Stock
from qianhang.compute.policy import Placement
from qianhang.compute.task import Outcome, Usage
from qianhang.core.manifest import Words
from qianhang.store import Store, Transaction

__all__ = ["GRANT", "JOB", "RUNNING", "fill"]

ORGS, POOLS = 20, 11
COUNT = 100_000  # jobs, and lines of bills
WAIT, RUN = 200, 60  # of the jobs the newest, and those before them
GRANTS = 2000
JOB, RUNNING, GRANT = "j-ended", "j-running", 1
START = datetime(2026, 3, 2, 2, tzinfo=UTC)
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_CITIES = ("杭州市", "北京市", "上海市", "贵阳市", "成都市", "武汉市", "深圳市", "西安市", "南京市")
_PROGRAMME = """
id = "plain"
kind = "compute"
issuer = "x"
region = "x"
name = { zh = "算力券", en = "Voucher" }
source = [{ document = "d", url = "u", read = "full", states = [
  "fund.per_year_cny", "ratio.tiers", "ratio.base", "claim.evidence", "settlement.payout"] }]
fund = { per_year_cny = 1000000000 }
ratio = { base = "used", tiers = [{ percent = 30 }] }
claim = { evidence = ["contract"] }
settlement = { payout = "reimbursed" }
"""


def fill(store: Store) -> None:
    """The network in the store."""
    with store.write() as tx:
        for number in range(ORGS):
            organisations.add_organisation(
                tx, f"第{number}区", kind="county", by="bench", at=START, org=_org(number)
            )
    _pools(store)
    _jobs(store)
    _bills(store)
    _grants(store)


def _org(number: int) -> str:
    return f"o{number % ORGS:02d}"


def _pools(store: Store) -> None:
    names = [f"pool-{n:02d}" for n in range(POOLS)]
    stock = (Stock("ascend-910b", 16, 8, 1200), Stock("nvidia-v100", 4, 8, 900))
    pools = tuple(
        Pool(name, "op", stock, Words(f"{name} 池", name), _CITIES[n % len(_CITIES)])
        for n, name in enumerate(names)
    )
    operator = Operator("op", Words("甲算力公司", "A"))
    engines = {name: {"folder": f"/tmp/{name}", "threads": 4} for name in names}
    plant.add(store, Network(pools, (operator,), engines=engines), by="bench", at=START)
    fresh = {"health": "up", "seen": stamp(START), "silent": "", "clock_s": 0.1}
    with store.write() as tx:
        tx.execute(sa.update(schema.pool).values(**fresh))


def _jobs(store: Store) -> None:
    """Jobs a minute apart: the newest wait, those before them run, the others have ended."""
    job = Job(id="j-first", submitted=0.0, org="o00", want=Want(8), estimate_s=3600.0)
    with store.write() as tx:
        jobs.admit(tx, jobs.Asked(job, jobs.Work("echo")), at=_BEGAN)
        row = dict(tx.execute(sa.select(schema.job)).mappings().one())
        tx.execute(sa.update(schema.job).values(state="cancelled", ended=stamp(_BEGAN)))
        _copy(tx, schema.job, row, map(_job, range(COUNT)))
        _copy(tx, schema.attempt, {}, map(_attempt, range(COUNT - WAIT)))


def _state(n: int) -> str:
    if n < COUNT - WAIT - RUN:
        return "finished"
    return "running" if n < COUNT - WAIT else "queued"


def _name(n: int) -> str:
    """The newest that runs, and one that has ended, are those that the bench asks for."""
    return {COUNT - WAIT - 1: RUNNING, COUNT // 2: JOB}.get(n, f"j{n:012x}")


def _job(n: int) -> Mapping[str, Any]:
    state, at = _state(n), _BEGAN + timedelta(minutes=n)
    why = {"pool": f"pool-{n % POOLS:02d}", "cost": {"price": 9600}, "others": {}}
    begun = state != "queued"
    return {
        "id": _name(n), "org": _org(n), "project": f"课题{n % 7}", "name": f"训练 {n}",
        "key": f"k{n}", "state": state, "epoch": int(begun), "submitted": stamp(at),
        "started": stamp(at + timedelta(minutes=5)) if begun else "",
        "ended": stamp(at + timedelta(minutes=65)) if state == "finished" else "",
        "reason": "finished" if state == "finished" else "",
        "why": json.dumps(why) if begun else "{}",
    }  # fmt: skip


def _attempt(n: int) -> Mapping[str, Any]:
    at, job, over = _BEGAN + timedelta(minutes=n), _name(n), _state(n) == "finished"
    pool, flavour = f"pool-{n % POOLS:02d}", "ascend-910b"
    outcome = asdict(Outcome("finished", 0, usage=Usage(3600.0, 20_000.0, 900.0, 3)))
    return {
        "token": f"{job}.1", "job": job, "epoch": 1, "pool": pool, "flavour": flavour,
        "placement": json.dumps(Placement(pool, flavour, 1, 8)._asdict()),
        "cost": json.dumps({"price": 9600}), "state": "ended" if over else "running",
        "ref": f"r{n}", "made": stamp(at), "started": stamp(at + timedelta(minutes=5)),
        "leaving": "", "ended": stamp(at + timedelta(minutes=65)) if over else "",
        "outcome": json.dumps(outcome) if over else "", "metered": over,
    }  # fmt: skip


def _bills(store: Store) -> None:
    """Lines over a year, organisations and pools; one of a real charge is what they copy."""
    price = Price(
        operator="op", flavour="ascend-910b", unit="card_hour", category="compute",
        yuan=Decimal("9.99"), list_yuan=Decimal(12), since=_BEGAN, version="1", number=1,
        bands=(), fee=Decimal("0.1"),
    )  # fmt: skip
    used = UsageRecord(
        job=JOB, attempt=f"{JOB}.1", org="o00", scenario="energy.load_forecast", operator="op",
        pool="pool-00", flavour="ascend-910b", start=START, end=START + timedelta(hours=1),
        cards=8, tflops=313, proof=Proof("guard", "sacct"),
    )  # fmt: skip
    with store.write() as tx:
        prices.publish(tx, [price], at=_BEGAN)
        charges.charge(tx, metering.record(tx, used, at=used.end), at=used.end)
        row = dict(tx.execute(sa.select(billing.line)).mappings().one())
        months = [f"2026-{n:02d}" for n in range(1, 13)]
        _copy(tx, billing.line, row, (
            {"id": f"copy {n}", "usage": f"u{n}", "org": _org(n), "month": months[n % 12],
             "own_month": months[n % 12], "pool": f"pool-{n % POOLS:02d}"}
            for n in range(COUNT)
        ))  # fmt: skip


def _grants(store: Store) -> None:
    deal = Contract("c-first", date(2026, 1, 1), 1_000_000)
    facts = Facts(Applicant("o00"), Supplier("op"), deal, START.date(), evidence=("contract",))
    with store.write() as tx:
        funds.install(tx, _PROGRAMME, act=Act("bench", START, "f1"))
        funds.appropriate(tx, "plain", year=2026, fen=10**10, act=Act("bench", START, "f2"))
        number = grants.grant(tx, "plain", facts=facts, fen=100_000, act=Act("bench", START, "g"))
        row = dict(tx.execute(sa.select(vouchers.grant)).mappings().one())
        others = range(number + 1, number + GRANTS)
        _copy(tx, vouchers.grant, row, (
            {"id": n, "entity": _org(n), "contract": f"c{n}"} for n in others
        ))  # fmt: skip
        held = ({"account": grants.grant_account(n), "fen": 1000 * (n % 90)} for n in others)
        _copy(tx, billing.account, {}, held)


def _copy(
    tx: Transaction, table: sa.Table, row: Mapping[str, Any], every: Iterable[Mapping[str, Any]]
) -> None:
    """The row, once for each set of changes to it."""
    rest = iter(every)
    while some := [{**row, **changes} for changes in islice(rest, 5000)]:
        tx.execute(sa.insert(table), some)
