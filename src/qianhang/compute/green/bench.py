"""Multiply matrices on the chips of this node and tell how fast; run by any Python with numpy.

torch is used for chips that are no CPU (cuda, which ROCm's builds answer to as well, or npu). A
count of 2 n^3 operations a product; some rows are worked out again in double precision, so that
what computes nonsense is not counted as fast.

    QH_BENCH='{"kind": "cpu", "precision": "fp32", ...}' python3 bench.py
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import sys
import time
from typing import Any

MARK = "QH-BENCH "
ROWS = 8


def main(given: dict[str, Any]) -> int:
    """The exit code: 0 once it has told what was found, 4 where the chips are not there."""
    own = {name: given[name] for name in ("precision", "size", "seconds", "seed")}
    if given["kind"] == "cpu":
        found = on_cpu(**own)
    else:
        found = on_chips(given["kind"], given["chips"], **own)
    node = os.environ.get("SLURMD_NODENAME") or os.environ.get("NODE_NAME") or socket.gethostname()
    told = {**found, "node": node, "precision": given["precision"], "size": given["size"]}
    sys.stdout.write(MARK + json.dumps(told) + "\n")
    return 0


def on_cpu(*, precision: str, size: int, seconds: float, seed: int) -> dict[str, Any]:
    """All threads of this task together, by numpy's own library."""
    import numpy as np

    kind = {"fp32": np.float32, "fp64": np.float64}[precision]
    rng = np.random.default_rng(seed)
    a, b = (rng.standard_normal((size, size)).astype(kind) for _ in range(2))
    c = a @ b
    worst = float(np.max(np.abs(c[:ROWS] - _exact(a, b))) / np.sqrt(size))
    count, start = 0, time.perf_counter()
    until = start + seconds
    while time.perf_counter() < until or not count:
        np.matmul(a, b, out=c)
        count += 1
    span = time.perf_counter() - start
    threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    return _told(count, size, span, 1) | {
        "library": f"numpy {np.__version__}", "error": worst, "threads": threads, "device": "cpu",
    }  # fmt: skip


def _exact(a: Any, b: Any) -> Any:
    return a[:ROWS].astype("float64") @ b.astype("float64")


def on_chips(
    kind: str, chips: int, *, precision: str, size: int, seconds: float, seed: int
) -> dict[str, Any]:
    """Every chip that the task sees, all at once."""
    torch = importlib.import_module("torch")
    if kind == "npu":
        importlib.import_module("torch_npu")
    name = "npu" if kind == "npu" else "cuda"
    backend = getattr(torch, name)
    seen = backend.device_count() if backend.is_available() else 0
    if seen < chips:
        sys.stdout.write(f"asked for {chips} chips, torch sees {seen}\n")
        sys.exit(4)
    dtype = {"fp16": torch.float16, "fp32": torch.float32}[precision]
    torch.manual_seed(seed)
    rows = [torch.randn(size, size, dtype=torch.float32) for _ in range(2)]
    sets = [[m.to(f"{name}:{k}", dtype) for m in rows] for k in range(chips)]
    sets = [[a, b, a @ b] for a, b in sets]
    exact = sets[0][0][:ROWS].double().cpu() @ sets[0][1].double().cpu()
    gaps = [(c[:ROWS].double().cpu() - exact).abs().max() for _, _, c in sets]
    worst = float(max(gaps)) / size**0.5
    return _timed(torch, backend, sets, size, seconds) | {
        "library": f"torch {torch.__version__}", "error": worst, "threads": 0,
        "device": str(backend.get_device_name(0)),
    }  # fmt: skip


def _timed(torch: Any, backend: Any, sets: list[Any], size: int, seconds: float) -> dict[str, Any]:
    """Rounds of ten products on each chip until so many seconds are over."""
    for k in range(len(sets)):
        backend.synchronize(k)
    count, start = 0, time.perf_counter()
    while time.perf_counter() < start + seconds or not count:
        for _ in range(10):
            for a, b, c in sets:
                torch.matmul(a, b, out=c)
        for k in range(len(sets)):
            backend.synchronize(k)
        count += 10
    return _told(count, size, time.perf_counter() - start, len(sets))


def _told(count: int, size: int, span: float, chips: int) -> dict[str, Any]:
    tflops = 2.0 * size**3 * count * chips / span / 1e12
    return {"tflops": tflops, "products": count * chips, "seconds": span}


if __name__ == "__main__":
    sys.exit(main(json.loads(os.environ["QH_BENCH"])))
