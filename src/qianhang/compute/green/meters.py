"""A site's meters by month, as files tell them: every row checked, every fault with its place."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NoReturn

from qianhang.core.errors import ContractError, Place

__all__ = ["Metered", "next_month", "read"]

_MOST_BYTES = 1_000_000
_MOST_PUE = 10.0
_HEADS: Mapping[str, tuple[str, ...]] = {
    "month": ("month", "月份", "年月"),
    "total_kwh": ("total_kwh", "总用电量", "总用电量(kwh)", "总用电"),
    "it_kwh": ("it_kwh", "it用电量", "it用电量(kwh)", "it用电", "信息设备用电量(kwh)"),
    "source": ("source", "来源"),
}
_MONTH = re.compile(r"(20\d\d)(?:[-/.年]?)(0?[1-9]|1[0-2])月?")


@dataclass(frozen=True, slots=True)
class Metered:
    """A site's meters over a month of China, such as 2026-03.

    total_kwh : energy at the site's own meter, kWh, at least it_kwh
    it_kwh : energy at the racks, kWh, above zero
    """

    site: str
    month: str
    total_kwh: float
    it_kwh: float
    source: str = ""

    @property
    def pue(self) -> float:
        """Total over racks."""
        return self.total_kwh / self.it_kwh


def next_month(month: str, count: int = 1) -> str:
    """The month so many later, earlier where below zero."""
    number = int(month[:4]) * 12 + int(month[5:7]) - 1 + count
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def read(raw: bytes, *, site: str, source: str, today: date, name: str) -> tuple[Metered, ...]:
    """The months of a CSV file with the columns month, total_kwh, it_kwh and perhaps source.

    source : whose meters they are, where a row does not say; name : of the file, for messages
    Raises ContractError naming file, row and field: no month, one told twice or not over yet, no
    number, a site that uses less than its racks, or more than ten times as much.
    """
    table = _Table(name, site, source, f"{today:%Y-%m}")
    if len(raw) > _MOST_BYTES:
        table.refuse(0, "", f"{len(raw):,} bytes", f"at most {_MOST_BYTES:,}")
    lines = csv.reader(io.StringIO(_text(raw, table), newline=""))
    columns: dict[str, int] = {}
    found: dict[str, Metered] = {}
    try:
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = table.columns(cells, lines.line_num)
                continue
            one = table.row(cells, columns, lines.line_num)
            if one.month in found:
                table.refuse(lines.line_num, "month", f"{one.month} again", "each month once")
            found[one.month] = one
    except csv.Error as cause:
        table.refuse(lines.line_num, "", str(cause), "CSV")
    if not found:
        table.refuse(0, "", "no month", "a row a month: month,total_kwh,it_kwh")
    return tuple(found[month] for month in sorted(found))


def _text(raw: bytes, table: _Table) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    table.refuse(0, "", "bytes that are neither UTF-8 nor GB18030", "a text file")


@dataclass(frozen=True, slots=True)
class _Table:
    """The file in hand, for its messages."""

    name: str
    site: str
    source: str
    this_month: str

    def refuse(self, row: int, field: str, found: str, expected: str) -> NoReturn:
        """Raises ContractError with the place."""
        where = "".join((f", row {row}" if row else "", f", field {field}" if field else ""))
        place = Place(self.name, field, row, found=found[:60], expected=expected)
        raise ContractError(
            "QH539", f"{self.name}{where}: found {found[:60]}, expected {expected}", place=place
        )

    def columns(self, cells: Sequence[str], row: int) -> dict[str, int]:
        """Which column holds what."""
        plain = [re.sub(r"\s", "", c).replace("（", "(").replace("）", ")").lower() for c in cells]
        found = {
            name: plain.index(next(a for a in known if a in plain))
            for name, known in _HEADS.items()
            if any(a in plain for a in known)
        }
        absent = [name for name in ("month", "total_kwh", "it_kwh") if name not in found]
        if absent:
            self.refuse(row, absent[0], ", ".join(cells) or "nothing", "a column of this name")
        return found

    def row(self, cells: Sequence[str], columns: Mapping[str, int], row: int) -> Metered:
        """One month."""
        told = {n: cells[at].strip() if at < len(cells) else "" for n, at in columns.items()}
        month = _MONTH.fullmatch(told["month"])
        if month is None:
            self.refuse(row, "month", repr(told["month"]), "a month such as 2026-03")
        text = f"{month[1]}-{int(month[2]):02d}"
        if text >= self.this_month:
            self.refuse(row, "month", text, "a month that is over")
        total = self._kwh(told["total_kwh"], row, "total_kwh")
        it = self._kwh(told["it_kwh"], row, "it_kwh")
        if it <= 0:
            self.refuse(row, "it_kwh", f"{it:g} kWh", "more than 0")
        if not it <= total <= it * _MOST_PUE:
            much = f"{it:,.6g} (it_kwh) to {it * _MOST_PUE:,.6g} kWh"
            self.refuse(row, "total_kwh", f"{total:,.6g} kWh", much)
        return Metered(self.site, text, total, it, (told.get("source") or self.source)[:200])

    def _kwh(self, text: str, row: int, field: str) -> float:
        try:
            value = float(text.replace(",", ""))
        except ValueError:
            value = math.nan
        if not 0 <= value < 1e12:
            self.refuse(row, field, repr(text), "a number of kWh")
        return value
