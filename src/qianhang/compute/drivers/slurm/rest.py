"""A Slurm cluster asked through slurmrestd; the token goes into a header and nowhere else."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from qianhang.compute.drivers.slurm import dialects
from qianhang.compute.drivers.slurm.cluster import (
    ClusterJob,
    ClusterNode,
    Order,
    deaf,
    garbled,
    refused,
    unclear,
    unreachable,
)
from qianhang.compute.drivers.slurm.dialects import Dialect
from qianhang.compute.drivers.slurm.settings import SlurmSettings
from qianhang.core.errors import PoolUnavailable, UsageError

__all__ = ["Rest"]

_NO_SUCH_JOB, _ALREADY_DONE = 2017, 2021
_LARGEST = 1 << 28


class Rest:
    """The REST interface of one cluster, in the newest schema that both sides know."""

    def __init__(self, settings: SlurmSettings) -> None:
        self.settings = settings
        self._dialect = dialects.dialect(settings.version) if settings.version else None
        self._lock = threading.Lock()
        self._session: Any = None

    def submit(self, order: Order) -> str:
        """The job's number."""
        own = self.settings
        speech = self.dialect()
        body = speech.order(order, partition=own.partition, account=own.account, qos=own.qos)
        try:
            answer = self._ask("POST", "job/submit", body=body)
            told = dialects.errors_of(answer)
            # A job that has to wait, such as for nodes that are down, is taken with an error told.
            if told and not answer.get("job_id"):
                raise _failure(told)
            return speech.job_id(answer)
        except PoolUnavailable as cause:
            raise cause if cause.code == "QH542" else unclear(cause) from cause

    def active(self) -> list[ClusterJob]:
        """The jobs of ours that wait or run."""
        return [job for job in self._jobs() if job.life != "ended"]

    def named(self, name: str, *, known_id: str = "") -> list[ClusterJob]:
        """Every job of ours with this name that the controller or its records know."""
        if known_id:
            found = [job for job in self._jobs(f"job/{known_id}") if job.name == name]
            if found:
                return found
        found = [job for job in self._jobs() if job.name == name]
        if not found and self.settings.accounting:
            return self._accounted(name)
        return found

    def cancel(self, name: str, *, only: Sequence[str] = ()) -> None:
        """Ask for the end of all jobs of ours with this name, or of these numbers only."""
        # Numbers written down earlier may be another's since: the cluster may have lost count.
        ours = [job.id for job in self.active() if job.name == name]
        for number in (n for n in ours if not only or n in only):
            told = dialects.errors_of(self._ask("DELETE", f"job/{number}"))
            if any(code not in {0, _NO_SUCH_JOB, _ALREADY_DONE} for code, _ in told):
                raise _failure(told)

    def nodes(self) -> list[ClusterNode]:
        """The nodes on which our jobs may run."""
        answer = self._read("nodes")
        found = self.dialect().nodes(answer)
        if not self.settings.partition:
            return found
        places = self.dialect().partitions_of(answer)
        return [node for node in found if self.settings.partition in places[node.name]]

    def now(self) -> float:
        """The controller's clock, seconds since 1970."""
        return self.dialect().clock(self._read("diag"))

    def dialect(self) -> Dialect:
        """The schema that is spoken, asked for once."""
        with self._lock:
            if self._dialect is None:
                self._dialect = dialects.newest(
                    self._text("GET", f"{self.settings.url}/openapi/v3")
                )
            return self._dialect

    def _jobs(self, path: str = "jobs") -> list[ClusterJob]:
        answer = self._ask("GET", path)
        told = dialects.errors_of(answer)
        if any(code == _NO_SUCH_JOB for code, _ in told):
            return []
        if told:
            raise _failure(told)
        return self.dialect().jobs(answer)

    def _accounted(self, name: str) -> list[ClusterJob]:
        """From slurmdbd, whose jobs look otherwise."""
        base = f"{self.settings.url}/slurmdb/{self.dialect().version}"
        answer = _document(self._text("GET", f"{base}/jobs?job_name={name}"))
        if told := dialects.errors_of(answer):
            raise _failure(told)
        return self.dialect().accounted(answer)

    def _read(self, path: str) -> dict[str, Any]:
        answer = self._ask("GET", path)
        if told := dialects.errors_of(answer):
            raise _failure(told)
        return answer

    def _ask(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """What the cluster answers; its errors stand in it, whatever the status."""
        address = f"{self.settings.url}/slurm/{self.dialect().version}/{path}"
        return _document(self._text(method, address, body=body))

    def _text(self, method: str, address: str, *, body: Mapping[str, Any] | None = None) -> str:
        """The body of the answer, all of it within the time.

        In a thread that is left behind where it takes longer: requests counts its own limit anew
        with every byte that comes.
        """
        headers, limit_s = self._headers(), self.settings.timeout_s
        found: list[str | PoolUnavailable] = []
        session = self._open()

        def ask() -> None:
            found.append(
                _exchange(session, method, address, headers=headers, body=body, limit_s=limit_s)
            )

        worker = threading.Thread(target=ask, daemon=True)
        worker.start()
        worker.join(limit_s)
        if not found:
            self._session = None
            raise unreachable(f"slurmrestd gave no whole answer within {limit_s:g} s")
        if isinstance(found[0], PoolUnavailable):
            raise found[0]
        return found[0]

    def _open(self) -> Any:
        if self._session is None:
            import requests

            self._session = requests.Session()
            self._session.trust_env = False  # a proxy has no business between door and pool
            self._session.verify = str(self.settings.ca) if self.settings.ca else True
        return self._session

    def _headers(self) -> dict[str, str]:
        try:
            path = self.settings.token_file
            token = path.read_text(encoding="ascii").strip() if path else ""
        except (OSError, ValueError):
            raise UsageError(
                "QH543", f"Slurm pool: token file {self.settings.token_file} cannot be read"
            ) from None
        return {"X-SLURM-USER-NAME": self.settings.user, "X-SLURM-USER-TOKEN": token}


def _exchange(
    session: Any,
    method: str,
    address: str,
    *,
    headers: Mapping[str, str],
    body: Mapping[str, Any] | None,
    limit_s: float,
) -> str | PoolUnavailable:
    """The body of one answer, or why there is none; never more than memory can take."""
    import requests

    parts, size = [], 0
    try:
        with session.request(method, address, headers=headers, json=body, timeout=limit_s,
                             stream=True, allow_redirects=False) as answer:  # fmt: skip
            if answer.status_code in {401, 403}:
                return unreachable(f"slurmrestd refuses our token (status {answer.status_code})")
            for part in answer.iter_content(1 << 16):
                parts.append(part)
                size += len(part)
                if size > _LARGEST:
                    return garbled(f"slurmrestd sent more than {_LARGEST >> 20} MiB")
    except (requests.RequestException, OSError, ValueError) as cause:
        # Its words may hold what was sent, its kind never does.
        return unreachable(f"slurmrestd: {type(cause).__name__}")
    return b"".join(parts).decode("utf8", "replace")


def _document(text: str) -> dict[str, Any]:
    found = dialects.read(lambda: json.loads(text))
    if not isinstance(found, dict):
        raise garbled("slurmrestd sent no object")
    return found


def _failure(told: list[tuple[int, str]]) -> PoolUnavailable:
    code, words = told[0]
    if not deaf(words):
        return refused(f"slurmrestd: {words} ({code})")
    return unreachable(f"slurmrestd: {words} ({code})")
