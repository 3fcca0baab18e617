"""Owners take back what they lent: notice to jobs that can write a checkpoint."""

from __future__ import annotations

from qianhang.compute.policy.decision import Decision, Preempt
from qianhang.compute.policy.entry import Entry
from qianhang.compute.policy.queue import Queue
from qianhang.compute.policy.rack import Rack
from qianhang.compute.policy.view import View

__all__ = ["reclaim"]


def reclaim(view: View, queue: Queue, now: float) -> tuple[Decision, ...]:
    """Notices for the first owner's job that its own pool has no room for; often none.

    A pool gives back at most its nominal share, youngest borrower first, and only jobs that may be
    preempted, as a whole; one that has its notice already is counted as room to come.
    """
    heads = sorted(
        (line[0] for klass in queue.touched for line in klass.lines.values() if line),
        key=lambda head: head[:4],
    )
    for *_, entry in heads:
        for option in entry.klass.options:
            pool = option.rack.pool
            if option.rack.up and entry.job.org in pool.lending.owners:
                found = _notices(view, option.rack, entry, now=now)
                if found:
                    return found
    return ()


def _notices(view: View, rack: Rack, entry: Entry, *, now: float) -> tuple[Decision, ...]:
    rule, total = rack.pool.lending, entry.klass.total
    if view.owned[rack.pool.id] + total > rule.nominal * rack.pool.chips:
        return ()
    room = rack.free + sum(run.klass.total for run in rack.runs if run.leaving)
    found: list[Decision] = []
    for run in reversed(rack.runs):
        if room >= total:
            break
        job = run.job
        if run.lent and not run.leaving and job.preemptible and job.want.gang:
            by = now + max(rule.notice_s, job.checkpoint_s)
            found.append(Preempt(job.id, rack.pool.id, by, entry.job.id, run.number))
            room += run.klass.total
    return tuple(found) if room >= total else ()
