"""What a job prints, live: its pool is asked once for all who watch, from where each one stands."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from starlette.concurrency import run_in_threadpool

from qianhang.compute.door import attempts, jobs
from qianhang.compute.door.attempts import Attempt
from qianhang.compute.door.engines import Engines, Patience
from qianhang.core.errors import PoolUnavailable, UsageError
from qianhang.store import Store

__all__ = ["JobLogs", "Piece"]

_EVERY_S, _BEAT_S = 0.5, 15.0
_PIECE = 64 * 1024
_TAIL = 4 * _PIECE  # of a longer log whoever comes is shown the end
_EPOCH = 2**40  # an event's number: the attempt's epoch and how many bytes of it have been sent


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of what an attempt printed.

    text : whole characters; skipped : bytes left out before it; size : bytes of the text
    away : whether the pool could not be asked
    """

    text: str = ""
    skipped: int = 0
    size: int = 0
    away: bool = False


@dataclass(frozen=True, slots=True)
class _Stand:
    """A job as it was when it was last looked at; mark : all that its page shows of it."""

    state: str
    open: bool
    attempt: Attempt | None
    mark: tuple[object, ...]


@dataclass
class _Watched:
    """One job that somebody watches, and what was read of it since the last look."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    followers: int = 0
    at: float = float("-inf")
    stand: _Stand | None = None
    pieces: dict[tuple[str, int], Piece] = field(default_factory=dict)


class JobLogs:
    """Reads jobs' logs from their pools.

    Nothing is kept here: a reader that comes back, to this server or to another, goes on where it
    stopped.
    """

    def __init__(self, store: Store, home: Path) -> None:
        self._store, self._home = store, home
        self._engines: Engines | None = None
        self._making = threading.Lock()
        self._watched: dict[str, _Watched] = {}
        self._closed = False

    def close(self) -> None:
        """Let everybody go, in the loop that serves them: they come back, to whoever answers."""
        self._closed = True

    def whole(self, attempt: Attempt, *, start: int = 0) -> bytes:
        """Everything that the attempt printed from byte `start` on.

        Raises PoolUnavailable where its pool cannot be asked.
        """
        with self._making:
            engines = self._engines = self._engines or Engines(self._store, self._home, Patience())
        return engines.log(attempt, start=start)

    def piece(
        self, attempt: Attempt, start: int, *, tail: bool = False, over: bool = False
    ) -> Piece:
        """The next part of what the attempt printed, 64 KiB at most.

        tail : of a long log the end alone; over : whether nothing more comes, so that what is left
        of a character is shown too
        """
        try:
            fresh = self.whole(attempt, start=start)
        except PoolUnavailable:
            self._engines = None  # its settings may have been put right
            return Piece(away=True)
        skipped = max(0, len(fresh) - _PIECE) if tail and len(fresh) > _TAIL else 0
        part = fresh[skipped : skipped + _PIECE]
        if not over or len(fresh) > skipped + _PIECE:
            part = part[: _whole(part)]
        text = part.decode("utf8", "replace").replace("\0", "")
        return Piece(text, skipped, len(part))

    async def follow(self, job: str, *, after: int = 0) -> AsyncIterator[bytes]:
        """Server-sent events until the job has ended: what it prints, and each change of it.

        after : the number of the last event that the reader has
        """
        yield b"retry: 2000\n\n"
        watched = self._watched.setdefault(job, _Watched())
        watched.followers += 1
        try:
            async for told in self._told(job, watched, after):
                yield told
        finally:
            watched.followers -= 1
            if not watched.followers:
                self._watched.pop(job, None)

    async def _told(self, job: str, watched: _Watched, after: int) -> AsyncIterator[bytes]:
        (epoch, at), quiet, away = divmod(after, _EPOCH), 0.0, False
        mark: tuple[object, ...] = ()
        while not self._closed:
            stand = await self._look(job, watched)
            if stand is None:
                return
            found = Piece()
            if stand.attempt is not None:
                if stand.attempt.epoch != epoch:
                    epoch, at = stand.attempt.epoch, 0
                found = await self._read(watched, stand, at)
            if found.size:
                at += found.skipped + found.size
                yield _log(epoch * _EPOCH + at, found)
            if stand.mark != mark or found.away != away:
                mark, away = stand.mark, found.away
                yield _state(stand, away=away)
            if found.size:
                quiet = 0.0
                continue
            if not stand.open:
                yield _state(stand, away=away, over=True)
                return
            await asyncio.sleep(_EVERY_S)
            quiet += _EVERY_S
            if quiet >= _BEAT_S:
                quiet = 0.0
                yield b": beat\n\n"

    async def _look(self, job: str, watched: _Watched) -> _Stand | None:
        """The job as it stands, looked at once for everybody who watches it."""
        clock = asyncio.get_running_loop().time
        async with watched.lock:
            if clock() - watched.at >= _EVERY_S * 0.9:
                watched.stand = await run_in_threadpool(self._stand, job)
                watched.pieces.clear()
                watched.at = clock()
            return watched.stand

    async def _read(self, watched: _Watched, stand: _Stand, start: int) -> Piece:
        attempt = stand.attempt
        if attempt is None:
            return Piece()
        key = (attempt.token, start)
        async with watched.lock:
            if key not in watched.pieces:
                watched.pieces[key] = await run_in_threadpool(
                    self.piece, attempt, start, tail=not start, over=not stand.open
                )
            return watched.pieces[key]

    def _stand(self, job: str) -> _Stand | None:
        try:
            kept = jobs.get(self._store, job)
        except UsageError:
            return None
        made = attempts.of(self._store, job)
        last = made[-1] if made else None
        mark = (kept.state, kept.cancel, *((a.token, a.state, a.metered) for a in made))
        return _Stand(kept.state, kept.open, last, mark)


def _whole(part: bytes) -> int:
    """How many bytes of the part are whole characters: the last one may still be on its way."""
    for back in range(1, min(4, len(part)) + 1):
        lead = part[-back]
        if lead & 0xC0 != 0x80:
            needs = 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2 if lead >= 0xC0 else 1
            return len(part) - back if needs > back else len(part)
    return len(part)


def _log(number: int, piece: Piece) -> bytes:
    told = {"step": "text", "note": piece.text, "skipped": piece.skipped}
    return b"id: %d\ndata: %b\n\n" % (number, orjson.dumps(told))


def _state(stand: _Stand, *, away: bool, over: bool = False) -> bytes:
    told = {"step": "job", "state": stand.state, "away": away, "over": over}
    return b"data: %b\n\n" % orjson.dumps(told)
