"""Jobs as pages and the API show them: as far as the reader sees, with nothing of another's."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from qianhang.access import ROOT, Organisation, organisations
from qianhang.billing import lines as billed
from qianhang.billing import metering
from qianhang.compute.door import census, jobs, quotas, taskfile
from qianhang.compute.door.jobs import Asked as Asking
from qianhang.compute.door.jobs import Kept
from qianhang.compute.door.quotas import Quota
from qianhang.compute.door.why import Answer
from qianhang.compute.door.why import why as explain
from qianhang.compute.policy import Refusal
from qianhang.compute.quote import Quote
from qianhang.core.errors import UsageError
from qianhang.runs import admission, pricing, quoting
from qianhang.web.api.rights import require
from qianhang.web.asked import Asked

__all__ = [
    "Pool",
    "Used",
    "Why",
    "assign",
    "held",
    "orgs",
    "projects",
    "quote",
    "seen",
    "submit",
    "used",
    "why",
]

_MOST_TEXT, _MOST_JOBS = 200_000, 1_000
_KEPT, _MOST_KEPT = 20.0, 200


@dataclass(frozen=True, slots=True)
class Pool:
    """What a pool would cost a job, fen, None where it does not take it; and why it does not.

    chosen : whether the job runs or ran there
    """

    id: str
    fen: int | None
    chosen: bool
    reason: str = ""
    found: str = ""
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a job is where it is, or nowhere yet.

    terms : of the choice, fen; ahead : jobs that come first, None unless it waits
    said : words of engines that refused
    """

    terms: Sequence[tuple[str, int]]
    pools: Sequence[Pool]
    ahead: int | None
    said: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Used:
    """What one attempt used and what it cost; fen : None where it is not charged yet."""

    pool: str
    flavour: str
    start: datetime
    end: datetime
    card_hours: float
    facility_kwh: float
    kg_co2: float
    fen: int | None


def seen(ask: Asked, job: str) -> Kept:
    """The job of this id, where the reader may see it.

    Raises UsageError where there is none, or none for this reader: the two look the same.
    """
    found = jobs.get(ask.store, job)
    if found.job.org not in ask.who.covers:
        raise UsageError("QH595", f"job {job[:40]!r} does not exist")
    return found


def why(ask: Asked, found: Kept) -> Why:
    """Why the job is where it is: each pool with its sum or what it lacks.

    For a job that waits the whole queue is worked out; the answer is kept for twenty times as long
    as that took, so that whoever watches jobs of a long queue takes a twentieth of a core at most.
    """
    kept: OrderedDict[tuple[str, str, int], tuple[float, Why]] = ask.request.app.state.whys
    key, began = (found.job.id, found.state, found.epoch), time.monotonic()
    until, told = kept.get(key, (0.0, None))
    if told is None or began >= until:
        told = _why(ask, found)
        kept[key] = (time.monotonic() + _KEPT * (time.monotonic() - began), told)
        while len(kept) > _MOST_KEPT:
            kept.popitem(last=False)
    return told


def _why(ask: Asked, found: Kept) -> Why:
    prices = pricing.live(ask.store, ask.now)
    told = explain(ask.store, found.job.id, ask.now, prices=prices)
    said = [(n, str(v)[:400]) for n, v in told.said.items()]
    return Why(list(told.terms.items()), _pools(told), told.ahead, said)


def _pools(told: Answer) -> list[Pool]:
    """First where it runs, then by cost, then those that do not take it."""
    last = told.attempts[-1].pool if told.attempts else ""
    here = {last: sum(told.terms.values())} if last and told.terms else {}
    sums = {**told.others, **here}
    priced = [Pool(name, fen, name == last) for name, fen in sums.items()]
    priced.sort(key=lambda p: (not p.chosen, p.fen or 0))
    refused = []
    for one in told.refusals:
        if one.pool not in here:
            shown = _discreet(one)
            refused.append(Pool(one.pool, None, False, one.reason, shown.found, shown.expected))
    known = {p.id for p in refused}
    return [p for p in priced if p.id not in known] + refused


def used(ask: Asked, found: Kept) -> list[Used]:
    """What the job's attempts used, with what each was charged, the oldest first."""
    every = []
    for one in metering.records(ask.store, job=found.job.id):
        lines = billed.lines(ask.store, usage=one.id)
        hours = (one.end - one.start).total_seconds() / 3600
        every.append(
            Used(
                one.pool, one.flavour, one.start, one.end, float(one.cards) * hours,
                float(one.energy.facility_kwh), float(one.energy.kg_co2),
                sum(line.fen for line in lines) if lines else None,
            )
        )  # fmt: skip
    return every


