"""One target with everything that its figure is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from qianhang.charts import Chart
from qianhang.charts.chart import Axis, Field, Mark, Role, Series, Table, plain
from qianhang.core.day import ZONE, midnight
from qianhang.core.errors import UsageError
from qianhang.core.manifest import Words
from qianhang.plan import evidence, items, readings, review, rules, stated
from qianhang.plan.evidence import Evidence
from qianhang.plan.items import Item, Plan
from qianhang.plan.readings import Component
from qianhang.plan.review import Act
from qianhang.plan.rules import Rule, Suggestion
from qianhang.plan.standing import Standing, goal_of
from qianhang.plan.stated import Milestone
from qianhang.plan.states import Goal
from qianhang.runs import record
from qianhang.web import words
from qianhang.web.asked import Asked
from qianhang.web.figures import Figure, figure_of
from qianhang.web.views import plan_text, plans

__all__ = ["Shown", "Told", "series", "told"]

Shape = Literal["line", "step", "dot"]
_AROUND = 160


@dataclass(frozen=True, slots=True)
class Shown:
    """One component of a reading, and what stands behind it: a run that may be opened, files.

    own : whether it was made for this target alone, so that the plan's office may take it back
    """

    part: Component
    run: str
    by: str
    files: tuple[str, ...]
    retracted: str
    own: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A confirmed target on a day.

    quote : its sentence as pieces of text, each with whether it is the target's own
    again : the value once more, from the components alone
    fits : name of the rule that the indicator's words call for
    """

    standing: Standing
    quote: tuple[tuple[str, bool], ...]
    components: tuple[Shown, ...]
    again: float | None
    figure: Figure | None
    milestones: tuple[Milestone, ...]
    acts: tuple[Act, ...]
    rule: Rule | None
    suggestions: tuple[Suggestion, ...]
    fits: str

    @property
    def same(self) -> bool:
        """Whether the recomputed value is the one that is told."""
        value = self.standing.reading.value
        if value is None or self.again is None:
            return value is None and self.again is None
        return abs(self.again - value) <= 1e-9 * max(1.0, abs(value))


def told(ask: Asked, plan: Plan, item: Item, *, on: date) -> Told:
    """Where the target stands, why, and what it rests on.

    Raises UsageError where nobody has confirmed it.
    """
    found = _standing(ask, plan, item, on=on)
    records = evidence.evidence(ask.store)
    milestones = stated.milestones(ask.store, plan, item.code)
    rule = found.reading.rule
    text = items.text_of_plan(ask.store, plan)
    low = item.values["comparator"] in ("<", "<=")
    return Told(
        standing=found,
        quote=tuple(_quote(text, item)),
        components=tuple(_components(ask, found, records)),
        again=readings.recomputed(found.reading, low=low),
        figure=_figure(ask, plan, _chart(plan, found, records, milestones), found),
        milestones=milestones,
        acts=review.history(ask.store, plan, item.code),
        rule=rule,
        suggestions=rules.suggestions(),
        fits=rules.suggest(item, region=rules.counted_in(plan)).name,
    )


def series(ask: Asked, plan: Plan, item: Item, *, on: date) -> Chart:
    """The target's readings over time until a day, with the table of the same numbers.

    Raises UsageError where nobody has confirmed it, or nothing was read yet.
    """
    found = _standing(ask, plan, item, on=on)
    milestones = stated.milestones(ask.store, plan, item.code)
    chart = _chart(plan, found, evidence.evidence(ask.store), milestones)
    if chart is None:
        raise UsageError("QH804", f"{item.ref} has no reading until {on}")
    return chart


def points(ask: Asked, plan: Plan, item: Item, *, on: date) -> Sequence[tuple[date, float]]:
    """The target's readings until a day, in its unit; none where nothing was read yet.

    Raises UsageError where nobody has confirmed it.
    """
    found = _standing(ask, plan, item, on=on)
    return readings.series(
        found.item, found.reading.rule, evidence.evidence(ask.store), on=found.reading.on
    )


def _standing(ask: Asked, plan: Plan, item: Item, *, on: date) -> Standing:
    found = next((s for s in plans.stand(ask, plan, on=on) if s.item.code == item.code), None)
    if found is None:
        message = f"{item.ref} is in state {item.state}: only confirmed targets are read"
        raise UsageError("QH823", message, hint=f"/plans/{plan.ref}/review?at={item.code}")
    return found


def _quote(text: str, item: Item) -> list[tuple[str, bool]]:
    """The sentence around the target's own words."""
    if not 0 <= item.start < item.end <= len(text):
        return []
    ends = "。；！？\n"
    first = max((text.rfind(c, max(0, item.start - _AROUND), item.start) for c in ends), default=-1)
    start = first + 1 if first >= 0 else max(0, item.start - _AROUND)
    stops = [text.find(c, item.end - 1, item.end + _AROUND) for c in ends]
    end = min((s + 1 for s in stops if s >= 0), default=min(len(text), item.end + _AROUND))
    shown = plan_text.Passage(text[start:end], start, end, len(text))
    return list(plan_text.pieces(shown, [(item.start, item.end)]))


