"""Requests, the store's work and this process, in the text that Prometheus reads."""

from __future__ import annotations

import os
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from qianhang.core.errors import StoreError
from qianhang.runs.census import load
from qianhang.store import Store

__all__ = ["Meters", "Stock", "process_text"]

_STEPS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


_FRESH_S = 15.0


class Meters:
    """Requests of one process by route and status; safe to use from several threads.

    Of several workers each tells its own, under its number: a scrape meets one of them.
    """

    def __init__(self) -> None:
        self._worker = str(os.getpid())
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, int], int] = defaultdict(int)
        self._steps: dict[str, list[int]] = defaultdict(lambda: [0] * (len(_STEPS) + 1))
        self._sums: dict[str, float] = defaultdict(float)

    def count(self, route: str, status: int, elapsed: float) -> None:
        """Take one request, which took `elapsed` seconds."""
        with self._lock:
            self._counts[route, status] += 1
            self._steps[route][bisect_left(_STEPS, elapsed)] += 1
            self._sums[route] += elapsed

    def text(self) -> str:
        """Every series in Prometheus' text format."""
        with self._lock:
            counts, sums = dict(self._counts), dict(self._sums)
            steps = {route: list(found) for route, found in self._steps.items()}
        lines = [
            "# HELP qianhang_requests_total Requests by route and status.",
            "# TYPE qianhang_requests_total counter",
        ]
        for (route, status), number in sorted(counts.items()):
            of = _labels(worker=self._worker, route=route, status=str(status))
            lines.append(f"qianhang_requests_total{of} {number}")
        lines += [
            "# HELP qianhang_request_seconds Seconds from request to answer.",
            "# TYPE qianhang_request_seconds histogram",
        ]
        for route, found in sorted(steps.items()):
            lines += _histogram({"worker": self._worker, "route": route}, found, sums[route])
        return "\n".join(lines) + "\n"


class Stock:
    """What the store has to do, counted again after a while; safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, threading.Lock()
        self._text, self._until = "", 0.0

    def text(self) -> str:
        """The series of the store; only that it is away, where it is."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._text = "".join(_stock(self._store))
                self._until = time.monotonic() + _FRESH_S
            return self._text


def _stock(store: Store) -> Iterator[str]:
    try:
        found = load(store)
    except StoreError:
        yield _gauge("qianhang_store_up", "Whether the store answers.", {"": 0})
        return
    yield _gauge("qianhang_store_up", "Whether the store answers.", {"": 1})
    yield _gauge("qianhang_runs", "Runs by state.", found.runs, by="state")
    yield _gauge("qianhang_asks", "Runs asked for, by state.", found.asks, by="state")
    yield _gauge("qianhang_log_records", "Records of the evidence log.", {"": found.log})
    size = {"": found.database_bytes}
    yield _gauge("qianhang_database_bytes", "Size of the database, without the files.", size)


def process_text() -> str:
    """CPU, memory and open files of this process, by the names that Prometheus knows."""
    status = Path("/proc/self/statm").read_text(encoding="ascii").split()
    resident = int(status[1]) * os.sysconf("SC_PAGE_SIZE")
    used, worker = time.process_time(), {str(os.getpid()): 0.0}
    files = float(sum(1 for _ in Path("/proc/self/fd").iterdir()))
    return "".join(
        _gauge(name, told, dict.fromkeys(worker, value), by="worker", kind=kind)
        for name, told, value, kind in (
            ("process_cpu_seconds_total", "CPU seconds used.", used, "counter"),
            ("process_resident_memory_bytes", "Resident memory.", float(resident), "gauge"),
            ("process_open_fds", "Open files.", files, "gauge"),
        )
    )


def _gauge(
    name: str, told: str, values: Mapping[str, float], *, by: str = "", kind: str = "gauge"
) -> str:
    head = f"# HELP {name} {told}\n# TYPE {name} {kind}\n"
    each = (f"{name}{_labels(**{by: k}) if by else ''} {v!r}\n" for k, v in values.items())
    return head + "".join(each)


def _histogram(of: Mapping[str, str], found: list[int], total: float) -> list[str]:
    lines, running = [], 0
    for edge, number in zip([*map(str, _STEPS), "+Inf"], found, strict=True):
        running += number
        lines.append(f"qianhang_request_seconds_bucket{_labels(**of, le=edge)} {running}")
    lines.append(f"qianhang_request_seconds_sum{_labels(**of)} {total:.6f}")
    lines.append(f"qianhang_request_seconds_count{_labels(**of)} {running}")
    return lines


def _labels(**values: str) -> str:
    return "{" + ",".join(f'{name}="{_safe(value)}"' for name, value in values.items()) + "}"


def _safe(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
