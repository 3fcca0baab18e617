"""Tasks as Jobs of a Kubernetes cluster."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qianhang.compute.driver import Probe, Status
from qianhang.compute.drivers import parcel
from qianhang.compute.drivers.kubernetes import kubeconfig, verdict
from qianhang.compute.drivers.kubernetes.capacity import capacity
from qianhang.compute.drivers.kubernetes.manifest import TOKEN, job_name, manifest
from qianhang.compute.drivers.kubernetes.settings import KubernetesSettings
from qianhang.compute.drivers.rest import Answer, Rest
from qianhang.compute.task import Outcome, Task, Usage
from qianhang.core.errors import PoolUnavailable

__all__ = ["KubernetesDriver"]

_STRANGE = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)
_TRIES = 10
_LOG_BYTES = 32 << 20


class KubernetesDriver:
    """Jobs on a Kubernetes cluster, each one pod.

    folder : remembers the jobs that were cancelled, since cancelling removes them from the cluster;
        shared by all processes that use the pool
    """

    def __init__(self, settings: KubernetesSettings, *, folder: Path) -> None:
        self.settings = settings
        self.folder = folder.absolute()
        path = Path(settings.kubeconfig)
        keys = self.folder / "keys"
        self._rest = Rest(
            kubeconfig.access(path, context=settings.context, folder=keys, read_s=settings.read_s)
        )
        self._jobs = f"/apis/batch/v1/namespaces/{settings.namespace}/jobs"
        self._pods = f"/api/v1/namespaces/{settings.namespace}/pods"

    @property
    def name(self) -> str:
        """The name that `--pool` takes."""
        return self.settings.name

    def probe(self) -> Probe:
        """What the cluster has, as far as our rights show it; down where it cannot be asked."""
        try:
            return capacity(self._rest, self.settings)
        except PoolUnavailable as cause:
            return Probe(False, 0, 0, 0, str(cause))
        except _STRANGE:
            return Probe(False, 0, 0, 0, "the cluster's answers are not Kubernetes'")

    def submit(self, job: Task) -> str:
        """The job's reference.

        Raises PoolUnavailable where the cluster does not take it, or may have taken it without
        saying so: to submit the same token again is safe.
        """
        ref = job_name(job.token)
        if self._cancelled(ref) is not None:
            return ref
        body = manifest(job, self.settings)
        expected = (200, 201, 202, 400, 403, 409, 422)
        answer = self._rest.ask("POST", self._jobs, body=body, expected=expected)
        if answer.status == 409 and self.find(job.token) is None:
            raise PoolUnavailable("QH545", f"{answer.where}: job {ref} is just being removed")
        if answer.status in (400, 403, 422):
            raise _refusal(answer, self.name)
        return ref

    def find(self, token: str) -> str | None:
        """The reference of the job with this token; None where the cluster has none.

        Raises PoolUnavailable where the cluster could not be asked, or the name is another's.
        """
        ref = job_name(token)
        if self._cancelled(ref) is not None:
            return ref
        job = self._job(ref)
        if job is None:
            return None
        with self._reading(ref):
            theirs = (job["metadata"].get("annotations") or {}).get(TOKEN)
        if theirs != token:
            message = f"pool {self.name}: job {ref} is not ours: its token is {theirs!r}"
            raise PoolUnavailable("QH548", message, hint="give the service a namespace of its own")
        return ref

    def poll(self, ref: str) -> Status:
        """How the job is; unknown where the cluster could not be asked."""
        try:
            stopped = self._cancelled(ref)
            job = self._job(ref)
            if job is None:
                used = Usage(wall_s=stopped or 0.0)
                gone = Status("known", "ended", Outcome("cancelled", usage=used))
                return Status("absent") if stopped is None else gone
            simple = not verdict.ended(job) and job["status"].get("ready")
            pods = [] if simple else self._pods_of(ref)
            return verdict.status(job, pods, cancelled=stopped is not None)
        except PoolUnavailable as cause:
            return Status("unknown", detail=str(cause))
        except _STRANGE as cause:
            detail = f"the job's record cannot be read: {type(cause).__name__} {cause}"
            return Status("unknown", detail=detail)

    def cancel(self, ref: str) -> None:
        """Remove the job and its pod; the pod's keeper has ten seconds to stop it gently.

        One that has ended stays as it is. Raises PoolUnavailable where the cluster cannot be asked.
        """
        with self._reading(ref):
            for _ in range(_TRIES):
                if self._gone(ref):
                    return
        raise PoolUnavailable("QH545", f"pool {self.name}: job {ref} keeps changing")

    def _gone(self, ref: str) -> bool:
        """Whether there is nothing left to do, after one try at removing it."""
        job = self._job(ref)
        if job is None or job["metadata"].get("deletionTimestamp"):
            return True
        if verdict.ended(job):
            (self.folder / f"{ref}.json").unlink(missing_ok=True)
            return True
        self._remember(ref, self._pods_of(ref))
        # Only as we saw it: one that ends meanwhile must not vanish with its outcome.
        seen = {key: job["metadata"][key] for key in ("uid", "resourceVersion")}
        body = {"propagationPolicy": "Foreground", "preconditions": seen}
        place = f"{self._jobs}/{ref}"
        answer = self._rest.ask("DELETE", place, body=body, expected=(200, 202, 404, 409))
        return answer.status != 409

    def log(self, ref: str, *, start: int = 0) -> bytes:
        """What the job printed so far (both streams), from byte `start` on.

        The API gives whole logs only, so each call reads it from the start. Nothing once the pod is
        gone, except what was kept when it was cancelled.
        """
        with self._reading(ref):
            pods = self._pods_of(ref)
            kept = self.folder / f"{ref}.log"
            if pods:
                return parcel.shown(self._raw_log(pods))[start:]
            return parcel.shown(kept.read_bytes())[start:] if kept.exists() else b""

    def usage(self, ref: str) -> Usage | None:
        """What the job used, once it has ended."""
        ended = self.poll(ref).outcome
        return ended.usage if ended else None

    @contextmanager
    def _reading(self, ref: str) -> Iterator[None]:
        """What is not as the API has it counts as no answer."""
        try:
            yield
        except _STRANGE as cause:
            message = f"pool {self.name}: the record of {ref} cannot be read"
            raise PoolUnavailable("QH545", message) from cause

    def _job(self, ref: str) -> dict[str, Any] | None:
        answer = self._rest.ask("GET", f"{self._jobs}/{ref}", expected=(200, 404))
        found = answer.mapping()
        if answer.status == 404:
            if found.get("kind") != "Status" or found.get("reason") != "NotFound":
                raise PoolUnavailable(
                    "QH545", f"{answer.where} answered 404, not in the API's words"
                )
            return None
        if found.get("kind") != "Job" or not isinstance(found.get("status"), Mapping):
            raise PoolUnavailable("QH545", f"{answer.where} answered no Job")
        return found

    def _pods_of(self, ref: str) -> list[Mapping[str, Any]]:
        query = {"labelSelector": f"job-name={ref}"}
        answer = self._rest.ask("GET", self._pods, query=query)
        pods = answer.mapping().get("items")
        if not isinstance(pods, list) or not all(isinstance(each, Mapping) for each in pods):
            raise PoolUnavailable("QH545", f"{answer.where} answered no list of pods")
        return pods

    def _raw_log(self, pods: list[Mapping[str, Any]]) -> bytes:
        pod = verdict.teller(pods)
        if pod is None:
            return b""
        place = f"{self._pods}/{pod['metadata']['name']}/log"
        query = {"container": "task", "limitBytes": str(_LOG_BYTES)}
        # 400 is the answer for a container that has not started.
        answer = self._rest.ask("GET", place, query=query, expected=(200, 400, 404))
        return answer.body if answer.status == 200 else b""

    def _cancelled(self, ref: str) -> float | None:
        """Seconds that the cancelled job had run; None where it was not cancelled by us."""
        try:
            said = (self.folder / f"{ref}.json").read_text(encoding="utf8")
            return float(json.loads(said)["wall_s"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _remember(self, ref: str, pods: list[Mapping[str, Any]]) -> None:
        """Note what will be gone: that it was cancelled, how long it ran, what it printed."""
        wall_s = max((verdict.ran_s(pod, until=self._rest.seen) for pod in pods), default=0.0)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if pods:
            _write(self.folder / f"{ref}.log", self._raw_log(pods))
        _write(self.folder / f"{ref}.json", json.dumps({"wall_s": wall_s}).encode())


def _refusal(answer: Answer, pool: str) -> PoolUnavailable:
    """What to make of a Job that the API did not let through."""
    said = str(answer.mapping().get("message", ""))[:300]
    if answer.status == 403 and "exceeded quota" not in said:
        hint = "check the pool's credentials and rights"
        return PoolUnavailable("QH546", f"pool {pool}: {said}", hint=hint)
    return PoolUnavailable("QH548", f"pool {pool}: {said}", hint="change what the job asks for")


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)
