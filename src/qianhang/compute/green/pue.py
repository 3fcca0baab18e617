"""PUE of sites over twelve months, weighted by energy, from their meters by month."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.compute.door import plant
from qianhang.compute.door.moments import stamp
from qianhang.compute.green import tables
from qianhang.compute.green.meters import Metered, next_month, read
from qianhang.core.day import day_of
from qianhang.core.errors import UsageError

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["LIMIT", "Rolling", "above", "add", "current", "months", "papers", "rolling", "series"]

# What Jiangxi's plan to 2030 asks of new and rebuilt sites.
LIMIT = 1.25
_YEAR = 12
_TABLE = tables.meter


@dataclass(frozen=True, slots=True)
class Rolling:
    """A site's energy over the twelve months that end with `month`.

    months : how many of the twelve are there; a PUE of fewer is none of a year
    start, end : first day of the earliest and last day of the last of them, ISO
    """

    site: str
    month: str
    months: int
    total_kwh: float
    it_kwh: float
    start: str
    end: str
    source: str

    @property
    def value(self) -> float:
        """Total over racks, so that each month weighs as much as it used."""
        return self.total_kwh / self.it_kwh

    @property
    def whole(self) -> bool:
        """Whether all twelve months are there."""
        return self.months == _YEAR

    @property
    def hours(self) -> float:
        """Hours of the months that are there; months between that are not told count too."""
        days = date.fromisoformat(self.end) - date.fromisoformat(self.start)
        return (days.days + 1) * 24.0


def add(
    store: Store, site: str, raw: bytes, *, name: str, source: str, by: str, at: datetime
) -> tuple[Metered, ...]:
    """The months of a CSV file kept for a site; what was told of a month before is replaced.

    The file is kept, and placing and charging go by the new figure from now on.
    Raises UsageError for a site that no pool stands at or where `by` is no name, ContractError as
    `meters.read` does.
    """
    known = sorted({one.pool.place for one in plant.pools(store)})
    if site not in known:
        raise UsageError(
            "QH538", f"no pool stands at the site {site[:40]!r}",
            hint=f"sites: {', '.join(known) or 'none; join a pool first'}",
        )  # fmt: skip
    if not 0 < len(by.strip()) <= 80:
        raise UsageError("QH538", f"meters of {site}: found no name, or one of over 80 letters",
                         hint="--by names who brings the file")  # fmt: skip
    found = read(raw, site=site, source=source, today=day_of(at), name=name)
    file = store.files.put(raw)
    with store.write() as tx:
        tx.take_turns()
        for one in found:
            where = (_TABLE.c.site == site) & (_TABLE.c.month == one.month)
            tx.execute(sa.delete(_TABLE).where(where))
        signed = {"file": file, "by": by, "at": stamp(at)}
        tx.execute(sa.insert(_TABLE), [asdict(one) | signed for one in found])
        newest = _current(_read(tx.connection))
        plant.set_pue(tx, {site: _told(one) for site, one in newest.items()}, by=by, at=at)
        told = {one.month: [one.total_kwh, one.it_kwh] for one in found}
        payload = {"months": told, "source": source, "by": by, "files": {"meters": file}}
        tx.append("compute.pue", site, payload=payload, at=at)
    return found


def _told(one: Rolling) -> dict[str, object]:
    return {
        "value": one.value, "source": f"{one.source} ({one.months}/{_YEAR})"[:200],
        "start": one.start, "end": one.end, "kind": "metered",
    }  # fmt: skip


def months(store: Store, site: str = "") -> tuple[Metered, ...]:
    """What the meters told, by site and month; of one site where given."""
    with store.read() as connection:
        return _read(connection, site)


def papers(store: Store) -> Mapping[tuple[str, str], tuple[str, str]]:
    """Site and month -> sha256 of the file that told it, and who brought that."""
    query = sa.select(_TABLE.c.site, _TABLE.c.month, _TABLE.c.file, _TABLE.c.by)
    with store.read() as connection:
        return {(row.site, row.month): (row.file, row.by) for row in connection.execute(query)}


def _read(connection: sa.Connection, site: str = "") -> tuple[Metered, ...]:
    names = tuple(Metered.__slots__)
    query = sa.select(*(_TABLE.c[n] for n in names)).order_by(_TABLE.c.site, _TABLE.c.month)
    if site:
        query = query.where(_TABLE.c.site == site)
    return tuple(Metered(*row) for row in connection.execute(query))


def rolling(found: Sequence[Metered], month: str) -> Rolling | None:
    """The twelve months of one site that end with this one; None where none of them is there."""
    since = next_month(month, 1 - _YEAR)
    own = sorted((m for m in found if since <= m.month <= month), key=lambda m: m.month)
    if not own:
        return None
    last = own[-1].month
    days = calendar.monthrange(int(last[:4]), int(last[5:]))[1]
    sources = dict.fromkeys(m.source for m in own if m.source)
    return Rolling(
        own[0].site, month, len(own), sum(m.total_kwh for m in own), sum(m.it_kwh for m in own),
        f"{own[0].month}-01", f"{last}-{days:02d}", ", ".join(sources),
    )  # fmt: skip


def series(found: Iterable[Metered]) -> tuple[Rolling, ...]:
    """For each month that a site told, the twelve that end with it; by site and month."""
    every = list(found)
    own: dict[str, list[Metered]] = {}
    for one in every:
        own.setdefault(one.site, []).append(one)
    told = ((own[one.site], one.month) for one in sorted(every, key=lambda m: (m.site, m.month)))
    return tuple(each for months, month in told if (each := rolling(months, month)) is not None)


def current(store: Store) -> Mapping[str, Rolling]:
    """Site -> the twelve months that end with the last one it told."""
    return _current(months(store))


def _current(found: Sequence[Metered]) -> dict[str, Rolling]:
    return {one.site: one for one in series(found)}


def above(found: Mapping[str, Rolling], limit: float = LIMIT) -> tuple[Rolling, ...]:
    """Sites above the limit, the worst first, those with less than a year among them."""
    wrong = [one for one in found.values() if one.value > limit]
    return tuple(sorted(wrong, key=lambda one: (-one.value, one.site)))
