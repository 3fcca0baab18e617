"""What would be saved if small loads at wasteful sites moved to better ones that have room."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

__all__ = ["Move", "Site", "moves"]

YEAR_H = 8760.0


@dataclass(frozen=True, slots=True)
class Site:
    """A place with its load.

    it_kw : mean power of its racks, kW; rated_kw : what its chips draw at full load, kW
    grid_g_kwh : gCO2 a kWh of its grid; power_fen_kwh : fen a kWh
    """

    id: str
    pue: float
    it_kw: float
    rated_kw: float
    grid_g_kwh: float = 0.0
    power_fen_kwh: float = 0.0

    @property
    def share(self) -> float:
        """Load over what it can bear; 1 where that is not known."""
        return self.it_kw / self.rated_kw if self.rated_kw > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Move:
    """The whole load of one site taken over by another, and what a year of that saves.

    kwh, kg, fen : of a year, below zero where the other grid is dirtier or dearer
    """

    site: str
    to: str
    it_kw: float
    pue: float
    to_pue: float
    kwh: float
    kg: float
    fen: int


def moves(sites: Iterable[Site], *, limit: float, small: float = 0.5) -> tuple[Move, ...]:
    """Moves that save energy, the most wasteful site first, each site in one move at most.

    limit : sites at or below this PUE stay; small : and those with a larger share of load
    Each goes to the lowest PUE that has room for all of it; what a site takes over is gone from
    its room. PUE is taken as it is: with less or more load it would be another.
    """
    left = {one.id: one for one in sites}
    found: list[Move] = []
    for name in sorted(left, key=lambda n: (-left[n].pue, n)):
        site = left[name]
        done = {move.to for move in found}
        if site.pue <= limit or site.share > small or name in done or not site.it_kw > 0:
            continue
        gone = {move.site for move in found}
        better = [
            one for one in left.values()
            if one.id not in gone and one.pue < site.pue and one.rated_kw - one.it_kw >= site.it_kw
        ]  # fmt: skip
        if not better:
            continue
        best = min(better, key=lambda one: (one.pue, one.id))
        found.append(_move(site, best))
        left[best.id] = replace(best, it_kw=best.it_kw + site.it_kw)
    return tuple(found)


def _move(site: Site, best: Site) -> Move:
    """A year of the site's load at the other place."""
    year = site.it_kw * YEAR_H
    here, there = year * site.pue, year * best.pue
    kg = (here * site.grid_g_kwh - there * best.grid_g_kwh) / 1000.0
    fen = round(here * site.power_fen_kwh - there * best.power_fen_kwh)
    return Move(site.id, best.id, site.it_kw, site.pue, best.pue, here - there, kg, fen)
