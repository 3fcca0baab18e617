"""Tables scored by the API; a part of the client."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, cast

from qianhang.client import score_shapes as shapes
from qianhang.client.wire import Wire

__all__ = ["ScoreCalls"]

_OPEN = ("queued", "running")


class ScoreCalls:
    """The client's methods for tables that a kept model scores row by row."""

    _wire: Wire

    def ask_score(
        self,
        scenario: str,
        upload: str,
        *,
        version: int | None = None,
        pool: str = "local",
        jobs: int = 1,
        org: str | None = None,
    ) -> shapes.Scoring:
        """A scoring put into the queue; `cancel` and `events` take its id."""
        body = {"scenario": scenario, "upload": upload, "version": version, "pool": pool,
                "jobs": jobs, "org": org}  # fmt: skip
        return cast(shapes.Scoring, self._wire.write("POST", "/scores", json=body).json())

    def scores(self, *, state: str = "") -> Iterator[shapes.Scoring]:
        """The scorings that were asked for, the newest first."""
        return cast(Iterator[shapes.Scoring], self._wire.pages("/scores", state=state))

    def score(self, score: str) -> shapes.Scoring:
        """One scoring as it stands now."""
        return cast(shapes.Scoring, self._wire.read(f"/scores/{score}").json())

    def wait_score(self, score: str, *, every_s: float = 1.0) -> shapes.Scoring:
        """The scoring once it has ended, however it did."""
        while (found := self.score(score))["state"] in _OPEN:
            time.sleep(every_s)
        return found

    def download_score(
        self, score: str, to: Path, what: Literal["answers", "rejects"] = "answers"
    ) -> Path:
        """The file `to`, with the answers (Parquet) or the rejects (CSV)."""
        to.write_bytes(self._wire.read(f"/scores/{score}/{what}").content)
        return to
