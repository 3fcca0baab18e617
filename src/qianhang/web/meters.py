"""Counts and times of requests, in the text that Prometheus reads."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import defaultdict

__all__ = ["Meters"]

_STEPS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Meters:
    """Requests of one process by route and status; safe to use from several threads."""

    def __init__(self) -> None:
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
            lines.append(
                f'qianhang_requests_total{{route="{_safe(route)}",status="{status}"}} {number}'
            )
        lines += [
            "# HELP qianhang_request_seconds Seconds from request to answer.",
            "# TYPE qianhang_request_seconds histogram",
        ]
        for route, found in sorted(steps.items()):
            lines += _histogram(_safe(route), found, sums[route])
        return "\n".join(lines) + "\n"


def _histogram(route: str, found: list[int], total: float) -> list[str]:
    lines, running = [], 0
    for edge, number in zip([*map(str, _STEPS), "+Inf"], found, strict=True):
        running += number
        lines.append(
            f'qianhang_request_seconds_bucket{{route="{route}",le="{edge}"}} {running}'
        )
    lines.append(f'qianhang_request_seconds_sum{{route="{route}"}} {total:.6f}')
    lines.append(f'qianhang_request_seconds_count{{route="{route}"}} {running}')
    return lines


def _safe(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
