"""Price lists as pages show them: what holds on a day, and one flavour's hours side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from qianhang.billing import prices
from qianhang.billing.prices import Price, in_force
from qianhang.charts import Chart
from qianhang.charts.chart import Axis, Field, Series, Table
from qianhang.compute.flavour import flavours
from qianhang.core.manifest import Words
from qianhang.web import words
from qianhang.web.asked import Asked
from qianhang.web.views.payers import Names

__all__ = ["Listed", "chart", "flavour_name", "listed", "plain", "table"]

_ROLES = ("ours", "practice", "published", "trivial", "actual", "other")


@dataclass(frozen=True, slots=True)
class Listed:
    """A price and where it stands on the day: now, ended, over (another took its place), coming."""

    price: Price
    state: str

    @property
    def yuan(self) -> str:
        """Yuan a unit, plain digits."""
        return plain(self.price.yuan)


def plain(value: Decimal | str) -> str:
    """A price in plain digits: two decimals, more only where they say something."""
    whole, _, rest = f"{Decimal(value):f}".partition(".")
    return f"{int(whole):,}.{rest.rstrip('0'):0<2}"


def listed(
    ask: Asked, *, at: datetime, operator: str = "", flavour: str = ""
) -> tuple[Listed, ...]:
    """Every published price, of one operator or flavour where given, by flavour and operator."""
    every = prices.prices(ask.store, operator=operator, flavour=flavour)
    ordered = sorted(every, key=lambda p: (p.flavour, p.operator, p.pool, p.since))
    return tuple(Listed(p, _state(p, every, at)) for p in ordered)


def _state(price: Price, every: Sequence[Price], at: datetime) -> str:
    if price.since > at:
        return "coming"
    if price.until is not None and price.until <= at:
        return "ended"
    same = [
        p for p in every
        if (p.operator, p.flavour, p.pool, p.category, p.meter)
        == (price.operator, price.flavour, price.pool, price.category, price.meter)
    ]  # fmt: skip
    return "now" if in_force(same, price.pool, at) is price else "over"


def flavour_name(name: str, lang: str) -> str:
    """The chip's name, or the id of what is no chip."""
    found = flavours().get(name)
    return name if found is None else found.name.en if lang == "en" else found.name.zh


def chart(found: Sequence[Listed], names: Names, *, at: datetime) -> Chart | None:
    """Yuan a card-hour over the hours of the day, a line for each price that holds; None for none.

    found : of one flavour
    """
    held = [one.price for one in found if one.state == "now" and one.price.unit == "card_hour"]
    if not held:
        return None
    hours = tuple(float(h) for h in range(25))
    lines = []
    for number, price in enumerate(held):
        day = at - timedelta(days=1)  # rates go by the clock alone; any day serves
        rates = [price.rate(_hour(day, price, min(h, 23))) for h in range(25)]
        role = _ROLES[min(number, len(_ROLES) - 1)]
        y = tuple(float(rate) for rate in rates)
        lines.append(Series(_called(price, names), hours, y, role, "step"))  # type: ignore[arg-type]  # roles of the tuple above
    heads = (Field(_named("prices.hour"), "h"), *(Field(s.name, "CNY/card_hour") for s in lines))
    rows = tuple((float(h), *(s.y[h] for s in lines)) for h in range(24))
    return Chart(
        kind="line", title=_named("prices.by_hour"),
        x=Axis(_named("prices.hour"), "h", low=0.0, high=24.0),
        y=Axis(_named("prices.price"), "CNY/card_hour", low=0.0), series=tuple(lines),
        table=Table(heads, rows, len(rows)), source=_named("prices.source"),
    )  # fmt: skip


def _hour(day: datetime, price: Price, hour: int) -> datetime:
    from zoneinfo import ZoneInfo

    return day.astimezone(ZoneInfo(price.zone)).replace(hour=hour, minute=0, second=0)


def _called(price: Price, names: Names) -> Words:
    zh, en = (names.of("operator", price.operator, lang) for lang in ("zh", "en"))
    more = f" {price.pool}" if price.pool else ""
    return Words(zh=f"{zh}{more}", en=f"{en}{more}")


def table(found: Sequence[Listed], names: Names, lang: str) -> Table:
    """The list with every field, for a file; money as exact text."""
    heads = (
        "flavour", "operator", "pool", "unit", "price", "list_price", "hours", "fee", "since",
        "until", "version", "state",
    )  # fmt: skip
    rows = tuple(_row(one, names, lang) for one in found)
    return Table(tuple(Field(_named(f"prices.{h}"), kind="text") for h in heads), rows, len(rows))


def _row(one: Listed, names: Names, lang: str) -> tuple[str, ...]:
    p = one.price
    bands = "; ".join(f"{b.begin}-{b.end} {b.yuan:f}" for b in p.bands)
    until = p.until.isoformat() if p.until else ""
    return (
        p.flavour, names.of("operator", p.operator, lang), p.pool, p.unit, f"{p.yuan:f}",
        f"{p.list_yuan:f}", bands, f"{p.fee:f}", p.since.isoformat(), until, p.id,
        words.say(f"prices.state_{one.state}", lang="en" if lang == "en" else "zh"),
    )  # fmt: skip


def _named(key: str) -> Words:
    return Words(zh=words.say(key, lang="zh"), en=words.say(key, lang="en"))
