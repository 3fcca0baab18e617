"""The chips of one size and flavour in one pool: what is free, what is held, who runs there."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp
from typing import TYPE_CHECKING

from qianhang.compute.network import Pool, Stock
from qianhang.compute.policy.ends import Ends

if TYPE_CHECKING:
    from qianhang.compute.policy.entry import Entry, Head, Klass, Reach

__all__ = ["Hold", "Rack"]

_FREE = float("inf")


class Hold:
    """Room that is kept for one job from `at` on: chips of a loose rack, or whole nodes."""

    __slots__ = ("at", "hard", "job", "made", "need", "needs", "nodes", "strict")

    def __init__(self, job: str, at: float, *, need: int, nodes: tuple[int, ...]) -> None:
        self.job, self.at, self.need, self.nodes = job, at, need, nodes
        self.needs: tuple[int, ...] = ()
        self.made, self.hard, self.strict = 0.0, False, False


class Rack:
    """A ledger of one stock; loose where jobs cannot leave gaps that another job cannot use.

    free : chips free; extra : of these, how many a job may take beyond the hold's time
    top : most free chips on one node, held nodes left out
    open : whether it is up and its pool keeps no room yet
    wanted, own_work : jobs that wait for this rack and can go nowhere else; chip-seconds of all
        such jobs so far, as estimated
    queued, counted : mean number of such jobs of late, and as of when, s
    levels : free chips -> nodes with just so many free, held nodes left out
    held : held node -> its free chips, and how many of them a job may take beyond the hold's time
    shared : chip in parts -> (node, hundredths free)
    """

    __slots__ = (
        "_told", "_told_at", "chips", "counted", "ends", "extra", "flavour", "free", "held", "hold",
        "index", "klasses", "levels", "loose", "node_free", "open", "own_since", "own_work",
        "owners", "pool", "queued", "reaches", "runs", "shared", "size", "top", "totals", "up",
        "wanted",
    )  # fmt: skip

    def __init__(self, pool: Pool, stock: Stock, index: int) -> None:
        self.pool, self.flavour, self.index = pool, stock.flavour, index
        self.size, self.chips = stock.chips_per_node, stock.chips
        self.loose = stock.nodes == 1 or stock.chips_per_node == 1
        self.free, self.extra = stock.chips, _FREE
        levels = 1 if self.loose else self.size + 1
        self.levels: list[dict[int, None]] = [{} for _ in range(levels)]
        self.node_free = [self.size] * stock.nodes
        if not self.loose:
            self.levels[self.size] = dict.fromkeys(range(stock.nodes))
        self.top = 0 if self.loose else self.size
        self.owners = frozenset(pool.lending.owners)
        self.held: dict[int, list[int]] = {}
        self.hold: Hold | None = None
        self.shared: dict[int, tuple[int, int]] = {}
        self.runs: dict[Entry, None] = {}
        self.ends = Ends(self.runs)
        self.klasses: list[Klass] = []
        self.reaches: list[Reach] = []
        self.totals: list[int] = []
        self.wanted, self.own_work, self.own_since = 0, 0.0, _FREE
        self.queued = self.counted = self._told = 0.0
        self._told_at = -_FREE
        self.up = self.open = pool.health == "up"

    def first(self) -> Head | None:
        """The job that is first in the order of those that the rack may take."""
        found = None
        for reach in self.reaches:
            if reach.stale:
                reach.renew()
            head = reach.first
            if head is not None and (found is None or head < found):
                found = head
        return found

    def fits(self, chips: int, replicas: int, *, short: bool) -> bool:
        """Whether so many replicas have room; short: they are gone before the hold's time."""
        if self.loose:
            room = self.free
            if not short and self.extra < room:
                room = self.extra  # type: ignore[assignment] # infinite only above room
            return chips * replicas <= room
        if replicas == 1:
            return self.top >= chips or any(
                self._room(h, short) >= chips for h in self.held.values()
            )
        return self.slots(chips, short=short) >= replicas

    def slots(self, chips: int, *, short: bool = True) -> int:
        """Replicas of so many chips that have room."""
        if self.loose:
            return self.free // chips
        found, levels = 0, self.levels
        for free in range(chips, self.top + 1):
            nodes = levels[free]
            if nodes:
                found += len(nodes) * (free // chips)
        if self.held:
            found += sum(self._room(h, short) // chips for h in self.held.values())
        return found

    @staticmethod
    def _room(held: list[int], short: bool) -> int:
        return held[0] if short else max(0, min(held))

    def own(self, chip_s: float, now: float) -> None:
        """One more job that can go nowhere else."""
        self.own_work += chip_s
        self.own_since = min(self.own_since, now)

    def want(self, more: int, now: float, memory_s: float) -> None:
        """So many more jobs, or fewer, wait that can go nowhere else."""
        if now > self.counted:
            self.queued, self.counted = self.crowd(now, memory_s) * self.chips, now
        self.wanted += more
        self._told_at = -_FREE

    def crowd(self, now: float, memory_s: float) -> float:
        """Such jobs that waited, a chip: a mean that forgets over memory_s."""
        if now != self._told_at:
            wanted, over = self.wanted, self.queued - self.wanted
            if over:
                over *= exp((self.counted - now) / memory_s)
            self._told_at, self._told = now, (wanted + over) / self.chips
        return self._told

    def pressure(self, now: float) -> float:
        """Share of the chips that such jobs have asked for so far, a day at least counted."""
        if not self.own_work:
            return 0.0
        return self.own_work / (self.chips * (now - self.own_since + 86400.0))

    def gap(self, chips: int) -> int:
        """Chips left over on the node that fits one replica best; the node's size where none."""
        if self.loose:
            return 0
        for free in range(chips, self.size + 1):
            if self.levels[free]:
                return free - chips
        return self.size

    def take(self, chips: int, replicas: int, *, short: bool) -> tuple[int, ...]:
        """The nodes of the replicas, now taken: fullest first, held ones last."""
        self.free -= chips * replicas
        if self.loose:
            if not short:
                self.extra -= chips * replicas
            return ()
        levels, node_free = self.levels, self.node_free
        found: list[int] = []
        free = chips
        while free <= self.top and len(found) < replicas:
            nodes = levels[free]
            if not nodes:
                free += 1
                continue
            node = nodes.popitem()[0]
            count = min(free // chips, replicas - len(found))
            found += [node] * count
            rest = free - chips * count
            node_free[node] = rest
            levels[rest][node] = None
        self._lower()
        if len(found) < replicas:
            found += self._take_held(chips, replicas - len(found), short=short)
        return tuple(found)

    def take_one(self, chips: int) -> tuple[int, ...]:
        """The node of one replica, now taken, where no node is held; none where it has no room."""
        self.free -= chips
        if chips > self.top:
            return ()
        levels, free = self.levels, chips
        while not levels[free]:
            free += 1
        node = levels[free].popitem()[0]
        rest = self.node_free[node] = free - chips
        levels[rest][node] = None
        top = self.top
        if free == top:
            while top and not levels[top]:
                top -= 1
            self.top = top
        return (node,)

    def _lower(self) -> None:
        top, levels = self.top, self.levels
        while top and not levels[top]:
            top -= 1
        self.top = top

    def _take_held(self, chips: int, replicas: int, *, short: bool) -> Iterator[int]:
        for node in sorted(self.held, key=lambda n: (self.held[n][0], n)):
            held = self.held[node]
            while replicas and self._room(held, short) >= chips:
                held[0] -= chips
                held[1] -= 0 if short else chips
                self.node_free[node] -= chips
                replicas -= 1
                yield node

    def give(self, chips: int, replicas: int, nodes: tuple[int, ...], end: float) -> None:
        """The chips of these replicas are free again; end: when they were expected to be."""
        self.free += chips * replicas
        levels, node_free, kept = self.levels, self.node_free, self.held
        for node in nodes:
            free = node_free[node]
            now_free = node_free[node] = free + chips
            if node in kept:
                held = kept[node]
                held[0] += chips
                if self.hold and end > self.hold.at:
                    held[1] += chips
            else:
                del levels[free][node]
                levels[now_free][node] = None
                self.top = max(self.top, now_free)
        if not levels[self.top]:
            self._lower()

    def fits_parts(self, part: int, replicas: int, *, short: bool) -> bool:
        """Whether so many replicas of a part of a chip, hundredths, have room."""
        room = sum(free // part for _, free in self.shared.values())
        if room >= replicas:
            return True
        whole = -(-(replicas - room) // (100 // part))
        return self.fits(1, whole, short=short)

    def take_parts(self, part: int, replicas: int, *, short: bool) -> tuple[int, ...]:
        """The shared chips of the replicas, now taken: fullest first, then chips newly shared."""
        found: list[int] = []
        for chip in sorted(self.shared, key=lambda c: (self.shared[c][1], c)):
            node, free = self.shared[chip]
            count = min(free // part, replicas - len(found))
            if count:
                self.shared[chip] = (node, free - count * part)
                found += [chip] * count
        while len(found) < replicas:
            node = next(iter(self.take(1, 1, short=short)), 0)
            chip = max(self.shared, default=-1) + 1
            count = min(100 // part, replicas - len(found))
            self.shared[chip] = (node, 100 - count * part)
            found += [chip] * count
        return tuple(found)

    def give_parts(self, part: int, shares: tuple[int, ...]) -> None:
        """Parts of these shared chips are free again; a chip nobody shares is whole again."""
        for chip in shares:
            node, free = self.shared[chip]
            self.shared[chip] = (node, free + part)
            if free + part == 100:
                del self.shared[chip]
                self.give(1, 1, () if self.loose else (node,), 0.0)

    def keep(self, hold: Hold) -> None:
        """Set the hold, in the place of one that may be there."""
        self.drop()
        self.hold = hold
        if self.loose:
            gone = sum([run.klass.total for run in self.ends.until(hold.at)])
            self.extra = self.free + gone - hold.need
        for node, need in zip(hold.nodes, hold.needs, strict=True):
            free = self.node_free[node]
            del self.levels[free][node]
            self.held[node] = [free, free - need]
        for run in self.ends.until(hold.at) if self.held else ():
            for node in run.nodes:
                if node in self.held:
                    self.held[node][1] += run.klass.chips
        self._lower()

    def drop(self) -> None:
        """Without a hold from here on."""
        self.hold, self.extra = None, _FREE
        for node, (free, _) in self.held.items():
            self.levels[free][node] = None
            self.top = max(self.top, free)
        self.held = {}
