"""The office's work on a plan: what is due and late, meetings, decisions, who attends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from qianhang.plan import stated
from qianhang.plan.items import Plan
from qianhang.plan.office import agenda, work
from qianhang.plan.office.agenda import Decision, Meeting, Owner
from qianhang.plan.office.work import Due, Escalation, Rhythm
from qianhang.web.asked import Asked
from qianhang.web.views import plans

__all__ = ["Desk", "beat", "desk", "dues"]


@dataclass(frozen=True, slots=True)
class Desk:
    """A plan's work on a day.

    coming : what falls due until the first reminder would be sent, reports among them, by day
    reminded : those of which somebody is to be reminded that day
    meetings : the newest first; owners : code of an item -> who attends to it
    """

    day: date
    rhythm: Rhythm
    coming: tuple[Due, ...]
    reminded: frozenset[Due]
    late: tuple[Escalation, ...]
    meetings: tuple[Meeting, ...]
    decisions: tuple[Decision, ...]
    owners: Mapping[str, Owner]


def dues(ask: Asked, plan: Plan, *, on: date) -> tuple[Due, ...]:
    """Deadlines, milestones and open decisions, without what is done; by day."""
    return work.dues(ask.store, plan, stood=plans.stand(ask, plan, on=on))


def desk(ask: Asked, plan: Plan) -> Desk:
    """The plan's work today."""
    day = plans.today(ask)
    rhythm = work.rhythm(ask.store, plan)
    ahead = day + timedelta(days=max(rhythm.remind, default=0))
    every = dues(ask, plan, on=day)
    regular = work.reports(plan, rhythm, since=day - timedelta(days=1), until=ahead)
    return Desk(
        day=day,
        rhythm=rhythm,
        coming=tuple(
            sorted((d for d in (*every, *regular) if day <= d.day <= ahead), key=lambda d: d.day)
        ),
        reminded=frozenset(r.due for r in work.reminders((*every, *regular), rhythm, today=day)),
        late=work.escalations(every, rhythm, today=day),
        meetings=agenda.meetings(ask.store, plan)[::-1],
        decisions=agenda.decisions(ask.store, plan),
        owners=agenda.owners(ask.store, plan),
    )


def beat(ask: Asked, plan: Plan, given: Iterable[str]) -> None:
    """Set the plan's rhythm with these `name=value` put into what it was.

    Raises UsageError for a setting that is not known, or cannot be so.
    """
    raw = work.written(stated.setting(ask.store, plan, work.RHYTHM, {}), given)
    work.read_rhythm(raw)
    stated.set_setting(ask.store, plan, work.RHYTHM, raw, by=ask.by, at=ask.now)
