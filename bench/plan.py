"""Plans read: scores by kind and document against the annotated ones, CPU time and memory of each.

python bench/plan.py [--errors] [PLANS]

PLANS : folder with texts/, gold/ and score.py; else `plans` under the folders of QIANHANG_DATA
--errors : also every miss, as the scorer lists them
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from qianhang.plan.reading.read import read
from timing import table

REPEATS = 5
GOAL_S = 0.2
# F1 that the annotated documents are held to
BARS = {
    "section (path+title)": 0.97,
    "unit (section+role+name)": 0.98,
    "target (value+place)": 0.97,
    "target (exact)": 0.90,
    "system (place+name~)": 0.75,
}
LINE = re.compile(r"(.+?)\s+P ([\d.]+)\s+R ([\d.]+)\s+F1 ([\d.]+)\s+tp/fp/fn (.+)")


def plans_folder() -> Path:
    """The folder `plans` under one that QIANHANG_DATA names."""
    for name in os.environ.get("QIANHANG_DATA", "").split(os.pathsep):
        if name and (Path(name) / "plans" / "score.py").is_file():
            return Path(name) / "plans"
    sys.exit("no folder plans/ with score.py under the folders of QIANHANG_DATA")


def documents(plans: Path) -> list[Path]:
    """The texts that have annotations."""
    return [p for p in sorted((plans / "texts").iterdir()) if gold_of(plans, p).is_file()]


def gold_of(plans: Path, text: Path) -> Path:
    """The annotation of a text."""
    return plans / "gold" / f"{text.stem}.json"


def scored(plans: Path, *, errors: bool) -> str:
    """What the scorer prints of our reading of every annotated text."""
    with tempfile.TemporaryDirectory() as out:
        for path in documents(plans):
            found = json.dumps(read(path).to_dict(), ensure_ascii=False)
            (Path(out) / f"{path.stem}.json").write_text(found, encoding="utf8")
        command = [sys.executable, str(plans / "score.py"), out, str(plans / "gold")]
        command += ["--errors"] * errors
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def kinds(printed: str) -> Iterator[list[str]]:
    """Kind, precision, recall, F1, counts, bar, whether it is met."""
    for found in filter(None, map(LINE.fullmatch, printed.splitlines())):
        name, precision, recall, f1, counts = found.groups()
        bar = BARS.get(name.strip())
        met = "" if bar is None else "yes" if float(f1) >= bar else "**no**"
        shown = f"{bar:.2f}" if bar else ""
        yield [name.strip(), precision, recall, f1, counts, shown, met]


def cost(path: Path) -> list[str]:
    """Name, characters, least CPU milliseconds of five readings, peak memory of one."""
    best, document = float("inf"), read(path)
    for _ in range(REPEATS):
        began = time.process_time()
        read(path)
        best = min(best, time.process_time() - began)
    tracemalloc.start()
    read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    shown = f"{1e3 * best:.0f}" if best <= GOAL_S else f"**{1e3 * best:.0f}**"
    return [path.stem, f"{len(document.text):,}", shown, f"{peak / 2**20:.1f}"]


def main() -> None:
    """Print scores by kind, by document, and what each document costs."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("plans", nargs="?", type=Path)
    asked.add_argument("--errors", action="store_true")
    given = asked.parse_args()
    plans = given.plans or plans_folder()
    printed = scored(plans, errors=given.errors)
    print(table(("kind", "P", "R", "F1", "tp/fp/fn", "bar", "met"), list(kinds(printed))))
    print("```\n" + printed[printed.index("per document") :] + "```\n")
    head = ("document", "characters", "CPU ms (goal 200)", "peak MB")
    print(table(head, [cost(path) for path in documents(plans)]))


if __name__ == "__main__":
    main()
