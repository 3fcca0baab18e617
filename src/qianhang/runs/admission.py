"""Jobs admitted with their quote and with a voucher held for what they are quoted, all in one go.

A hold is made on the grant that bears most on the best pool where one bears anything; what the job
uses captures it, whatever pool it runs on, and what is left is free again once the job is over.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from qianhang.billing.vouchers import holds
from qianhang.billing.vouchers.deeds import Act
from qianhang.billing.vouchers.facts import Bill, Line
from qianhang.billing.vouchers.purses import Purse, best
from qianhang.compute.applications import terms
from qianhang.compute.door import jobs, quotes
from qianhang.compute.door.jobs import Asked
from qianhang.compute.network import Pool
from qianhang.compute.policy import Params
from qianhang.compute.quote import Quote
from qianhang.core.errors import BudgetError, PoolUnavailable, UsageError
from qianhang.runs.pricing import spot
from qianhang.runs.quoting import Quoter

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["Admitted", "admit", "hold_for"]

_BY = "admission"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A job before the door.

    new : whether it was not there before; quote : None where no pool has joined yet
    hold : number of the voucher's hold, 0 where there is none
    """

    job: str
    new: bool
    quote: Quote | None = None
    hold: int = 0


def admit(
    store: Store, asked: Sequence[Asked], now: datetime, *, key: str = "", project: str = "",
    params: Params | None = None,
) -> tuple[Admitted, ...]:  # fmt: skip
    """Every job admitted, quoted and its voucher held, or none of them.

    key : of all of them, "" for none: those after the first are told apart by their number
    project : in place of the one that a job names, where given
    Raises what `jobs.admit` raises; that no voucher can be held keeps no job out.
    """
    try:
        orgs = {one.job.org for one in asked}
        quoter: Quoter | None = Quoter(store, now, orgs=orgs, params=params)
    except PoolUnavailable:
        quoter = None
    with store.write() as tx:
        named = [_named(one, number, key, project) for number, one in enumerate(asked)]
        return tuple(_admit(tx, one, quoter, now) for one in named)


def _named(asked: Asked, number: int, key: str, project: str) -> Asked:
    own = (f"{key}.{number}" if number else key) if key else asked.job.key
    job = dataclasses.replace(asked.job, key=own, project=project or asked.job.project)
    return dataclasses.replace(asked, job=job)


def _admit(tx: Transaction, asked: Asked, quoter: Quoter | None, now: datetime) -> Admitted:
    asked = dataclasses.replace(asked, job=terms.narrow(tx.connection, asked.job))
    name, new = jobs.admit(tx, asked, at=now)
    if not new or quoter is None:
        return Admitted(name, new)
    found = quoter.quote(asked.job)
    quotes.keep(tx, found)
    for way in found.ways:
        if way.fare.voucher_fen:
            purses = [one for one in quoter.tariff.purses if one.grant == way.fare.voucher]
            pool = quoter.tariff.pools[way.pool]
            act = Act(_BY, now, f"admit.{name}")
            held = hold_for(
                tx, purses, asked.job.org, pool=pool, flavour=way.flavour, fen=way.fare.fen,
                job=name, act=act,
            )  # fmt: skip
            return Admitted(name, new, found, held)
    return Admitted(name, new, found)


def hold_for(
    tx: Transaction, purses: Sequence[Purse], org: str, *, pool: Pool, flavour: str, fen: int,
    job: str, act: Act,
) -> int:  # fmt: skip
    """The number of a hold for a bill of so many fen on a pool; 0 where no voucher bears any."""
    where = spot(pool, flavour)
    purse, _ = best(purses, org, where, fen)
    if purse is None:
        return 0
    bill = Bill((Line("compute", fen),))
    facts = purse.facts_at(where)
    try:
        return holds.hold(tx, purse.grant, facts=facts, bill=bill, act=act, job=job)
    except (BudgetError, UsageError) as cause:  # spent, lapsed or refused since it was looked at
        _LOG.info("job %s: no voucher held: %s", job, cause)
        return 0
