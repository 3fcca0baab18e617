"""Scales: a value's place in pixels, and ticks that a person would have chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from qianhang.charts import number
from qianhang.core.words import Lang, say

__all__ = ["Scale", "Tick", "fit", "ticks"]

_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
# Calendar steps in seconds up to a week, then months.
_STEPS = (60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 1209600)
_MONTHS = (1, 3, 6, 12, 24, 60, 120)
_LOGS = ((1, 1.25, 1.6, 2, 2.5, 3, 4, 5, 6.3, 8), (1, 1.4, 2, 3, 4, 5, 7), (1, 2, 5), (1, 3), (1,))
_EASE = 0.8  # a step a little short of the wanted one: labels that would touch are left out later


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis; strong: the first of its day, month or year."""

    value: float
    label: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from low to high on pixels from start to stop."""

    low: float
    high: float
    start: float
    stop: float
    log: bool = False

    def at(self, value: float) -> float:
        """The pixel of `value`, held within the plot with a margin outside it."""
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(max(value, 1e-12))
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + min(max(share, -0.05), 1.05) * (self.stop - self.start)

    def holds(self, value: float) -> bool:
        """Whether the value lies on the axis."""
        slack = (self.high - self.low) * 1e-9
        return self.low - slack <= value <= self.high + slack


def step_for(low: float, high: float, count: int) -> float:
    """A round step that cuts low..high into about `count` parts."""
    raw = (high - low) / max(count, 1)
    if raw <= 0 or not math.isfinite(raw):
        return 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    return next(n * power for n in _NICE if n * power >= raw * 0.999)


def fit(low: float, high: float, *, count: int = 5, zero: bool = False) -> tuple[float, float]:
    """The range widened to round ends, so that the first and last ticks are its borders."""
    if zero and low > 0:
        low = 0.0
    if zero and high < 0:
        high = 0.0
    if not low < high:
        pad = abs(low) * 0.1 or 1.0
        low, high = low - pad, high + pad
    step = step_for(low, high, count)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def ticks(
    scale: Scale,
    kind: Literal["number", "log", "time"],
    *,
    count: int,
    lang: Lang,
    zone: str = "",
    whole: bool = False,
) -> tuple[Tick, ...]:
    """Ticks with labels, in order; `whole` allows whole numbers only."""
    if kind == "time":
        return _time(scale, count, zone, lang)
    if kind == "log":
        return _log(scale, count)
    step = step_for(scale.low, scale.high, count)
    if whole:
        step = 5 * step / 2.5 if step % 1 and step > 1 else max(step, 1.0)
    first = math.ceil(scale.low / step - 1e-9)
    last = math.floor(scale.high / step + 1e-9)
    largest = max(abs(scale.low), abs(scale.high))
    values = [i * step for i in range(first, last + 1)]
    if whole and scale.low >= 1000 and scale.high < 10000:
        # Years, and other counts of four figures, need no separator.
        return tuple(Tick(v, f"{v:.0f}") for v in values)
    return tuple(Tick(v, number.tick(v, step, lang=lang, largest=largest)) for v in values)


def _log(scale: Scale, count: int) -> tuple[Tick, ...]:
    decades = range(math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)) + 1)
    for parts in _LOGS:
        values = [p * 10.0**d for d in decades for p in parts]
        inside = [v for v in values if scale.holds(v)]
        if len(inside) <= max(count, 2) + 1:
            return tuple(Tick(v, number.exact(v)) for v in inside)
    return tuple(Tick(v, number.exact(v)) for v in inside[:: max(1, len(inside) // count)])


def _time(scale: Scale, count: int, zone: str, lang: Lang) -> tuple[Tick, ...]:
    raw = (scale.high - scale.low) / max(count, 1)
    local = number.zone(zone)
    start = datetime.fromtimestamp(scale.low, local)
    step = next((s for s in _STEPS if s >= raw * _EASE), None)
    if step is None:
        found = _months(scale, start, raw / 2_629_746, lang)
        return found if len(found) > 1 else _days(scale, start, 14, lang)
    finer = [s for s in _STEPS if s <= step]
    while finer:
        at = finer.pop()
        days, clock = at // 86400, at % 86400
        found = _hours(scale, start, clock, lang) if clock else _days(scale, start, days, lang)
        if len(found) > 1:
            break
    return found


def _days(scale: Scale, start: datetime, days: int, lang: Lang) -> tuple[Tick, ...]:
    when = start.replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    while when.timestamp() <= scale.high:
        if scale.holds(when.timestamp()):
            label = number.day(when, lang=lang)
            found.append(Tick(when.timestamp(), label, when.weekday() == 0))
        # Wall-clock addition: a day is a day also when the clocks change.
        when = when + timedelta(days=days)
    return tuple(found)


def _hours(scale: Scale, start: datetime, step: int, lang: Lang) -> tuple[Tick, ...]:
    when = start.replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    while when.timestamp() <= scale.high:
        if scale.holds(when.timestamp()):
            midnight = when.hour == when.minute == 0
            label = number.day(when, lang=lang) if midnight else f"{when:%H:%M}"
            found.append(Tick(when.timestamp(), label, midnight))
        when = when + timedelta(seconds=step)
    return tuple(found)


def _months(scale: Scale, start: datetime, raw: float, lang: Lang) -> tuple[Tick, ...]:
    step = next((m for m in _MONTHS if m >= raw * _EASE), _MONTHS[-1])
    index = (start.year * 12 + start.month - 1) // step * step
    found: list[Tick] = []
    while True:
        when = datetime(index // 12, index % 12 + 1, 1, tzinfo=start.tzinfo)
        if when.timestamp() > scale.high:
            return tuple(found)
        if scale.holds(when.timestamp()):
            whole = step % 12 == 0
            label = (
                say("chart.year", lang=lang, year=when.year)
                if whole
                else number.month(when, lang=lang)
            )
            found.append(Tick(when.timestamp(), label, when.month == 1))
        index += step
