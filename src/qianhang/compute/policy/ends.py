"""The runs of a rack by their expected end, kept in order only while somebody asks for it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qianhang.compute.policy.entry import Entry

__all__ = ["End", "Ends"]

_NEVER = float("inf")

End = tuple[float, int, "Entry"]


class Ends:
    """Runs in order of expected end, then of start.

    runs : those of the rack, in order of start
    ranked : the same in order; None where that is not kept: more came and went than there are
        since somebody last asked, so that a fresh sort is the cheaper
    """

    __slots__ = ("_moves", "_turn", "ranked", "runs")

    def __init__(self, runs: Mapping[Entry, None]) -> None:
        self.runs = runs
        self.ranked: list[End] | None = None
        self._moves = self._turn = 0

    def add(self, run: Entry) -> None:
        """One more run, of the last start."""
        if self.ranked is not None:
            run.turn = self._turn
            self._turn += 1
            insort(self.ranked, (run.end, run.turn, run))
            self._moved()

    def remove(self, run: Entry) -> None:
        """The run is over."""
        if self.ranked is not None:
            del self.ranked[bisect_left(self.ranked, (run.end, run.turn))]
            self._moved()

    def _moved(self) -> None:
        self._moves += 1
        if self._moves > len(self.runs) + 16:
            self.ranked = None

    def _rank(self) -> list[End]:
        self._moves = 0
        if self.ranked is None:
            for turn, run in enumerate(self.runs):
                run.turn = turn
            self._turn = len(self.runs)
            self.ranked = sorted([(run.end, run.turn, run) for run in self.runs])
        return self.ranked

    def expected(self, now: float, overrun: float) -> Iterable[End]:
        """Each run with its end as far as one can tell now, soonest first."""
        ranked = self._rank()
        late = bisect_right(ranked, (now, _NEVER))
        if not late:
            return ranked
        told = [(run.expected(now, overrun), turn, run) for _, turn, run in ranked[:late]]
        return merge(sorted(told), islice(ranked, late, None))

    def foresee(self, now: float, overrun: float) -> None:
        """Runs that should have ended by now are expected at a later end from here on."""
        ranked = self._rank()
        late = ranked[: bisect_right(ranked, (now, _NEVER))]
        del ranked[: len(late)]
        for _, turn, run in late:
            run.end = run.expected(now, overrun)
            insort(ranked, (run.end, turn, run))

    def until(self, at: float) -> Iterator[Entry]:
        """Runs that are expected to end by then."""
        ranked = self._rank()
        for _, _, run in islice(ranked, bisect_right(ranked, (at, _NEVER))):
            yield run
