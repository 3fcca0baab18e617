"""What ended on the compute network, charged once: usage record, charge, vouchers, in one go.

The door tells which attempts ended and for how long their keepers say that they ran; billing knows
prices, vouchers and the ledger. Neither knows the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

import sqlalchemy as sa

from qianhang.billing import charges, metering
from qianhang.billing.charges import Credit
from qianhang.billing.lines import Line
from qianhang.billing.usage import Energy, Proof, UsageRecord
from qianhang.billing.vouchers import grants, holds, tables
from qianhang.billing.vouchers.deeds import Act
from qianhang.billing.vouchers.facts import Bill
from qianhang.billing.vouchers.facts import Line as Billed
from qianhang.billing.vouchers.purses import purses
from qianhang.compute import schema
from qianhang.compute.door import attempts, jobs, plant
from qianhang.compute.door.attempts import Attempt
from qianhang.compute.door.jobs import Kept
from qianhang.compute.flavour import find
from qianhang.compute.network import Pool
from qianhang.core.errors import BillingError
from qianhang.runs.admission import hold_for
from qianhang.store import Store, Transaction

__all__ = ["meter", "tidy", "usage_of"]

_BY = "metering"
_AT_ONCE, _AGAIN = 100, 20
_DRIFT, _DRIFT_S = 0.001, 1.0
_NONE: Mapping[str, BillingError] = MappingProxyType({})
_HOLD, _JOB, _TRY = tables.hold.c, schema.job.c, schema.attempt.c
# Open holds of jobs that are over and have nothing left to be charged.
_OVER = (
    sa.select(_HOLD.id)
    .join(schema.job, _JOB.id == _HOLD.job)
    .where(_HOLD.state == "open", _JOB.state.not_in(jobs.OPEN))
    .where(~sa.exists().where(_TRY.job == _HOLD.job, _TRY.state == "ended", ~_TRY.metered))
    .order_by(_HOLD.id)
)


def meter(
    store: Store, now: datetime, *, before: Mapping[str, BillingError] = _NONE
) -> dict[str, BillingError]:
    """Charge attempts that ended and were not charged yet; all that could not be, with why.

    At most 100 new ones, so that a call is short, and all in one transaction: a death on the way
    charges them later, and once.
    before : what the last call told; some of these are tried again, since a price may hold by now
    """
    waiting = attempts.unmetered(store)
    failed = {token: before[token] for token in waiting if token in before}
    fresh = [token for token in waiting if token not in before]
    due = [*fresh[:_AT_ONCE], *list(failed)[:_AGAIN]]
    if due:
        failed = {t: why for t, why in failed.items() if t not in due} | _charged(store, due, now)
    tidy(store, now)
    return failed


def _charged(store: Store, due: Sequence[str], now: datetime) -> dict[str, BillingError]:
    """These attempts charged, in one transaction; those that could not be, with why.

    Only where one cannot be is the way back kept open before each, which costs a fifth more.
    """
    try:
        return _charge(store, due, now, each=False)
    except BillingError:
        return _charge(store, due, now, each=True)


def _charge(
    store: Store, due: Sequence[str], now: datetime, *, each: bool
) -> dict[str, BillingError]:
    failed: dict[str, BillingError] = {}
    with store.write() as tx:
        ended = [one for one in attempts.named(tx.connection, due) if not one.metered]
        known = jobs.named(tx.connection, [one.job for one in ended])
        ended = [one for one in ended if one.job in known]
        pools = {name: plant.held(store, name).pool for name in {one.pool for one in ended}}
        for attempt in ended:
            if not each:
                _meter(tx, known[attempt.job], attempt, pool=pools[attempt.pool], now=now)
                continue
            try:
                with tx.connection.begin_nested():
                    _meter(tx, known[attempt.job], attempt, pool=pools[attempt.pool], now=now)
            except BillingError as cause:
                failed[attempt.token] = cause
    return failed


def tidy(store: Store, now: datetime) -> tuple[list[int], list[int]]:
    """The holds released since their jobs are over, and the grants whose time has run out.

    A job that was cancelled or refused before it ran leaves nothing to charge: its hold ends here.
    """
    with store.read() as connection:
        over = [int(number) for number in connection.execute(_OVER).scalars()]
    lapsed = grants.lapsed(store, now)
    for number in over:
        with store.write() as tx:
            if tx.execute(_OVER.where(_HOLD.id == number)).first() is not None:
                holds.release(tx, number, act=Act(_BY, now, f"over.{number}"))
    for number in lapsed:
        with store.write() as tx:
            if number in grants.lapsed(tx, now):
                grants.expire(tx, number, act=Act(_BY, now, f"lapsed.{number}"))
    return over, lapsed


def usage_of(kept: Kept, attempt: Attempt, pool: Pool) -> UsageRecord | None:
    """The record of what an attempt held, None where it held nothing for any time.

    Its time is the one for which its keeper on the pool says that it ran, from the start that the
    door saw: the clocks of engines do not count. No more than the door saw, from handing it over
    to its end: a keeper that claims more is not believed.
    """
    outcome = attempt.outcome
    if outcome is None or outcome.usage.wall_s <= 0 or not attempt.started:
        return None
    ran_s = round(min(outcome.usage.wall_s, _seen_s(attempt)), 3)
    start = datetime.fromisoformat(attempt.started)
    end = start + timedelta(seconds=ran_s)
    chip, place = find(attempt.flavour), attempt.placement
    cards = Decimal(str(place.chips)) * place.replicas
    hours = Decimal(str(ran_s)) / 3600
    modelled = cards * Decimal(str(chip.busy_w.value)) / 1000 * hours
    energy = Energy(
        it_kwh=modelled.quantize(Decimal("0.000001")), measured=False,
        pue=Decimal(str(pool.pue.value)), pue_source=pool.pue.source,
        grid_kg=Decimal(str(pool.grid_g_kwh)) / 1000,
        grid_source=f"pool {pool.id}" if pool.grid_g_kwh else "",
    )  # fmt: skip
    job = kept.job
    return UsageRecord(
        job=job.id, attempt=attempt.token, epoch=attempt.epoch, org=job.org, project=job.project,
        scenario=job.scenario, operator=pool.operator, pool=pool.id, flavour=attempt.flavour,
        task=job.task_kind, start=start, end=end, cards=cards,
        tflops=Decimal(str(chip.fp16_tflops.value)), energy=energy,
        proof=Proof(
            f"the door saw {attempt.token} run",
            f"its keeper counted {outcome.usage.wall_s} s",
        ),
    )  # fmt: skip


def _seen_s(attempt: Attempt) -> float:
    """From handing it over to its end as the door saw it, and what clocks may drift in so long.

    Infinite where the door's own clock was set back meanwhile, so that it saw nothing.
    """
    made, over = (datetime.fromisoformat(one) for one in (attempt.made, attempt.ended))
    seen = (over - made).total_seconds()
    return math.inf if seen < 0 else seen * (1.0 + _DRIFT) + _DRIFT_S


def _meter(tx: Transaction, kept: Kept, attempt: Attempt, *, pool: Pool, now: datetime) -> None:
    record = usage_of(kept, attempt, pool)
    lines: Sequence[Line] = ()
    if record is not None:
        name = metering.record(tx, record, at=now)
        lines = charges.charge(tx, name, at=now)
    if lines:
        _move(tx, kept, attempt, pool=pool, fen=sum(line.fen for line in lines), now=now)
    _vouchers(tx, kept, attempt, lines=lines, operator=pool.operator, now=now)
    attempts.metered(tx, attempt.token)


def _move(
    tx: Transaction, kept: Kept, attempt: Attempt, *, pool: Pool, fen: int, now: datetime
) -> None:
    """What was held for another operator's pool set free, and held for this one where it may be."""
    strange = [
        held["id"] for held in holds.holds(tx, job=kept.job.id)
        if held["state"] == "open" and held["supplier"] != pool.operator
    ]  # fmt: skip
    for number in strange:
        holds.release(tx, number, act=Act(_BY, now, f"{attempt.token}.{number}.elsewhere"))
    if strange:
        org = kept.job.org
        act = Act(_BY, now, f"{attempt.token}.here")
        known = purses(tx, now, entities=(org,))
        hold_for(tx, known, org, pool=pool, flavour=attempt.flavour, fen=fen, job=kept.job.id,
                 act=act)  # fmt: skip


def _vouchers(
    tx: Transaction, kept: Kept, attempt: Attempt, *, lines: Sequence[Line], operator: str,
    now: datetime,
) -> None:  # fmt: skip
    """What vouchers held for the job bear of these lines.

    Where a programme deducts at the bill, the organisation owes so much less and the operator has
    it from the programme; where it pays back, the bill stays and is claimed for. Once the job is
    over, what is left of its holds is free again.
    """
    bill = Bill(tuple(Billed(line.category, line.fen) for line in lines if line.fen))
    month = lines[0].month if lines else ""
    for held in holds.holds(tx, job=kept.job.id):
        if held["state"] != "open":
            continue
        key = f"{attempt.token}.{held['id']}"
        act = Act(_BY, now, key)
        fen = holds.capture(tx, held["id"], bill=bill, act=act, last=not kept.open)
        if fen and held["payee"] == held["supplier"]:
            given = Credit(
                org=kept.job.org, operator=operator, payer=charges.payable(operator), fen=fen,
                month=month, source=f"voucher:{held['programme']}:{held['voucher']}",
                project=kept.job.project, scenario=kept.job.scenario,
            )  # fmt: skip
            charges.credit(tx, given, at=now, key=f"voucher.{key}")
