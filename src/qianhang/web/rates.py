"""How many requests an account or address may send: a bucket of tokens for each.

Where one process answers alone its memory holds the buckets; where several do, on one host or
many, the store does (`Shared`), and each process borrows a few tokens at a time.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from qianhang.access import buckets
from qianhang.core.errors import StoreError
from qianhang.store import Store

__all__ = ["PER_MINUTE", "Limiter", "Rates", "Shared", "Taken"]

_LOG = logging.getLogger(__name__)
# What an account may send in a minute, all at once or spread, where nobody says otherwise.
PER_MINUTE = 1200
_MOST = 20_000
# A process borrows this share of the limit at once: for fifty requests the store is asked once or
# twice, and what another process cannot have meanwhile is two in a hundred.
_SHARE, _HELD_S = 50, 60.0
_SWEEP = timedelta(minutes=10)


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
    """Buckets by name, in the memory of one process.

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


@dataclass(frozen=True, slots=True)
class _Loan:
    """What this process may spend of a bucket until a moment; nothing where it was refused."""

    tokens: int
    left: int
    until: float


class Shared:
    """Buckets in the store, which all processes over it draw from as if they were one.

    name : of this limit among others; clock : the time in UTC
    A store that cannot be written leaves each process with buckets of its own.
    """

    def __init__(
        self, store: Store, per_minute: int, *, name: str, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._limit, self._name, self._clock = store, per_minute, name, clock
        self._alone = Rates(per_minute, clock=lambda: clock().timestamp())
        self._most = max(1, per_minute // _SHARE)
        self._lock = threading.Lock()
        self._loans: dict[str, _Loan] = {}
        self._swept = clock()

    def take(self, who: str) -> Taken:
        """Count one request of `who`; a refused one costs nothing."""
        now = self._clock()
        with self._lock:
            taken = self._from_loan(who, now.timestamp())
        return taken or self._borrowed(who, now)

    def _from_loan(self, who: str, at: float) -> Taken | None:
        """The request counted by what was lent before; None where the store must be asked."""
        loan = self._loans.get(who)
        if loan is None or loan.until <= at:
            return None
        if not loan.tokens:
            return self._told(loan.left, wait_s=max(1, math.ceil(loan.until - at)))
        self._loans[who] = _Loan(loan.tokens - 1, loan.left, loan.until)
        if loan.tokens == 1:
            del self._loans[who]
        return self._told(loan.left + loan.tokens - 1)

    def _borrowed(self, who: str, now: datetime) -> Taken:
        """The request counted by asking the store."""
        try:
            lent = buckets.borrow(
                self._store, f"{self._name} {who}", limit=self._limit, most=self._most, now=now
            )
            self._sweep(now)
        except StoreError as cause:
            _LOG.warning("limits are counted here alone: %s", cause)
            return self._alone.take(who)
        at, wait_s = now.timestamp(), lent.wait_ms / 1000
        loan = _Loan(max(0, lent.tokens - 1), lent.left, at + (wait_s or _HELD_S))
        with self._lock:
            if len(self._loans) > _MOST:
                self._loans = {}
            if loan.tokens or wait_s:
                self._loans[who] = loan
        return self._told(lent.left + loan.tokens, wait_s=math.ceil(wait_s))

    def _sweep(self, now: datetime) -> None:
        """Now and then, drop the buckets that have long been full."""
        if now - self._swept >= _SWEEP:
            self._swept = now
            buckets.forget(self._store, before=now - _SWEEP)

    def _told(self, left: int, *, wait_s: int = 0) -> Taken:
        reset = math.ceil((self._limit - left) * 60 / self._limit)
        return Taken(self._limit, left, reset, wait_s)


@dataclass(frozen=True, slots=True)
class Limiter:
    """Makes limits; store : where several processes count together, None where one is alone."""

    store: Store | None
    clock: Callable[[], datetime]

    def of(self, name: str, per_minute: int) -> Rates | Shared:
        """The limit of this name."""
        if self.store is None:
            return Rates(per_minute)
        return Shared(self.store, per_minute, name=name, clock=self.clock)
