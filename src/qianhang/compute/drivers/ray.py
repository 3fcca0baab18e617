"""A Ray cluster as a pool, through its Jobs API; Ray itself is never imported.

Ray runs one command for each submission id and refuses an id that it has: the token is that id.
It holds no limits and forgets its jobs when its head is lost, so the keeper and the guard of
parcel.py go into the job. Measured with Ray 2.60.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qianhang.compute.driver import Probe, Status
from qianhang.compute.drivers import parcel
from qianhang.compute.drivers.rest import Access, Rest
from qianhang.compute.task import Outcome, Task, Usage
from qianhang.core.errors import PoolUnavailable

__all__ = ["RayDriver", "RaySettings"]

_JOBS = "/api/jobs/"
_MIB = 1 << 20
_UNBEGUN = "JOB_SUPERVISOR_ACTOR_START_TIMEOUT"
_STRANGE = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class RaySettings:
    """Where the cluster is and what its nodes have.

    address : of the dashboard, as http://head:8265
    run_dir : a folder that all nodes share, on a file system with locks (NFS 4, CephFS, Lustre)
    token_file : holds the cluster's token, where it asks for one
    chips : flavour's id -> Ray's name for the resource; GPU for its own
    shown_mb : MiB of a job's output that its log shows; the run folder keeps the rest
    """

    name: str
    address: str
    run_dir: str
    token_file: str = ""
    ca_file: str = ""
    python: str = "python3"
    chips: Mapping[str, str] = field(default_factory=dict)
    shown_mb: int = 4
    read_s: float = 20.0


class RayDriver:
    """Jobs on a Ray cluster, each a command on one of its nodes."""

    def __init__(self, settings: RaySettings, *, folder: Path | None = None) -> None:
        self.settings = settings
        self.folder = folder  # nothing is kept here: the cluster and its run folder hold it all
        self._rest = Rest(
            Access(
                settings.address.rstrip("/"),
                token_file=settings.token_file,
                ca_file=settings.ca_file,
                read_s=settings.read_s,
            )
        )

    @property
    def name(self) -> str:
        """The name that `--pool` takes."""
        return self.settings.name

    def probe(self) -> Probe:
        """What the cluster's nodes have together; down where it cannot be asked."""
        try:
            version = self._rest.ask("GET", "/api/version").mapping().get("ray_version", "?")
            said = self._rest.ask("GET", "/api/cluster_status").mapping()
            report = said["data"]["clusterStatus"]["loadMetricsReport"]
            have, nodes = _resources(report["usage"]), len(report.get("usageByNode") or ())
        except PoolUnavailable as cause:
            return Probe(False, 0, 0, 0, str(cause))
        except _STRANGE:
            return Probe(False, 0, 0, 0, "the cluster's report cannot be read")
        if not have:
            return Probe(False, 0, 0, 0, f"Ray {version}, no nodes yet")
        threads, memory = have.get("cpu", (0.0, 0.0)), have.get("memory", (0.0, 0.0))
        held = {
            chip: have.get(_plain(as_), (0.0, 0.0)) for chip, as_ in self.settings.chips.items()
        }
        return Probe(
            True,
            int(threads[1]),
            int(threads[1] - threads[0]),
            int(memory[1]) // _MIB,
            f"Ray {version}",
            {chip: total for chip, (_, total) in held.items()},
            {chip: total - used for chip, (used, total) in held.items()},
            memory_free_mb=int(memory[1] - memory[0]) // _MIB,
            nodes=nodes,
            nodes_up=nodes,
            clock_s=self._rest.ahead_s,
        )

    def submit(self, job: Task) -> str:
        """The job's reference.

        Raises PoolUnavailable where the cluster does not take it, or may have taken it without
        saying so: to submit the same token again is safe.
        """
        body = self._body(job)
        try:
            self._rest.ask("POST", _JOBS, body=body)
        except PoolUnavailable:
            # An id that is there already is refused with the same status as a fault.
            known = self._record(job.token)
            if known is None:
                raise
            if _unbegun(known):
                self._rest.ask("DELETE", _JOBS + job.token, expected=(200, 404))
                self._rest.ask("POST", _JOBS, body=body)
        return job.token

    def _body(self, job: Task) -> dict[str, Any]:
        settings = self.settings
        sent = parcel.pack(
            job, run_dir=settings.run_dir, python=settings.python, shown_mb=settings.shown_mb
        )
        if job.limits.nodes > 1:
            message = f"pool {self.name} runs a job on one machine, asked for {job.limits.nodes}"
            raise PoolUnavailable("QH548", message, hint="ask a Slurm pool")
        named = self.settings.chips
        unknown = sorted(set(job.chips) - set(named))
        if unknown:
            message = f"pool {self.name} has no {', '.join(unknown)}"
            raise PoolUnavailable("QH548", message, hint="see the pool's chips")
        wanted = {named[chip]: count for chip, count in job.chips.items()}
        gpus = wanted.pop("GPU", None)
        body = {
            "submission_id": job.token,
            "entrypoint": shlex.join(("exec", *sent.argv)),
            "runtime_env": {"env_vars": dict(sent.env)},
            "entrypoint_num_cpus": job.limits.threads,
            "entrypoint_memory": job.limits.memory_mb * _MIB,
        }
        extra = {"entrypoint_num_gpus": gpus, "entrypoint_resources": wanted or None}
        return body | {key: value for key, value in extra.items() if value is not None}

    def find(self, token: str) -> str | None:
        """The reference of the job with this token; None where the cluster has none.

        Raises PoolUnavailable where the cluster could not be asked.
        """
        return token if self._job(token) is not None else None

    def poll(self, ref: str) -> Status:
        """How the job is; unknown where the cluster could not be asked."""
        try:
            job = self._job(ref)
            return Status("absent") if job is None else self._status(ref, job)
        except PoolUnavailable as cause:
            return Status("unknown", detail=str(cause))
        except _STRANGE as cause:
            return Status("unknown", detail=f"the job's record cannot be read: {cause}")

    def cancel(self, ref: str) -> None:
        """Ask for the job to be stopped: its keeper is asked to, and kills what is left."""
        self._rest.ask("POST", f"{_JOBS}{ref}/stop", expected=(200, 404))

    def log(self, ref: str, *, start: int = 0) -> bytes:
        """What the job printed so far (both streams), from byte `start` on."""
        return parcel.shown(self._raw_log(ref))[start:]

    def usage(self, ref: str) -> Usage | None:
        """What the job used, once it has ended."""
        ended = self.poll(ref).outcome
        return ended.usage if ended else None

    def _job(self, ref: str) -> dict[str, Any] | None:
        """The job's record; None where there is none, or it waited too long for Ray to begin it."""
        found = self._record(ref)
        return None if found and _unbegun(found) else found

    def _record(self, ref: str) -> dict[str, Any] | None:
        answer = self._rest.ask("GET", _JOBS + ref, expected=(200, 404))
        if answer.status == 200:
            return answer.mapping()
        if "does not exist" not in answer.text:
            # Something in between answered, not Ray.
            raise PoolUnavailable("QH545", f"{answer.where} answered 404, not in Ray's words")
        return None

    def _status(self, ref: str, job: Mapping[str, Any]) -> Status:
        phase = job["status"]
        if phase in ("PENDING", "RUNNING"):
            now = "waiting" if phase == "PENDING" else "running"
            return Status("known", now, detail=str(job.get("message") or ""))  # type: ignore[arg-type]
        if phase not in ("SUCCEEDED", "FAILED", "STOPPED"):
            return Status("unknown", detail=f"state {phase}")
        code = 0 if phase == "SUCCEEDED" else job.get("driver_exit_code")
        wall_s = max((job.get("end_time") or 0) - (job.get("start_time") or 0), 0) / 1000
        # A failed job's message ends with its log.
        said = parcel.ending(str(job.get("message") or "").encode())
        said = said or parcel.ending(self._raw_log(ref, lost=b""))
        if phase == "STOPPED":
            told = parcel.outcome(parcel.SECOND, said=said, wall_s=wall_s)
            return Status("known", "ended", Outcome("cancelled", None, told.signal, told.usage))
        ended = parcel.outcome(code, said=said, wall_s=wall_s)
        return Status("known", "ended", ended, detail="" if said else str(job.get("message") or ""))

    def _raw_log(self, ref: str, *, lost: bytes | None = None) -> bytes:
        """All that the cluster kept; `lost` where the node that kept it no longer answers."""
        expected = (200, 404) if lost is None else (200, 404, 500)
        answer = self._rest.ask("GET", f"{_JOBS}{ref}/logs", expected=expected)
        if answer.status != 200:
            return lost or b""
        return str(answer.mapping().get("logs") or "").encode("utf-8", "replace")


def _unbegun(job: Mapping[str, Any]) -> bool:
    """Whether Ray gave a job up that waited a quarter of an hour for resources: it never ran."""
    return job.get("status") == "FAILED" and job.get("error_type") == _UNBEGUN


def _resources(said: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Name -> used and in all; the report respells names, so they are compared plain."""
    return {_plain(name): (float(used), float(total)) for name, (used, total) in said.items()}


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
