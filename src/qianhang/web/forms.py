"""Numbers, times, sums and sizes in the form that a reader of the language expects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from qianhang.charts.number import exact
from qianhang.core.day import clock, midnight
from qianhang.core.words import Lang
from qianhang.web import words

__all__ = ["Shown"]

_NONE = "–"


@dataclass(frozen=True, slots=True)
class Shown:
    """Values as text in one language; what is missing is a dash."""

    lang: Lang

    def number(self, value: float | None, digits: int = 4) -> str:
        """A figure with `digits` significant digits and thousands separated."""
        if value is None or not math.isfinite(value):
            return _NONE
        if value == int(value) and abs(value) < 1e15:
            return f"{int(value):,}"
        shown = f"{value:,.{digits}g}"
        if "e" in shown:
            shown = f"{value:,.0f}" if abs(value) >= 1 else exact(value, digits=digits)
        return shown

    def span(self, low: float | None, high: float | None, *, unit: str) -> str:
        """From `low` to `high`, years without separators; nothing where both are open."""
        if low is None and high is None:
            return ""
        shown = [
            self.number(v).replace(",", "") if unit in ("a", "yr") else self.number(v)
            for v in (low, high)
        ]
        if low is None:
            return f"≤ {shown[1]}"
        return f"≥ {shown[0]}" if high is None else " … ".join(shown)

    def percent(self, share: float | None) -> str:
        """A share of one as a percentage with one decimal."""
        return _NONE if share is None or not math.isfinite(share) else f"{share * 100:.1f}%"

    def money(self, yuan: Decimal | float | None) -> str:
        """A sum: 元, 万元 or 亿元 in Chinese, CNY with thousands or millions in English."""
        if yuan is None:
            return _NONE
        amount = Decimal(yuan)
        for key, factor in _STEPS[self.lang]:
            if abs(amount) >= factor or factor == 1:
                value = f"{amount / factor:,.2f}".rstrip("0").rstrip(".")
                return words.say(key, lang=self.lang, value=value)
        raise ValueError("the last step is one")

    def fen(self, amount: int | None) -> str:
        """An amount in fen as yuan to the fen, thousands separated, without its unit."""
        if amount is None:
            return _NONE
        sign = "-" if amount < 0 else ""
        return f"{sign}{abs(amount) // 100:,}.{abs(amount) % 100:02d}"

    def sum_of(self, amount: int | None) -> str:
        """An amount in fen as a sum of money, in the form that keeps it short."""
        return self.money(None if amount is None else Decimal(amount) / 100)

    def day(self, when: date | datetime | str | None) -> str:
        """A date in China."""
        moment = _moment(when)
        if moment is None:
            return _NONE
        key = "form.day"
        return words.say(key, lang=self.lang, y=moment.year, m=moment.month, d=moment.day)

    def month(self, text: str) -> str:
        """A month that is written down as 2026-03."""
        year, _, month = text.partition("-")
        return words.say("form.month", lang=self.lang, y=int(year), m=int(month))

    def time(self, when: datetime | str | None) -> str:
        """A time in China to the minute, with its date."""
        moment = _moment(when)
        return _NONE if moment is None else f"{moment:%Y-%m-%d %H:%M}"

    def seconds(self, value: float | None) -> str:
        """A duration in the unit that keeps it short."""
        if value is None:
            return _NONE
        for key, size in (("form.hours", 3600), ("form.minutes", 60)):
            if value >= 2 * size:
                return words.say(key, lang=self.lang, value=self.number(value / size, 3))
        return words.say("form.seconds", lang=self.lang, value=self.number(value, 3))

    def memory(self, mib: float | None) -> str:
        """Memory of so many MiB, in MiB or GiB."""
        if mib is None:
            return _NONE
        return f"{mib / 1024:.3g} GiB" if mib >= 1024 else f"{mib:.3g} MiB"

    def size(self, count: float | None) -> str:
        """A number of bytes in kB, MB or GB."""
        if count is None:
            return _NONE
        for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
            if count >= size:
                return f"{count / size:.3g} {unit}"
        return f"{count:g} B"


_STEPS: dict[Lang, tuple[tuple[str, Decimal], ...]] = {
    "zh": (("form.yi", Decimal(10**8)), ("form.wan", Decimal(10**4)), ("form.yuan", Decimal(1))),
    "en": (("form.million", Decimal(10**6)), ("form.yuan", Decimal(1))),
}


def _moment(when: date | datetime | str | None) -> datetime | None:
    if not when:
        return None
    if isinstance(when, str):
        try:
            when = datetime.fromisoformat(when)
        except ValueError:
            return None
    if isinstance(when, datetime):
        return clock(when)
    return midnight(when)
