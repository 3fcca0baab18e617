"""The bulletin (通报): what frozen readings say of a plan in a period, as a paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from qianhang.core.words import Lang, has, say
from qianhang.plan.office.changes import changes, shown
from qianhang.plan.office.paper import Annex, Block, Grid, Heading, Paper, Paragraph
from qianhang.plan.office.titles import titled
from qianhang.plan.office.wording import (
    STATES,
    aim,
    figure,
    percent,
    state_words,
    target_words,
)
from qianhang.plan.reasons import SIDES, in_words

if TYPE_CHECKING:
    from qianhang.plan.readings import Component
    from qianhang.plan.standing import Standing

__all__ = ["Before", "Bulletin", "Order", "compose", "counts", "printed_day"]


@dataclass(frozen=True, slots=True)
class Order:
    """What a person decides about the print; "" leaves a thing out, or to its usual words.

    issuer : red head; number : document number; to : addressees; note : closing paragraph
    """

    period: str
    title: str = ""
    issuer: str = ""
    number: str = ""
    to: str = ""
    note: str = ""
    signature: str = ""
    lang: Lang = "zh"


@dataclass(frozen=True, slots=True)
class Before:
    """The bulletin before: its period, its day, its readings as they were frozen."""

    period: str
    on: date
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class Bulletin:
    """Everything that a print is made of; nothing else is looked up, least of all a clock.

    names : id -> title of the scenarios that records are about; one without stays as it is
    """

    plan: str
    on: date
    order: Order
    standings: tuple[Standing, ...]
    before: Before | None = None
    names: Mapping[str, str] = field(default_factory=dict)


def counts(standings: tuple[Standing, ...]) -> dict[str, int]:
    """State -> how many targets, every state named."""
    return {state: sum(s.state == state for s in standings) for state in STATES}


def compose(bulletin: Bulletin) -> Paper:
    """The bulletin as a paper."""
    order = bulletin.order
    lang = order.lang
    parts = (_whole, _changed, _overdue, _unproven, _claims, _overrides)
    blocks = [Paragraph(_opening(bulletin))]
    every: list[Block] = [*blocks, *(block for part in parts for block in part(bulletin))]
    if order.note:
        every.append(Paragraph(order.note))
    names = {"plan": _quoted(bulletin.plan), "period": order.period}
    return Paper(
        title=order.title or say("office.bulletin.title", lang=lang, **names),
        blocks=tuple(every),
        annexes=(_readings(bulletin), _components(bulletin)),
        issuer=order.issuer,
        number=order.number,
        to=order.to,
        signature=order.signature or order.issuer,
        date=printed_day(bulletin.on, lang),
        lang=lang,
    )


def printed_day(day: date, lang: Lang) -> str:
    """A date as it stands under a paper, without leading zeros."""
    return say("office.day", lang=lang, year=day.year, month=day.month, day=day.day)


def _opening(b: Bulletin) -> str:
    day = printed_day(b.on, b.order.lang)
    return _say(
        b, "opening", plan=_quoted(b.plan), period=b.order.period, day=day, count=len(b.standings)
    )


def _quoted(title: str) -> str:
    """A title as it stands inside title marks."""
    return title.replace("《", "〈").replace("》", "〉")


def _whole(b: Bulletin) -> Iterator[Block]:
    now = counts(b.standings)
    was = counts(b.before.standings) if b.before else None
    yield Heading(_say(b, "whole"))
    proven = sum(s.grade in ("A", "B") for s in b.standings)
    share = percent(proven / len(b.standings))
    comma = say("office.comma", lang=b.order.lang)
    summed = comma.join(
        _say(b, "counted", state=_state(b, s), count=n) for s, n in now.items() if n
    )
    yield Paragraph(_say(b, "sum", count=len(b.standings), states=summed))
    yield Paragraph(_say(b, "proven", count=proven, share=share))
    by_hand = sum(s.override is not None for s in b.standings)
    if by_hand:
        yield Paragraph(_say(b, "stated", count=by_hand))
    if was is None:
        rows = tuple((_state(b, s), str(n)) for s, n in now.items())
        yield Grid(_heads(b, "state", "now"), rows, right=(1,))
        return
    pairs = [(_state(b, s), n, was[s]) for s, n in now.items()]
    pairs.append((_say(b, "total"), len(b.standings), sum(was.values())))
    compared = tuple((name, str(n), str(m), _signed(n - m)) for name, n, m in pairs)
    yield Grid(_heads(b, "state", "now", "before", "change"), compared, right=(1, 2, 3))


def _changed(b: Bulletin) -> Iterator[Block]:
    yield Heading(_say(b, "changed"))
    if b.before is None:
        yield Paragraph(_say(b, "first"))
        return
    found = changes(b.before.standings, b.standings)
    day = printed_day(b.before.on, b.order.lang)
    yield Paragraph(_say(b, "against", period=b.before.period, day=day, count=len(found)))
    rows = tuple(shown(change, b.order.lang) for change in found)
    if rows:
        yield Grid(_heads(b, "target", "before", "now", "why"), rows, shares=(4, 3, 3, 5))


def _overdue(b: Bulletin) -> Iterator[Block]:
    yield from _by_unit(b, "overdue", lambda s: s.state == "overdue")


def _unproven(b: Bulletin) -> Iterator[Block]:
    """Why there is no figure stands in place of one: records that do not count, or none."""
    yield from _by_unit(b, "no_evidence", lambda s: s.state == "no_evidence", last="why")


def _by_unit(
    b: Bulletin, key: str, wanted: Callable[[Standing], bool], *, last: str = "value"
) -> Iterator[Block]:
    """The targets in a state, the units that lead them side by side."""
    yield Heading(_say(b, key))
    found = [s for s in b.standings if wanted(s)]
    if not found:
        yield Paragraph(_say(b, f"{key}_none"))
        return
    found.sort(key=lambda s: (not s.leaders, _lead(b, s)))
    units = len({s.leaders for s in found if s.leaders})
    told = _say(b, f"{key}_some", count=len(found), units=units)
    nobody = sum(not s.leaders for s in found)
    yield Paragraph(told + (_say(b, "nobody_leads", count=nobody) if nobody else ""))
    last_of = {"value": _value, "why": _why}[last]
    rows = tuple(
        (_lead(b, s), target_words(s.item.values), _due(b, s), last_of(b, s)) for s in found
    )
    yield Grid(_heads(b, "lead", "target", "due", last), rows, shares=(4, 6, 2, 3))


def _claims(b: Bulletin) -> Iterator[Block]:
    yield Heading(_say(b, "claims"))
    found = [s for s in b.standings if s.reading.claimed not in (None, s.reading.value)]
    if not found:
        yield Paragraph(_say(b, "claims_none"))
        return
    yield Paragraph(_say(b, "claims_some", count=len(found)))
    rows = tuple(
        (
            _lead(b, s),
            target_words(s.item.values),
            figure(s.reading.claimed, s.reading.unit),
            _value(b, s),
        )
        for s in found
    )
    yield Grid(_heads(b, "lead", "target", "claimed", "value"), rows, shares=(4, 6, 3, 3))


def _overrides(b: Bulletin) -> Iterator[Block]:
    """Always printed, also where there is none."""
    yield Heading(_say(b, "overrides"))
    found = [(s, s.override) for s in b.standings if s.override is not None]
    if not found:
        yield Paragraph(_say(b, "overrides_none"))
        return
    yield Paragraph(_say(b, "overrides_some", count=len(found)))
    rows = tuple(
        (
            target_words(s.item.values),
            _state(b, s.assessment.state),
            _state(b, o.state) + _stated(o.value, s),
            o.reason,
            o.by,
            o.expires.isoformat(),
        )
        for s, o in found
    )
    heads = _heads(b, "target", "computed", "stated", "reason", "by", "expires")
    yield Grid(heads, rows, shares=(4, 2, 3, 4, 2, 3))


def _readings(b: Bulletin) -> Annex:
    rows = tuple(
        (
            s.item.ref,
            s.item.values["indicator"],
            aim(s.item.values) + s.item.values["unit"],
            _due(b, s),
            _value(b, s),
            figure(s.reading.claimed, s.reading.unit),
            s.grade or "—",
            _state(b, s.state) + (_say(b, "by_hand") if s.override else ""),
            _progress(s),
        )
        for s in b.standings
    )
    names = "id indicator aim due value claimed grade state progress"
    grid = Grid(_heads(b, *names.split()), rows, shares=(5, 9, 6, 4, 5, 5, 4, 6, 8))
    return Annex(_say(b, "annex_readings"), (grid,))


def _components(b: Bulletin) -> Annex:
    """Every record that a reading looked at, whether it counted and if not why not."""
    rows = tuple(
        (
            s.item.ref,
            f"#{c.seq}",
            c.on.isoformat(),
            c.grade,
            f"{_kind(b, c.kind)} {_subject(b, c)}".strip(),
            figure(c.value),
            _counted(b, s, c),
        )
        for s in b.standings
        for c in s.reading.components
    )
    if not rows:
        return Annex(_say(b, "annex_components"), (Paragraph(_say(b, "components_none")),))
    heads = _heads(b, "id", "evidence", "day", "grade", "subject", "figure", "counted")
    return Annex(
        _say(b, "annex_components"), (Grid(heads, rows, shares=(4, 3, 5, 2, 9, 4, 6), right=(5,)),)
    )


def _subject(b: Bulletin, c: Component) -> str:
    """Of what it is; a figure without a name is of somebody's own data."""
    if c.kind == "figure" and not c.subject:
        return _say(b, "own_data")
    return b.names.get(c.subject, c.subject)


