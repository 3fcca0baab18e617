"""Tables of indicators: a header with years, a row for each indicator."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qianhang.plan.document import Baseline, Target
from qianhang.plan.reading.amounts import Amount, amounts
from qianhang.plan.reading.fold import Folded
from qianhang.plan.reading.outline import Heading
from qianhang.plan.reading.passages import Passage

__all__ = ["tabled"]

_YEAR = re.compile(r"(20[0-4]\d)")
_AIM = re.compile(r"目标|预期|规划值|到20|年底")
_ACTUAL = re.compile(r"实际|现状|基期|基准|基数|完成值|已")
_NAME = re.compile(r"指标|名称|项目|内容")
_UNIT = re.compile(r"^(?:计量)?单位$")
_NUMBER = re.compile(r"^[<>≥≤约达到超过不低于高少近]*\d[\d,.]*[^\t]*$")
_IN_NAME = re.compile(r"\(([^()]{1,8})\)\s*$")
_ORDER = re.compile(r"^\(?\d{1,3}\)?[.、]?$|^[一二三四五六七八九十]+、?$")


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column holds what; base is -1 where no earlier value is printed."""

    name: int
    unit: int
    aims: tuple[tuple[int, int | None], ...]
    base: int
    base_year: int | None


def tabled(
    folded: Folded, found: Sequence[Passage], headings: Sequence[Heading], *, since: int | None
) -> tuple[list[Target], frozenset[int]]:
    """The targets of the tables of indicators, and the passages that are their rows."""
    targets: list[Target] = []
    rows: set[int] = set()
    columns: _Columns | None = None
    for i, passage in enumerate(found):
        if "\t" not in passage.text:
            columns = None
            continue
        cells = passage.text.split("\t")
        header = _columns(cells, since)
        if header is not None:
            columns = header
            rows.add(i)
        elif columns is not None:
            rows.add(i)
            section = headings[passage.heading].path if passage.heading >= 0 else ""
            targets += _row(folded, passage, cells, (columns, section))
    return targets, frozenset(rows)


def _columns(cells: Sequence[str], since: int | None) -> _Columns | None:
    """The columns that a header row announces, None where it is no such header."""
    if any(re.search(r"[。;]", c) or len(c.strip()) > 24 for c in cells):
        return None
    dated = [(i, int(m[1])) for i, c in enumerate(cells) if (m := _YEAR.search(c))]
    aimed = [i for i, c in enumerate(cells) if _AIM.search(c) and not _NAME.fullmatch(c.strip())]
    name = next((i for i, c in enumerate(cells) if _NAME.search(c) and i not in aimed), None)
    if name is None or not (dated or aimed):
        return None
    if not dated:
        return _Columns(name, _unit_column(cells), ((aimed[0], None),), -1, None)
    last = max(y for _, y in dated)
    start = since if since is not None else (last if len(dated) > 1 else 0)
    past = [(i, y) for i, y in dated if y < start or _ACTUAL.search(cells[i])]
    if not past:
        past = [(i, y) for i, y in dated[:1] if y == start < last and not _AIM.search(cells[i])]
    aims = tuple((i, y) for i, y in dated if (i, y) not in past)
    if not aims:
        return None
    base, year = past[-1] if past else (-1, None)
    return _Columns(name, _unit_column(cells), aims, base, year)


def _unit_column(cells: Sequence[str]) -> int:
    return next((i for i, c in enumerate(cells) if _UNIT.match(c.strip())), -1)


def _row(
    folded: Folded, passage: Passage, cells: Sequence[str], told: tuple[_Columns, str]
) -> Iterator[Target]:
    columns, section = told
    name = _name(cells, columns)
    if not name:
        return
    unit = cells[columns.unit].strip(" /—–-") if 0 <= columns.unit < len(cells) else ""
    if not unit and (inside := _IN_NAME.search(name)):
        unit, name = inside[1], name[: inside.start()].strip()
    for column, year in columns.aims:
        if column >= len(cells) or not (amount := _value(cells[column])):
            continue
        start = passage.at[0] + sum(len(c) + 1 for c in cells[:column])
        yield Target(
            id="",
            section=section,
            indicator=name,
            comparator=amount.comparator,
            value=amount.value,
            unit=amount.unit or unit,
            deadline=year,
            span=folded.quote(start, start + len(cells[column])),
            start=start,
            end=start + len(cells[column]),
            baseline=_base(cells, columns),
        )


def _name(cells: Sequence[str], columns: _Columns) -> str:
    """The indicator's name: its column, or the next where a merged cell shifts the row."""
    for cell in cells[columns.name : columns.aims[0][0]]:
        text = re.sub(r"^\(?\d{1,2}\)?[.、]", "", cell.strip())
        if text and not _ORDER.match(text) and not _NUMBER.match(text):
            return text
    return ""


def _value(cell: str) -> Amount | None:
    """The amount in a cell; the unit may stand in its own column."""
    text = re.sub(r"\s", "", cell)
    if not _NUMBER.match(text):
        return None
    found = amounts(text)
    if found:
        return found[0]
    bare = re.sub(r"(\d)(?=$|以上|以下|以内|左右|\[|\()", r"\1个", text, count=1)
    found = amounts(bare)
    if not found:
        return None
    first = found[0]
    return Amount(
        first.start, first.end, first.first, first.last, first.low, first.high,
        "", "", first.comparator, first.reached, first.spelt,
    )  # fmt: skip


def _base(cells: Sequence[str], columns: _Columns) -> Baseline | None:
    if not 0 <= columns.base < len(cells):
        return None
    amount = _value(cells[columns.base])
    return Baseline(columns.base_year, amount.low) if amount else None
