"""How many requests one account or address may send: a bucket of tokens for each."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["PER_MINUTE", "Rates", "Taken", "share"]

# What an account may send in a minute, all at once or spread, where nobody says otherwise.
PER_MINUTE = 1200
_MOST = 20_000


def share(limit: int, workers: int) -> int:
    """What each of `workers` processes may let through, so that all together keep to the limit.

    Rounded up, so that together they may exceed it by less than one request a worker.
    """
    return max(1, -(-limit // workers))


@dataclass(frozen=True, slots=True)
class Taken:
    """One request counted: what the limit is, what is left, and when there is more.

    reset_s : seconds until the bucket is full again; wait_s : until the next request, 0 if now
    """

    limit: int
    remaining: int
    reset_s: int
    wait_s: int

    @property
    def refused(self) -> bool:
        """Whether this request came too early."""
        return self.wait_s > 0

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says of it."""
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_s),
        }
        return told | {"Retry-After": str(self.wait_s)} if self.refused else told


class Rates:
    """Buckets by name, in the memory of one process: several share a limit, see `share`.

    per_minute : requests a minute, and at once
    """

    def __init__(
        self, per_minute: int = PER_MINUTE, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if per_minute < 1:
            raise ValueError("a limit is at least one request a minute")
        self._limit, self._clock = per_minute, clock
        self._lock = threading.Lock()
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, who: str) -> Taken:
        """Count one request of `who`; a refused one costs nothing."""
        now, per_s = self._clock(), self._limit / 60
        with self._lock:
            level, at = self._levels.get(who, (float(self._limit), now))
            level = min(float(self._limit), level + (now - at) * per_s)
            wait = 0 if level >= 1 else max(1, math.ceil((1 - level) / per_s))
            left = level if wait else level - 1
            self._levels[who] = (left, now)
            if len(self._levels) > _MOST:
                self._forget(now, per_s)
        reset = math.ceil((self._limit - left) / per_s)
        return Taken(self._limit, math.floor(left), reset, wait)

    def _forget(self, now: float, per_s: float) -> None:
        """Drop the buckets that are full again, and where that is not enough all of them."""
        kept = {
            who: (level, at)
            for who, (level, at) in self._levels.items()
            if level + (now - at) * per_s < self._limit
        }
        self._levels = kept if len(kept) <= _MOST else {}