def _say(b: Bulletin, key: str, **values: object) -> str:
    return say(f"office.bulletin.{key}", lang=b.order.lang, **values)


def _heads(b: Bulletin, *names: str) -> tuple[str, ...]:
    return tuple(say(f"office.head.{name}", lang=b.order.lang) for name in names)


def _state(b: Bulletin, state: str) -> str:
    return state_words(state, b.order.lang)


def _lead(b: Bulletin, s: Standing) -> str:
    named = say("office.comma", lang=b.order.lang).join(s.leaders)
    mark = say("office.convention", lang=b.order.lang) if s.convention else ""
    return named + mark if named else _say(b, "nobody")


def _due(b: Bulletin, s: Standing) -> str:
    year = "" if s.item.values["deadline"] is None else str(s.item.values["deadline"])
    return _say(b, "yearly", year=year).strip() if s.item.values["yearly"] else year


def _why(b: Bulletin, s: Standing) -> str:
    """Why a target has no figure, and that its time is up where it is."""
    told = f"{s.reading.reason}; {s.assessment.reason}".split("; ")
    both = "; ".join(dict.fromkeys(filter(None, told)))
    return in_words(titled(both, b.names), b.order.lang) or _say(b, "no_value")


def _kind(b: Bulletin, kind: str) -> str:
    key = f"ledger.evidence.{kind}"
    return say(key, lang=b.order.lang) if has(key) else kind


def _value(b: Bulletin, s: Standing) -> str:
    return figure(s.reading.value, s.reading.unit) or _say(b, "no_value")


def _stated(value: float | None, s: Standing) -> str:
    return "" if value is None else f" {figure(value, s.reading.unit)}"


def _signed(change: int) -> str:
    return f"{change:+d}" if change else "0"


def _progress(s: Standing) -> str:
    shares = (percent(s.assessment.attainment), percent(s.assessment.expected))
    return "／".join(share or "—" for share in shares)


def _counted(b: Bulletin, s: Standing, c: Component) -> str:
    if c.used and c.grade == "D":
        return _say(b, "apart")
    if c.used:
        rule = s.reading.rule
        side = say(f"ledger.reason.{SIDES[c.part]}", lang=b.order.lang) if rule and rule.per else ""
        return _say(b, "used_in", side=side) if side else _say(b, "used")
    return in_words(titled(c.why, b.names), b.order.lang) if c.why else _say(b, "unused")