def _components(ask: Asked, found: Standing, records: Sequence[Evidence]) -> list[Shown]:
    by_seq = {r.seq: r for r in records}
    made = []
    for each in found.reading.components:
        part, behind = each, by_seq.get(each.seq)
        run = behind.run if behind and _may_open(ask, behind.run) else ""
        if behind and part.kind == "figure" and not run:
            # A figure of one's own data names its site, which is no business of others.
            part = replace(part, subject=ask.t("plans.elsewhere"))
        made.append(
            Shown(
                part, run, _signed(behind, shown=bool(run)) if behind else "",
                tuple(behind.files) if behind else (), behind.retracted if behind else "",
                behind is not None and behind.target == found.item.ref,
            )
        )  # fmt: skip
    return made


def _signed(behind: Evidence, *, shown: bool) -> str:
    """Who recorded it; not the run where the reader may not see that."""
    own = behind.kind == "run" or not behind.run
    return behind.by if own or shown else ""


def _may_open(ask: Asked, run: str) -> bool:
    if not run:
        return False
    try:
        return record.visible(record.get(ask.store, run), ask.who.covers)
    except UsageError:
        return False


def _figure(ask: Asked, plan: Plan, chart: Chart | None, found: Standing) -> Figure | None:
    """The chart with the addresses of its table as files."""
    if chart is None:
        return None
    where = f"/plans/{plan.ref}/targets/{found.item.code}/readings"
    made, on = figure_of(chart, ask.lang, key=found.item.code), found.reading.on
    return replace(made, csv=f"{where}.csv?on={on}", xlsx=f"{where}.xlsx?on={on}")


def _chart(
    plan: Plan,
    found: Standing,
    records: Sequence[Evidence],
    milestones: Sequence[Milestone],
) -> Chart | None:
    """The readings over time beside what is expected and the aim; None where there are none."""
    item, rule = found.item, found.reading.rule
    points = readings.series(item, rule, records, on=found.reading.on)
    if not points:
        return None
    goal = goal_of(item, plan, rule=rule, milestones=milestones)
    way = _way(goal)
    lines = [_line("cli.plan.reading", points, "ours", "step" if len(points) > 1 else "dot")]
    if len(way) > 1:
        lines.append(_line("plans.expected_way", way, "trivial", "line"))
    unit = str(item.values["unit"])
    up = not goal.down and min(v for _, v in (*points, *way)) >= 0
    when = Axis(_named("plans.day"), kind="time", zone=ZONE.key)
    return Chart(
        kind="line", title=_named("plans.series"), x=when,
        y=Axis(plain(item.name), unit, low=0.0 if up else None), table=_table(points, unit),
        series=tuple(lines), source=_source(plan),
        marks=(Mark("horizontal", _named("cli.plan.goal"), goal.aim, role="limit"),),
    )  # fmt: skip


def _source(plan: Plan) -> Words:
    """Where the readings and the aim come from."""
    named = {"ref": plan.ref, "title": plan.title, "number": plan.doc_no}
    zh, en = (words.say("plans.series_source", lang=lang, **named) for lang in ("zh", "en"))
    return Words(zh=zh.rstrip(), en=en.rstrip())


def _way(goal: Goal) -> list[tuple[date, float]]:
    """From where the goal starts, over its milestones, to the aim; without what is not known."""
    base = goal.baseline if goal.baseline is not None else 0.0 if goal.counts else None
    first = [] if goal.start is None or base is None or goal.yearly else [(goal.start, base)]
    last = [(goal.deadline, goal.aim)] if goal.deadline and not goal.yearly else []
    return [*first, *goal.milestones, *last]


def _table(points: Sequence[tuple[date, float]], unit: str) -> Table:
    fields = (
        Field(_named("plans.day"), kind="time", zone=ZONE.key),
        Field(_named("cli.plan.reading"), unit),
    )
    return Table(fields, tuple((_moment(day), value) for day, value in points), len(points))


def _line(key: str, points: Sequence[tuple[date, float]], role: Role, shape: Shape) -> Series:
    x, y = tuple(_moment(d) for d, _ in points), tuple(v for _, v in points)
    return Series(_named(key), x, y, role, shape)


def _named(key: str) -> Words:
    """The console's text in both languages."""
    return Words(zh=words.say(key, lang="zh"), en=words.say(key, lang="en"))


def _moment(day: date) -> float:
    return midnight(day).timestamp()