def orgs(ask: Asked) -> list[Organisation]:
    """The organisations for which the reader may submit jobs, their own first."""
    may = [
        one
        for one in organisations.organisations(ask.store)
        if ask.who.may("scenario_owner", one.id) or ask.who.may("developer", one.id)
    ]
    return sorted(may, key=lambda one: one.id != ask.who.account.org)


def projects(ask: Asked) -> list[str]:
    """Projects with a quota in the organisations that the reader covers."""
    return sorted(
        {q.project for q in quotas.listed(ask.store) if q.project and q.org in ask.who.covers}
    )


def submit(
    ask: Asked, text: str, *, org: str, project: str = "", key: str = ""
) -> list[tuple[str, bool]]:
    """(id, whether it is new) of each job of the task that somebody sent.

    key : of this account for this request, "" for none: sent again it is the same job
    Raises UsageError naming the field that is wrong, or where the task is too much at once.
    """
    asked = _read(ask, text, org=org, project=project)
    own = hashlib.sha256(f"{ask.who.account.id}\0{key}".encode()).hexdigest()[:32] if key else ""
    made = admission.admit(ask.store, asked, ask.now, key=own, project=project)
    return [(one.job, one.new) for one in made]


def quote(ask: Asked, text: str, *, org: str, project: str = "") -> Quote:
    """What each pool offers the task now, and why each other does not take it; nothing is admitted.

    Of an array its first job is asked about.
    Raises UsageError as `submit` does, PoolUnavailable where no pool has joined.
    """
    job = _read(ask, text, org=org, project=project)[0].job
    found = quoting.quote(ask.store, replace(job, project=project or job.project), ask.now)
    return replace(found, refused=tuple(_discreet(one) for one in found.refused))


def _read(ask: Asked, text: str, *, org: str, project: str) -> tuple[Asking, ...]:
    if len(text) > _MOST_TEXT:
        raise UsageError(
            "QH874", f"a task of {len(text):,} characters, at most {_MOST_TEXT:,}",
            hint="keep programs and data in files that the pool can read",
        )  # fmt: skip
    _named_well(project)
    asked = taskfile.read_text(text, name="task", org=org, account=ask.who.account.id)
    if len(asked) > _MOST_JOBS:
        raise UsageError(
            "QH874", f"an array of {len(asked):,} jobs, at most {_MOST_JOBS:,} at once",
            hint="send it in parts",
        )  # fmt: skip
    return asked


def _discreet(one: Refusal) -> Refusal:
    """The refusal without the id of the job that holds the chips, which may be another's."""
    return one._replace(found="", expected="") if one.reason == "held_for_other" else one


def held(ask: Asked) -> list[tuple[Quota, float]]:
    """Quotas of the organisations that the reader covers, with the chips that are held now.

    Whoever sets them for the platform sees every one.
    """
    now, sets = census.held(ask.store), ask.who.may("administrator", ROOT)
    found = [q for q in quotas.listed(ask.store) if q.org in ask.who.covers or sets]
    own = {(q.org, q.project) for q in found}
    return [(q, _of_quota(q, now, own)) for q in found]


def _of_quota(
    quota: Quota, now: Mapping[tuple[str, str], float], own: Collection[tuple[str, str]]
) -> float:
    """Chips of the quota's project; of all that have none of their own where it names none."""
    if quota.project:
        return now.get((quota.org, quota.project), 0.0)
    rest = (key for key in now if key[0] == quota.org and (not key[1] or key not in own))
    return sum(now[key] for key in rest)


def assign(ask: Asked, org: str, *, project: str, chips: int, reason: str) -> Quota | None:
    """The project's quota from now on, set by an administrator of the platform; None: no limit.

    Raises UsageError where it makes no sense or the organisation is not there, AccessRefused to
    anybody else.
    """
    require(ask, ROOT, "administrator")
    organisations.find_organisation(ask.store, org)
    return quotas.assign(
        ask.store, org, project=project.strip(), chips=chips, reason=reason,
        by=ask.who.account.id, at=ask.now,
    )  # fmt: skip


def _named_well(project: str) -> None:
    if len(project) > 80 or "\0" in project:
        raise UsageError("QH874", f"project {project[:40]!r}: at most 80 characters")
