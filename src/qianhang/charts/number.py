"""Numbers, units and times as a reader of each language writes them."""

from __future__ import annotations

import functools
import math
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from qianhang.core.words import Lang, catalogue, say

__all__ = [
    "amount",
    "exact",
    "fixed",
    "moment",
    "percent",
    "shared",
    "tick",
    "unit",
    "years",
    "zone",
]

_NOTHING = 1e-12  # what rounding leaves of nought
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_SYMBOLS = {"degC": "°C", "degF": "°F", "ug/m3": "µg/m³", "mH2O": "mH₂O", "1": ""}


def unit(name: str, *, lang: Lang) -> str:
    """A contract's unit as printed: m3/h is m³/h, CNY/d is 元/天 or CNY/d; "" for a bare number."""
    if name in _SYMBOLS:
        return _SYMBOLS[name]
    texts = catalogue(lang)
    if f"unit.{name}" in texts:
        return texts[f"unit.{name}"]
    return "/".join(_atom(part, texts) for part in name.split("/"))


def _atom(part: str, texts: dict[str, str]) -> str:
    if f"unit.{part}" in texts:
        return texts[f"unit.{part}"]
    stem = part.rstrip("0123456789")
    tail = part[len(stem) :]
    return stem + tail.translate(_RAISED) if stem in ("m", "km", "cm", "mm") and tail else part


def exact(value: float, *, digits: int = 4) -> str:
    """A number for a table: thousands separators, `digits` significant digits below 1,000."""
    if not math.isfinite(value):
        return "–"
    if abs(value) < _NOTHING:
        return "0"
    if float(value).is_integer() and abs(value) < 1e15:
        return _minus(f"{value:,.0f}")
    size = math.floor(math.log10(abs(value)))
    if size < -4:
        mantissa = value / 10.0**size
        return _minus(f"{mantissa:.{max(digits - 2, 1)}f}×10{str(size).translate(_RAISED)}")
    decimals = max(digits - 1 - size, 0)
    text = f"{value:,.{min(decimals, 8)}f}"
    return _minus(text.rstrip("0").rstrip(".") if "." in text else text)


def fixed(value: float) -> str:
    """A number with decimals that line up in a column: two below 10, one below 100."""
    decimals = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return _minus(f"{value:,.{decimals}f}")


def amount(value: float, unit_: str = "", *, lang: Lang, digits: int = 3) -> str:
    """A headline figure with its unit: 12,345,678 CNY is 1,235万元 or 12.3 million CNY."""
    if not math.isfinite(value):
        return "–"
    shown = _scaled(value, _steps("chart.large", lang), digits)
    name = unit(unit_, lang=lang)
    if not name:
        return shown
    glue = "" if name in ("%", "‰") or (lang == "zh" and ord(name[0]) > 0x2E7F) else " "
    return f"{shown}{glue}{name}"


@functools.cache
def _steps(key: str, lang: Lang) -> tuple[tuple[float, str], ...]:
    """Size and its word, largest first, as in the catalogue: `1e9= billion;1e6= million`."""
    pairs = (part.split("=") for part in say(key, lang=lang).split(";"))
    return tuple((float(size), name) for size, name in pairs)


def _scaled(value: float, steps: tuple[tuple[float, str], ...], digits: int) -> str:
    for size, name in steps:
        if abs(value) >= size:
            return exact(round(value / size, _decimals(value / size, digits))) + name
    if abs(value) >= 100:
        return exact(float(round(value, max(_decimals(value, digits), 0))))
    return exact(value, digits=digits)


def _decimals(value: float, digits: int) -> int:
    return max(digits - 1 - math.floor(math.log10(abs(value))), 0) if value else 0


def shared(largest: float, *, lang: Lang) -> tuple[float, str]:
    """The size that the labels of an axis up to `largest` are counted in, with its word."""
    for size, name in _steps("chart.short", lang):
        if largest >= size and (size > 1e4 or largest >= 1e5):
            return size, name
    return 1.0, ""


def tick(value: float, step: float, *, lang: Lang, largest: float = 0.0) -> str:
    """An axis label; `step` between ticks sets the decimals, `largest` the shared 万 or M."""
    size, name = shared(max(largest, abs(value)), lang=lang)
    return _minus(_fixed(value / size, step / size)) + (name if value else "")


def _fixed(value: float, step: float) -> str:
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    while decimals < 9 and step > 0 and abs(round(step, decimals) - step) > step * 1e-6:
        decimals += 1
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text


def percent(share: float, *, digits: int = 0) -> str:
    """0.503 as 50%."""
    return _minus(f"{share * 100:.{digits}f}%")


def zone(name: str) -> tzinfo:
    """The named time zone; UTC where no name is given."""
    return ZoneInfo(name) if name else UTC


def moment(seconds: float, zone_: str) -> str:
    """A local date and time, without the time at midnight or seconds at a whole minute."""
    when = datetime.fromtimestamp(seconds, zone(zone_))
    if when.hour == when.minute == when.second == 0:
        return f"{when:%Y-%m-%d}"
    return f"{when:%Y-%m-%d %H:%M:%S}" if when.second else f"{when:%Y-%m-%d %H:%M}"


def years(low: float, high: float, zone_: str, *, lang: Lang) -> str:
    """The year, or the first and last year, of a stretch of time."""
    date = datetime.fromtimestamp(low, zone(zone_)).date()
    first = date.year
    last = datetime.fromtimestamp(high, zone(zone_)).year
    if date == datetime.fromtimestamp(high, zone(zone_)).date():
        return f"{date}"
    year = str(first) if first == last else f"{first}–{last}"
    return say("chart.year", lang=lang, year=year)


def day(when: datetime, *, lang: Lang) -> str:
    """A date without its year: 7月3日 or 3 Jul."""
    return say("chart.day", lang=lang, day=when.day, month=_month(when, lang))


def month(when: datetime, *, lang: Lang) -> str:
    """A month with its year: 2014年7月 or Jul 2014."""
    return say("chart.month", lang=lang, month=_month(when, lang), year=when.year)


def _month(when: datetime, lang: Lang) -> str:
    return say("chart.months", lang=lang).split()[when.month - 1]


def _minus(text: str) -> str:
    return text.replace("-", "−", 1) if text.startswith("-") else text
