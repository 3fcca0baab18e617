"""What each extra adds to the core once installed: distributions and MB, from this environment."""

from __future__ import annotations

import sys
from importlib import metadata

from packaging.requirements import Requirement


def closure(roots: list[str]) -> set[str]:
    """Names of the distributions that these requirements bring, themselves included."""
    found: set[str] = set()
    waiting = [Requirement(r) for r in roots]
    while waiting:
        wanted = waiting.pop()
        name = wanted.name.lower().replace("_", "-")
        extras = wanted.extras or {""}
        if wanted.marker and not any(wanted.marker.evaluate({"extra": e}) for e in ("", *extras)):
            continue
        if name in found:
            continue
        found.add(name)
        for text in metadata.distribution(name).requires or ():
            need = Requirement(text)
            if need.marker is None or any(need.marker.evaluate({"extra": e}) for e in extras):
                need.marker = None
                waiting.append(need)
    return found


def megabytes(names: set[str]) -> float:
    """Size of the installed files of these distributions, MB."""
    total = 0
    for name in names:
        for file in metadata.distribution(name).files or ():
            path = file.locate()
            if path.is_file() and path.suffix != ".pyc":
                total += path.stat().st_size
    return total / 1e6


EXTRAS = (
    "water", "health", "crop", "energy", "grid", "heat", "traffic", "routing", "ocean", "plan",
)  # fmt: skip
core = closure(["qianhang"])
for extra in sys.argv[1:] or EXTRAS:
    more = closure([f"qianhang[{extra}]"]) - core
    print(f"{extra}: {megabytes(more):.0f} MB ({', '.join(sorted(more))})")
