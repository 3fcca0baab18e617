"""Sequential detection and localisation of additive sources behind a slowly known bias."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.detect.bias import BiasFilter
from qianhang.engines.detect.localise import cover, match, posterior, within_reach
from qianhang.engines.detect.source import Declared, Places, Plant, Settings, Source, Trace

__all__ = ["SourceTracker"]

Array = NDArray[np.float64]
_NOTABLE = 0.5  # change of size, in units of its usual spread, that casts doubt on the bias
_INEXACT = 0.1  # relative error of a response


class SourceTracker:
    """Opens, sizes, moves and closes sources, one period at a time, never looking ahead.

    bias, noise : (n, n) prior covariance of the lasting bias; covariance of a period's residual
    """

    def __init__(
        self, plant: Plant, places: Places, bias: Array, noise: Array, *, settings: Settings
    ) -> None:
        self.settings, self.places, self._plant = settings, places, plant
        self.sources: list[Source] = []
        self.declared: list[Declared] = []
        self.trace: list[Trace] = []
        self.events: list[tuple[object, ...]] = []
        self._bias = BiasFilter(bias, noise, drift=settings.drift, memory=settings.memory)
        self._coarse = cover(places.distance, places.reach / 3)
        self._near = places.distance <= places.reach * 0.9
        self._now = -1

    def known(self, *, without: Source | None = None) -> dict[int, float]:
        """Place -> size of the sources held open."""
        held: dict[int, float] = {}
        for source in self.sources:
            if source.open and source is not without:
                held[source.place] = held.get(source.place, 0.0) + source.size
        return held

    def step(self) -> list[Declared]:
        """Takes in the next period; the alarms that it brings."""
        self._now += 1
        for source in self.sources:
            source.sizes.append(source.size if source.open else 0.0)
        self._bias.push(*self._plant.residual(self._now, self.known()))
        before = len(self.declared)
        if self._now >= self.settings.first - 1:
            for _ in range(12):
                if not (self._close() or self._open()):
                    break
            self._move_some()
            self._declare()
        self._resize()
        self._bias.learn()
        return self.declared[before:]

    def _window(self, start: int, without: Source | None = None) -> tuple[Array, Array]:
        extra = None
        if without is not None:
            sizes = without.sizes[start - without.start :]
            extra = np.outer(sizes, without.response)
        difference, spread = self._bias.window(start, extra=extra)
        length = self._now + 1 - start
        for source in self.sources:
            if source.open and source is not without and source.start < start:
                free = min(self.settings.growth * length, 0.5 * max(source.size, 1.0))
                spread = spread + np.outer(source.response, source.response) * free**2
        seen = np.isfinite(difference)
        return difference, np.where(np.outer(seen, seen), spread, np.eye(len(spread)))

    def _starts(self) -> list[int]:
        lengths = set(self.settings.windows)
        if self._now < self.settings.memory:
            lengths.add(self._now + 1)
        return [self._now + 1 - n for n in sorted(lengths) if n <= self._now + 1]

    def _open(self) -> bool:
        coarse = self.places.responses[0][self._coarse]
        best, start, place, size = 0.0, -1, -1, 0.0
        for begin in self._starts():
            difference, spread = self._window(begin)
            seen = np.isfinite(difference)
            found = match(np.where(seen, difference, 0.0), coarse * seen, spread)
            top = int(found.ratio.argmax())
            if found.ratio[top] > best:
                best, start, place = float(found.ratio[top]), begin, int(self._coarse[top])
                size = float(found.size[top])
        self._note(best, place)
        if best < 0.7 * self.settings.open_at:
            return False
        ratio, sizes, response = self._scan(start, size)
        place = int(ratio.argmax())
        if ratio[place] < self.settings.open_at or sizes[place] < self.settings.least:
            return False
        count = self._now + 1 - start
        chance = posterior(ratio, temper=self.settings.temper)
        source = Source(place, start, self._now, response, chance, [float(sizes[place])] * count)
        self.sources.append(source)
        self._bias.add(start, -np.outer(source.sizes, response))
        self._bias.doubt(self._error(source, source.size))
        self.events.append((self._now, "open", place, start, source.size, ratio[place]))
        self._refresh(start)
        if start == 0:
            self._settle()
        return True

    def _error(self, source: Source, size: float) -> Array:
        """Covariance of what a source may do otherwise than its response says, (n, n).

        It may lie at a neighbour, or where the evidence still allows; and no response is exact.
        """
        near = self.places.distance[source.place] <= self.places.reach / 3
        share = 0.5 * source.chance + 0.5 * near / near.sum()
        rows = np.flatnonzero(share > 1e-3)
        off = self.places.at(source.size)[rows] - source.response
        spread: Array = (off.T * share[rows]) @ off
        spread += np.diag((_INEXACT * source.response) ** 2)
        return spread * size**2

    def _refresh(self, start: int) -> None:
        """Replaces what was added by straight line by what the plant itself says of today."""
        exact, _, _ = self._plant.residual(self._now, self.known())
        shift = np.nan_to_num(exact - self._bias.residuals[self._now])
        self._bias.add(start, np.tile(shift, (self._now + 1 - start, 1)))

    def _note(self, best: float, place: int) -> None:
        held = self.known()
        row = Trace(self._now, best, place, len(held), sum(held.values()))
        if self.trace and self.trace[-1].period == self._now:
            return
        self.trace.append(row)

    def _scan(
        self, start: int, size: float, without: Source | None = None
    ) -> tuple[Array, Array, Array]:
        """Log likelihood ratio and size at every place, and the best place's response."""
        difference, spread = self._window(start, without)
        seen = np.isfinite(difference)
        difference = np.where(seen, difference, 0.0)
        rough = match(difference, self.places.at(size) * seen, spread)
        top = np.argsort(-rough.ratio)[: self.settings.checked]
        exact = self._plant.responses(
            self._now,
            top.tolist(),
            sizes=np.clip(rough.size[top], 0.5, 60.0),
            known=self.known(without=without),
        )
        fine = match(difference, exact * seen, spread)
        ratio, sizes = rough.ratio.copy(), rough.size.copy()
        # A place that the plant was not asked about is shifted like its nearest one that was.
        near = self.places.distance[:, top].argmin(axis=1)
        ratio += (fine.ratio - rough.ratio[top])[near] - 1.0
        ratio[top], sizes[top] = fine.ratio, fine.size
        best = int(fine.ratio.argmax())
        ratio = np.minimum(ratio, fine.ratio[best])
        ratio[top[best]] += 1e-9
        return ratio, sizes, exact[best]

    def _settle(self) -> None:
        """Sources that were there from the start are placed anew, each beside the others."""
        for _ in range(3):
            moved = [self._move(s) for s in self.sources if s.open and s.start == 0]
            if not any(moved):
                return

    def _move_some(self) -> None:
        for source in self.sources:
            age = self._now - source.seen
            if (
                source.open
                and age in self.settings.ages
                and self._now - source.start < (self.settings.memory)
            ):
                self._move(source)

    def _move(self, source: Source) -> bool:
        mean = float(np.mean(source.sizes))
        ratio, sizes, response = self._scan(source.start, mean, without=source)
        place = int(ratio.argmax())
        source.chance = posterior(ratio, temper=self.settings.temper)
        if sizes[place] <= 0 or (
            place != source.place and ratio[place] - ratio[source.place] < 1.0
        ):
            return False
        moved = place != source.place
        old = np.outer(source.sizes, source.response)
        factor = float(np.clip(sizes[place] / max(mean, 0.05), 0.2, 5.0))
        source.sizes = [s * factor for s in source.sizes]
        source.place, source.response = place, response
        self._bias.add(source.start, old - np.outer(source.sizes, response))
        if moved:
            self._bias.doubt(self._error(source, source.size))
            self._refresh(source.start)
            self.events.append((self._now, "move", place, source.start, source.size))
        return moved

    def _close(self) -> bool:
        """Whether a source was found to have ended, and taken out from that period on."""
        best, ending, start = self.settings.close_at, None, 0
        for begin in range(max(self._now - 2, 0), self._now + 1):
            held = [s for s in self.sources if s.open and s.start < begin]
            if not held:
                continue
            difference, spread = self._window(begin)
            seen = np.isfinite(difference)
            responses = np.array([s.response for s in held]) * seen
            solved = np.linalg.solve(spread, responses.T)
            pull = solved.T @ np.where(seen, difference, 0.0)
            power = (solved * responses.T).sum(axis=0)
            sizes = np.array([s.size for s in held])
            gain = -sizes * pull - 0.5 * sizes**2 * power
            if gain.max() > best:
                best, ending, start = float(gain.max()), held[int(gain.argmax())], begin
        if ending is None:
            return False
        self._bias.doubt(self._error(ending, ending.size))
        back = self._now + 1 - start
        rows = np.outer(ending.sizes[-back:], ending.response)
        ending.sizes[-back:] = [0.0] * back
        ending.open = False
        self._bias.add(start, rows)
        self._refresh(start)
        self.events.append((self._now, "close", ending.place, start, best))
        return True

    def _resize(self) -> None:
        held = [s for s in self.sources if s.open]
        if not held:
            return
        difference, spread = self._bias.window(self._now)
        seen = np.isfinite(difference)
        columns = np.array([s.response for s in held]).T[seen]
        solved = np.linalg.solve(spread[np.ix_(seen, seen)], columns)
        inner = columns.T @ solved + np.eye(len(held)) / self.settings.growth**2
        change = np.linalg.solve(inner, solved.T @ difference[seen])
        for source, step in zip(held, change, strict=True):
            new = max(source.size + float(step), 0.0)
            source.open = new > self.settings.least / 4
            if abs(float(step)) > _NOTABLE * self.settings.growth:
                self._bias.doubt(self._error(source, float(step)))
            kept = new if source.open else 0.0
            self._bias.add(self._now, np.outer([source.size - kept], source.response))
            source.sizes[-1] = kept

    def _declare(self) -> None:
        for index, source in enumerate(self.sources):
            age = self._now - source.seen
            if not source.open or source.size < self.settings.worth or age < self.settings.settle:
                continue
            hit = within_reach(source.chance, self._near)
            best = source.place if hit[source.place] > hit.max() - 0.03 else int(hit.argmax())
            if self._worth_telling(source, hit, best, age) and not self._visited(best):
                source.said.append(best)
                self.declared.append(
                    Declared(self._now, best, source.start, source.size, float(hit[best]), index)
                )

    def _visited(self, place: int) -> bool:
        reach = self.places.reach / 2
        return any(
            self._now - a.period < self.settings.rest
            and self.places.distance[a.place, place] <= reach
            for a in self.declared
        )

    def _worth_telling(self, source: Source, hit: Array, best: int, age: int) -> bool:
        """Whether the place is sure enough, or an earlier alarm was sent to a wrong one."""
        sure = float(hit[best])
        if source.said:
            told = self.settings
            gone = hit[source.said[-1]] < told.stale
            return bool(gone and sure > told.again and len(source.said) < told.tries)
        if sure >= self.settings.sure:
            return True
        return age >= self.settings.patience and sure >= self.settings.likely
