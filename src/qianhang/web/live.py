"""Live progress: one look into the store for each ask that is watched, however many watch it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import orjson
from starlette.concurrency import run_in_threadpool

from qianhang.runs import asks, telling
from qianhang.runs.asks import Told
from qianhang.store import Store

__all__ = ["Live"]

_EVERY_S = 0.5
_BEAT_S = 15.0
_BACKLOG = 200


@dataclass(frozen=True, slots=True)
class _Piece:
    """Events as they were read, and as they are sent to everybody who has none of them yet."""

    events: Sequence[Told]
    text: bytes

    def after(self, last: int) -> bytes:
        """What somebody who has everything up to number `last` is sent."""
        if self.events[0].seq > last:
            return self.text
        return _written([e for e in self.events if e.seq > last])


@dataclass
class _Watched:
    """One ask that somebody watches: those who do, and how far it has been told."""

    last: int
    queues: set[asyncio.Queue[_Piece | None]] = field(default_factory=set)


class Live:
    """Tells everybody who watches an ask what happens to it, as server-sent events.

    The events lie in the store, so a reader that comes back, to this server or to another, goes on
    where it stopped.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watched: dict[str, _Watched] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def close(self) -> None:
        """Let everybody go, in the loop that serves them: they come back, to whoever answers."""
        self._closed = True
        for watched in self._watched.values():
            _pass_on(watched, None)

    async def follow(self, ask_id: str, *, after: int) -> AsyncIterator[bytes]:
        """Events after number `after`, then each as it comes, until the ask has ended."""
        yield b"retry: 2000\n\n"
        if self._closed:
            return
        queue: asyncio.Queue[_Piece | None] = asyncio.Queue(_BACKLOG)
        watched, last = self._join(ask_id, queue, after), after
        try:
            # The watcher may be past what we have: what lies in the store by now comes first.
            for piece in await run_in_threadpool(self._since, ask_id, after):
                yield piece.text
                last = piece.events[-1].seq
                if _over(piece.events):
                    return
            while (news := await _next(queue)) is not None:
                if isinstance(news, bytes):
                    yield news
                elif text := news.after(last):
                    yield text
                    last = news.events[-1].seq
                    if _over(news.events):
                        return
        finally:
            watched.queues.discard(queue)

    def _since(self, ask_id: str, after: int) -> list[_Piece]:
        found: list[_Piece] = []
        while news := asks.events(self._store, ask_id, after):
            found.append(_Piece(news, _written(news)))
            after = news[-1].seq
        return found

    def _join(self, ask_id: str, queue: asyncio.Queue[_Piece | None], last: int) -> _Watched:
        watched = self._watched.get(ask_id)
        if watched is None:
            watched = self._watched[ask_id] = _Watched(last)
            watched.queues.add(queue)
            task = asyncio.create_task(self._watch(ask_id, watched))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        watched.queues.add(queue)
        return watched

    async def _watch(self, ask_id: str, watched: _Watched) -> None:
        """Look again and again, while there is somebody to tell."""
        try:
            while watched.queues:
                for piece in await run_in_threadpool(self._since, ask_id, watched.last):
                    watched.last = piece.events[-1].seq
                    _pass_on(watched, piece)
                    if _over(piece.events):
                        return
                await asyncio.sleep(_EVERY_S)
        finally:
            del self._watched[ask_id]
            _pass_on(watched, None)


async def _next(queue: asyncio.Queue[_Piece | None]) -> _Piece | bytes | None:
    """What comes next; a sign of life where nothing comes for a while; None at the end."""
    try:
        return await asyncio.wait_for(queue.get(), _BEAT_S)
    except TimeoutError:
        return b": beat\n\n"


def _pass_on(watched: _Watched, piece: _Piece | None) -> None:
    """Give the piece to everybody; whoever does not read is let go, and comes back by itself."""
    for queue in tuple(watched.queues):
        if piece is None or queue.full():
            watched.queues.discard(queue)
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(None)
        else:
            queue.put_nowait(piece)


def _over(events: Sequence[Told]) -> bool:
    return any(e.step == telling.ASK and e.state in asks.ENDED for e in events)


def _written(events: Sequence[Told]) -> bytes:
    return b"".join(
        b"id: %d\ndata: %b\n\n"
        % (
            e.seq,
            orjson.dumps(_shown(e)),
        )
        for e in events
    )


def _shown(told: Told) -> dict[str, object]:
    return {
        "at": told.at, "step": told.step, "state": told.state, "done": told.done,
        "total": told.total, "note": told.note, "run": told.facts.get("run", ""),
        "error": told.facts.get("error"),
    }  # fmt: skip
