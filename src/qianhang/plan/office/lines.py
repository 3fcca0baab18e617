"""The ledger as the lines of an office's table: one for each target, one for a task without any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from qianhang.core.words import LANGUAGES, Lang, say
from qianhang.plan.office.wording import aim, figure, state_words

if TYPE_CHECKING:
    from qianhang.plan.items import Item
    from qianhang.plan.office.agenda import Note
    from qianhang.plan.standing import Standing

__all__ = ["COLUMNS", "EDITABLE", "Line", "by_convention", "holders", "lines", "names"]

COLUMNS = (
    "number", "section", "task", "indicator", "aim", "unit", "due", "lead", "support", "value",
    "grade", "state", "note", "span", "id",
)  # fmt: skip
# What a person may change in the sheet; for a task without a target not the first three.
EDITABLE = ("aim", "unit", "value", "due", "lead", "support", "note")


@dataclass(frozen=True, slots=True)
class Line:
    """One line, everything as it is shown; `id` is the item's reference, P1.T3."""

    number: str
    section: str
    task: str
    indicator: str
    aim: str
    unit: str
    due: str
    lead: str
    support: str
    value: str
    grade: str
    state: str
    note: str
    span: str
    id: str

    def cells(self) -> dict[str, str]:
        """Column -> text."""
        return asdict(self)


def lines(
    every: Sequence[Item],
    *,
    standings: Iterable[Standing] = (),
    notes: Mapping[str, Note] | None = None,
    lang: Lang = "zh",
) -> tuple[Line, ...]:
    """The lines of a plan's items in the order of its text; what was rejected is left out.

    notes : item code -> the last note on it
    """
    kept = [i for i in every if i.state != "rejected" and not i.pending]
    by_code = {s.item.code: s for s in standings}
    targets = [i for i in kept if i.kind == "target"]
    measured = {i.section for i in targets}
    tasks = [i for i in kept if i.kind == "task" and not _measured(i, measured)]
    order = sorted([*targets, *tasks], key=lambda i: (i.start < 0, i.start, i.code))
    return tuple(
        _line(item, n, kept, lang=lang, standing=by_code.get(item.code), notes=notes or {})
        for n, item in enumerate(order, start=1)
    )


def holders(item: Item, every: Iterable[Item]) -> tuple[Item, ...]:
    """The items whose units answer for an item: itself where it has some, else its section, else
    the nearest one above; a task and its section that name the same units go together.
    """
    kept = [i for i in every if i.state != "rejected" and not i.pending]
    path = item.section
    if any(item.values.get("units", {}).values()):
        return _same(item, kept, path)
    while path:
        own = [i for i in kept if i.kind == "section" and i.section == path]
        if own and (any(own[0].values["units"].values()) or "." not in path):
            return _same(own[0], kept, path)
        path = path.rpartition(".")[0]
    return (item,) if "units" in item.values else ()


def names(text: str) -> list[str]:
    """The units in a cell, without the mark of convention."""
    for shown in _marks():
        text = text.replace(shown, "")
    for mark in ",，;；\n":
        text = text.replace(mark, "、")
    return [name.strip() for name in text.split("、") if name.strip()]


def by_convention(text: str) -> bool:
    """Whether a cell says that its unit leads by convention alone."""
    return any(shown in text for shown in _marks())


def _marks() -> tuple[str, ...]:
    return tuple(say("office.convention", lang=lang).strip() for lang in LANGUAGES)


def _same(holder: Item, kept: Iterable[Item], path: str) -> tuple[Item, ...]:
    units = holder.values["units"]
    return tuple(
        i
        for i in kept
        if i.kind in ("section", "task") and i.section == path and i.values["units"] == units
    )


def _measured(task: Item, sections: Iterable[str]) -> bool:
    """Whether a target stands in the task's section or below it; hand-added tasks have none."""
    own = task.section
    return bool(own) and any(s == own or s.startswith(f"{own}.") for s in sections)


def _line(
    item: Item,
    number: int,
    kept: Sequence[Item],
    *,
    lang: Lang,
    standing: Standing | None,
    notes: Mapping[str, Note],
) -> Line:
    values: Mapping[str, Any] = item.values
    target = item.kind == "target"
    lead, support, mark = _units(item, kept, lang)
    value, grade, state = _progress(standing, item, lang)
    deadline = values.get("deadline")
    return Line(
        number=str(number),
        section=item.section,
        task=_task(item, kept),
        indicator=values["indicator"] if target else "",
        aim=aim(values) if target else "",
        unit=values["unit"] if target else "",
        due=("" if deadline is None else str(deadline)) if target else values["due"],
        lead="、".join(lead) + mark,
        support="、".join(support),
        value=value,
        grade=grade,
        state=state,
        note=notes[item.code].text if item.code in notes else "",
        span=" ".join(item.span.split()),
        id=item.ref,
    )


def _task(item: Item, kept: Iterable[Item]) -> str:
    """The task's title: its own, or that of the section in which a target stands."""
    if item.kind == "task":
        return item.name
    titles = {(i.kind, i.section): i.name for i in kept if i.kind in ("task", "section")}
    path = item.section
    while path:
        for kind in ("section", "task"):
            if (kind, path) in titles:
                return titles[kind, path]
        path = path.rpartition(".")[0]
    return ""


def _units(item: Item, kept: Sequence[Item], lang: Lang) -> tuple[list[str], list[str], str]:
    """Who leads and who supports; where no leader is printed the first of those named leads, and
    is marked so."""
    found = holders(item, kept)
    units = found[0].values["units"] if found else {}
    lead, others = list(units.get("lead", ())), list(units.get("responsible", ()))
    mark = "" if lead or not others else say("office.convention", lang=lang)
    if not lead:
        lead, others = others[:1], others[1:]
    return lead, others + [u for u in units.get("support", ()) if u not in others], mark


def _progress(standing: Standing | None, item: Item, lang: Lang) -> tuple[str, str, str]:
    """Value, grade and state; a claim is shown, as a claim, where no evidence gives a value."""
    if standing is None:
        draft = item.kind == "target" and item.state == "draft"
        return "", "", say("office.state.draft", lang=lang) if draft else ""
    reading = standing.reading
    state = state_words(standing.state, lang)
    if reading.value is None and reading.claimed is not None:
        return figure(reading.claimed), "D", state
    return figure(reading.value), standing.grade, state
