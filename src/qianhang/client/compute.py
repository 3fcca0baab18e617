"""What one does with pools, jobs and quotas of the compute network; a part of the client."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Literal, cast

from qianhang.client import compute_shapes as shapes
from qianhang.client.wire import Wire

__all__ = ["ComputeCalls"]

_OPEN = ("queued", "running")


class ComputeCalls:
    """The client's methods for the compute network."""

    _wire: Wire

    def pools(self) -> Iterator[shapes.ComputePool]:
        """The pools that have joined, with what is in use and what waits."""
        return cast(Iterator[shapes.ComputePool], self._wire.pages("/compute/pools"))

    def pool(self, pool: str) -> shapes.ComputePool:
        """One pool."""
        return cast(shapes.ComputePool, self._wire.read(f"/compute/pools/{pool}").json())

    def turn_pool(self, pool: str, state: Literal["open", "draining"]) -> shapes.ComputePool:
        """A pool that one runs, drained or opened again."""
        answer = self._wire.write("POST", f"/compute/pools/{pool}/turn", json={"state": state})
        return cast(shapes.ComputePool, answer.json())

    def pool_use(self, pool: str) -> shapes.PoolUse:
        """A pool's use by the hour over the last seven days."""
        return cast(shapes.PoolUse, self._wire.read(f"/compute/pools/{pool}/use").json())

    def quote_task(
        self, task: str, *, org: str | None = None, project: str = ""
    ) -> shapes.JobQuote:
        """What each pool offers a task, the best first; nothing is submitted."""
        body = {"task": task, "org": org, "project": project}
        answer = self._wire.write("POST", "/compute/quotes", json=body)
        return cast(shapes.JobQuote, answer.json())

    def submit_job(self, task: str, *, org: str | None = None, project: str = "") -> list[str]:
        """The ids of a task's jobs; task : the YAML of docs/door.md."""
        body = {"task": task, "org": org, "project": project}
        made: shapes.Submitted = self._wire.write("POST", "/compute/jobs", json=body).json()
        return [one["id"] for one in made["items"]]

    def jobs(
        self, *, state: str = "", org: str = "", project: str = "", pool: str = "",
        mine: bool = False,
    ) -> Iterator[shapes.ComputeJobLine]:  # fmt: skip
        """The jobs that one may see, the newest first; state : open for those not ended."""
        more = {"mine": "true"} if mine else {}
        found = self._wire.pages(
            "/compute/jobs", state=state, org=org, project=project, pool=pool, **more
        )
        return cast(Iterator[shapes.ComputeJobLine], found)

    def job(self, job: str) -> shapes.ComputeJob:
        """One job with its attempts and what they used."""
        return cast(shapes.ComputeJob, self._wire.read(f"/compute/jobs/{job}").json())

    def why(self, job: str) -> shapes.JobWhy:
        """Why a job is where it is, or nowhere yet."""
        return cast(shapes.JobWhy, self._wire.read(f"/compute/jobs/{job}/why").json())

    def cancel_job(self, job: str) -> shapes.ComputeJob:
        """A job, told to stop."""
        answer = self._wire.write("POST", f"/compute/jobs/{job}/cancel")
        return cast(shapes.ComputeJob, answer.json())

    def job_log(self, job: str, *, every_s: float = 1.0, follow: bool = True) -> Iterator[str]:
        """What a job's last attempt prints, piece by piece, until it has ended.

        follow : whether to wait for more, every_s seconds between two looks
        """
        attempt, start = 0, 0
        while True:
            path = f"/compute/jobs/{job}/log"
            told: shapes.JobLog = self._wire.read(path, start=start).json()
            if attempt and told["attempt"] != attempt:
                attempt, start = told["attempt"], 0
                continue
            attempt, start = told["attempt"], told["next"]
            if told["text"]:
                yield told["text"]
            elif not told["open"] or not follow:
                return
            else:
                time.sleep(every_s)

    def wait_job(self, job: str, *, every_s: float = 1.0) -> shapes.ComputeJob:
        """The job once it has ended, however it did."""
        while (found := self.job(job))["state"] in _OPEN:
            time.sleep(every_s)
        return found

    def quotas(self) -> Iterator[shapes.ComputeQuota]:
        """The quotas of the organisations that one covers."""
        return cast(Iterator[shapes.ComputeQuota], self._wire.pages("/compute/quotas"))

    def set_quota(
        self, org: str, chips: int, *, reason: str, project: str = ""
    ) -> shapes.ComputeQuota:
        """A project's quota from now on; 0 chips for no limit any more."""
        body = {"org": org, "project": project, "chips": chips, "reason": reason}
        answer = self._wire.write("POST", "/compute/quotas", json=body)
        return cast(shapes.ComputeQuota, answer.json())
