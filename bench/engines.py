"""Each engine beside the library that a practitioner would use alone, as ratios of CPU time.

python bench/engines.py [ENGINE ...]
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable, Iterator

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from timing import Line, measure, table  # noqa: E402 - threads are counted at first import

ENGINES = ("forecast", "classify", "survive", "detect", "optimise", "control", "retrieve")
HEAD = (
    "engine",
    "ours",
    "beside",
    "ours ms",
    "theirs ms",
    "ratio",
    "noise",
    "apart",
    "what it is made of",
)


def lines(engines: Iterable[str]) -> Iterator[Line]:
    """One measured line a pair; a library that is not installed leaves its pairs out."""
    for engine in engines:
        for pair in importlib.import_module(f"peers.{engine}").pairs():
            yield measure(pair)


def cells(line: Line) -> list[str]:
    """A line of the table; a wrapper above the goal and answers that differ stand in bold."""
    pair, ratio = line.pair, f"{line.ratio:.2f}"
    apart = f"{line.apart:.0e}" if line.apart else "0"
    return [
        pair.engine,
        pair.name,
        pair.peer,
        f"{line.ours_ms:.1f}",
        f"{line.theirs_ms:.1f}",
        f"**{ratio}**" if line.above else ratio,
        f"±{line.noise:.2f}",
        apart if line.same else f"**{apart}**",
        pair.why,
    ]


def main(arguments: list[str]) -> None:
    """Print the table, line by line as it is measured."""
    print(table(HEAD, []), end="")
    for line in lines(arguments or ENGINES):
        print("| " + " | ".join(cells(line)) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
