"""Scorings of tables as pages and the API show them."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import FileResponse

from qianhang.compute.door import plant
from qianhang.core.errors import UsageError
from qianhang.runs import asks
from qianhang.runs.scoring import asked
from qianhang.runs.scoring.score import BY_ROW
from qianhang.web.asked import Asked

__all__ = ["BY_ROW", "download", "of", "pools", "put", "seen"]


def put(
    ask: Asked, scenario: str, *, org: str, upload: str | Path, pool: str, version: int | None,
    jobs: int, token: str = "",
) -> asks.Ask:  # fmt: skip
    """The scoring in the queue; raises what stands against it."""
    place = Path(upload)
    wanted = asked.Wanted(scenario, org, place, pool, version, jobs)
    made = asked.put(
        ask.store, wanted, by=ask.who.account.id, now=ask.now, settings=ask.settings, token=token
    )
    ask.request.app.state.dispatcher.poke()
    return made


def seen(ask: Asked, ask_id: str) -> asks.Ask:
    """The scoring, where the reader may see it.

    Raises UsageError where there is none, or none for this reader: the two look the same.
    """
    found = asks.get(ask.store, ask_id, orgs=ask.who.covers)
    if found.work != asked.STEP:
        raise UsageError("QH850", f"scoring {ask_id!r} does not exist")
    return found


def of(ask: Asked, scenario: str) -> list[asks.Ask]:
    """The newest scorings of a scenario that the reader may see."""
    return asks.asks(ask.store, ask.who.covers, 10, scenario=scenario, work=asked.STEP)


def pools(ask: Asked) -> list[str]:
    """Where a table may be scored beside the server itself: auto, and each pool that fits."""
    found = [one.pool.id for one in plant.pools(ask.store) if one.pool.driver != "kubernetes"]
    return ["auto", *found] if found else []


def download(ask: Asked, ask_id: str, what: str) -> FileResponse:
    """The answers or the rejects, never shown in the browser.

    Raises UsageError where there are none for this reader, or none any more.
    """
    found = seen(ask, ask_id)
    path = asked.file(ask.settings.home, found, what)
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    name = f"{found.scenario}-{found.id}-{what}{path.suffix}"
    return FileResponse(path, filename=name, media_type="application/octet-stream", headers=headers)
