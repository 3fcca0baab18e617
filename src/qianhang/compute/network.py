"""Whose plant it is and what it holds: operators, pools, chips in stock, links between pools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from qianhang.core import schema
from qianhang.core.errors import UsageError
from qianhang.core.manifest import Words

__all__ = [
    "Health",
    "Lending",
    "Link",
    "Network",
    "Operator",
    "Pool",
    "PueReading",
    "Stock",
    "load",
]

Health = Literal["up", "suspect", "lost", "draining"]


@dataclass(frozen=True, slots=True)
class Operator:
    """A legal entity that runs pools.

    related : ids of organisations and operators that are its related parties
    account : where its settlements are paid
    """

    id: str
    name: Words
    account: str = ""
    contact: str = ""
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PueReading:
    """Power usage effectiveness of a site, with the period that it holds for and its source.

    start, end : first and last day, ISO; "" where the source gives none
    kind : metered over the period, designed, or assumed for a study
    """

    value: float
    source: str
    start: str = ""
    end: str = ""
    kind: Literal["metered", "design", "assumed"] = "metered"

    def __post_init__(self) -> None:
        if not self.value >= 1.0:
            raise ValueError(
                f"PUE {self.value:g} is below 1: a site uses at least what its racks do"
            )


@dataclass(frozen=True, slots=True)
class Stock:
    """Nodes of one size in a pool.

    flavour : id of a flavour
    price_fen : list price of a chip-hour, fen; live prices come from billing
    """

    flavour: str
    nodes: int
    chips_per_node: int
    price_fen: int = 0

    def __post_init__(self) -> None:
        if self.nodes < 1 or self.chips_per_node < 1:
            raise ValueError("stock needs at least one node of at least one chip")

    @property
    def chips(self) -> int:
        """Chips in all."""
        return self.nodes * self.chips_per_node


@dataclass(frozen=True, slots=True)
class Lending:
    """What owners keep and what others may borrow.

    owners : organisations whose jobs are the pool's own; empty: everybody's are
    nominal : share of the chips that owners can have back at any time
    cap : largest share of the chips that all others may hold at once
    notice_s : time between the notice and the taking back
    """

    owners: tuple[str, ...] = ()
    nominal: float = 1.0
    cap: float = 1.0
    notice_s: float = 600.0

    def __post_init__(self) -> None:
        if not (0 <= self.nominal <= 1 and 0 <= self.cap <= 1 and self.notice_s >= 0):
            raise ValueError("nominal and cap are shares from 0 to 1, notice_s is not negative")


@dataclass(frozen=True, slots=True)
class Pool:
    """An operator's plant at one site, behind one engine.

    site : the place whose meters count its energy, several pools perhaps; "" where it is one itself
    driver : the kind of engine that takes its tasks
    security : class of protection that the site holds (等保), 1 to 5
    zones : data zones that may be computed on here
    grid_g_kwh : carbon of a kWh from its grid, gCO2
    power_fen_kwh : price of a kWh, fen
    """

    id: str
    operator: str
    stock: tuple[Stock, ...]
    name: Words | None = None
    city: str = ""
    driver: Literal["local", "slurm", "ray", "kubernetes"] = "local"
    security: int = 2
    zones: tuple[str, ...] = ()
    pue: PueReading = PueReading(1.5, "assumed", kind="assumed")
    grid_g_kwh: float = 0.0
    power_fen_kwh: float = 0.0
    lending: Lending = Lending()
    health: Health = "up"
    site: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.security <= 5:
            raise ValueError(f"security class {self.security}, allowed: 1 to 5")
        if not self.stock:
            raise ValueError(f"pool {self.id} holds no chips")
        if len(self.site) > 40:
            raise ValueError(f"site {self.site!r} has {len(self.site)} letters, allowed: 40")

    @property
    def place(self) -> str:
        """The site that it stands at, itself where none is named."""
        return self.site or self.id

    @property
    def chips(self) -> int:
        """Chips of all flavours."""
        return sum(one.chips for one in self.stock)


@dataclass(frozen=True, slots=True)
class Link:
    """The line between two pools or zones, the same both ways.

    gbps : usable bandwidth, Gbit/s; ms : round trip
    """

    a: str
    b: str
    gbps: float
    ms: float = 0.0

    def __post_init__(self) -> None:
        if self.gbps <= 0 or self.ms < 0:
            raise ValueError("a link has a bandwidth above zero and no negative delay")

    def transfer_s(self, gigabytes: float) -> float:
        """Seconds to move that much, decimal GB."""
        return gigabytes * 8.0 / self.gbps + self.ms / 1000.0


@dataclass(frozen=True, slots=True)
class Network:
    """Operators, their pools and the links between them, as a TOML file holds them."""

    pools: tuple[Pool, ...]
    operators: tuple[Operator, ...] = ()
    links: tuple[Link, ...] = ()
    shares: Mapping[str, float] = field(default_factory=dict)
    engines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids = [pool.id for pool in self.pools]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"pool {twice[0]} is there twice")
        known = {one.id for one in self.operators}
        lost = [pool for pool in self.pools if known and pool.operator not in known]
        if lost:
            raise ValueError(f"pool {lost[0].id}: no operator {lost[0].operator!r} in the file")


def load(path: Path) -> Network:
    """The network of a TOML file.

    Raises UsageError QH532 naming the place, what was found, what is allowed.
    """
    table = schema.read_toml(path, error=UsageError, code="QH532")
    return schema.read(Network, table, where=path.name, error=UsageError, code="QH532")
