"""Why a job is where it is: the stored terms of the choice, or what each pool lacks for it now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from qianhang.compute.door import attempts, jobs, news, plant
from qianhang.compute.door.attempts import Attempt
from qianhang.compute.door.jobs import Kept
from qianhang.compute.door.ledgers import Ledgers, recall
from qianhang.compute.job import Job
from qianhang.compute.policy import Params, Predictor, Prices, Refusal
from qianhang.compute.policy.entry import Entry
from qianhang.compute.policy.option import Option, lend_cap

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["Answer", "why"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of a job's place.

    state, reason : of the job
    attempts : the goes at it, the oldest first
    terms : of the last choice, fen, as they were stored with it
    others : pool -> sum of the terms there at that moment, fen
    refusals : for each pool that does not take the job, now or ever: code, found, expected
    ahead : jobs that come before it where it may run; None unless it waits
    said : what else was stored, such as the words of engines that refused
    """

    job: str
    state: str
    reason: str
    attempts: tuple[Attempt, ...]
    terms: Mapping[str, int]
    others: Mapping[str, int]
    refusals: tuple[Refusal, ...]
    ahead: int | None
    said: Mapping[str, Any]


_KNOWN = ("pool", "cost", "others", "refused")


def why(
    store: Store,
    job_id: str,
    now: datetime,
    *,
    params: Params | None = None,
    prices: Prices | None = None,
) -> Answer:
    """Why the job is where it is, or is nowhere yet.

    What stands in the rows is read, nothing is decided anew but for a job that waits: for it, the
    ledgers are worked out as a supervisor would that began at `now`.
    prices : those that hold now; list prices of the pools where it is None
    Raises UsageError where there is no such job.
    """
    kept = jobs.get(store, job_id)
    refusals = tuple(Refusal(**one) for one in kept.why.get("refused", ()))
    ahead = None
    if kept.open:
        found = _ledgers(store, now, params or Params(), prices)
        if kept.state == "queued":
            refusals, ahead = _waiting(store, found, kept, now=now)
        else:
            refusals = found.view.refusals(kept.job)
    return Answer(
        job_id, kept.state, kept.reason, attempts.of(store, job_id), kept.why.get("cost", {}),
        kept.why.get("others", {}), refusals, ahead,
        {name: value for name, value in kept.why.items() if name not in _KNOWN},
    )  # fmt: skip


def _ledgers(store: Store, now: datetime, params: Params, prices: Prices | None) -> Ledgers:
    held = plant.pools(store)
    return recall(store, held, params=params, predictor=Predictor(), now=now, prices=prices)


def _waiting(
    store: Store, found: Ledgers, kept: Kept, *, now: datetime
) -> tuple[tuple[Refusal, ...], int]:
    """Why no pool takes the waiting job now, and how many come before it."""
    for other in news.since(store, None).jobs:
        if not other.cancel:
            found.admit(other)
    never = found.view.refusals(kept.job)
    entry = found.queue.entries.get(kept.job.id)
    if entry is None:
        return (*never, *_parked(found, kept.job)), len(found.parked)
    found.queue.tick(now.timestamp())
    now_not = (_lacking(found, entry, option) for option in entry.klass.options)
    return (*never, *(one for one in now_not if one)), _ahead(found, entry)


def _parked(ledgers: Ledgers, job: Job) -> tuple[Refusal, ...]:
    """Why the job waits before the queue: for its project's quota, or a fenced attempt."""
    about = sorted(ledgers.about.get(job.id, ()))
    if not about and ledgers.view.cheaper_later(job):
        return ()
    if about:
        return tuple(Refusal(name, "held_for_other", "an earlier attempt") for name in about)
    asked = f"{job.want.total:g} chips"
    return (Refusal("*", "quota", "the project's quota is in use", asked),)


def _lacking(ledgers: Ledgers, entry: Entry, option: Option) -> Refusal | None:
    """Why the job cannot start on this rack at once; None where nothing but its turn is lacking."""
    rack, klass = option.rack, entry.klass
    pool = rack.pool.id
    if not rack.up:
        return Refusal(pool, "pool_down")
    lent = ledgers.view.lent[pool] if option.lent else 0
    if option.lent and lent + klass.total > lend_cap(rack.pool):
        return Refusal(pool, "lend_cap", f"{lent:g} lent", f"at most {lend_cap(rack.pool):g}")
    hold = rack.hold
    if hold is not None and hold.job != entry.job.id and rack.free >= klass.total:
        return Refusal(pool, "held_for_other", hold.job, entry.job.id)
    fits = (
        rack.fits_parts(klass.part, klass.replicas, short=True)
        if klass.part
        else rack.fits(klass.chips, klass.replicas, short=True)
    )
    wanted = f"{klass.replicas} x {entry.job.want.chips:g}"
    return None if fits else Refusal(pool, "busy", f"{rack.free:g} chips free", wanted)


def _ahead(ledgers: Ledgers, entry: Entry) -> int:
    """Jobs that wait for one of the same racks and come first: by tier, then area, then age."""
    racks = {option.rack for option in entry.klass.options}
    heads = [
        head
        for klass in ledgers.queue.classes.values()
        if any(option.rack in racks for option in klass.options)
        for line in klass.lines.values()
        for head in line
        if head[-1].alive
    ]
    mine = next((head for head in heads if head[-1] is entry), None)
    return sum(head[:-1] < mine[:-1] for head in heads) if mine else 0
