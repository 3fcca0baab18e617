"""`qianhang --help` and `qianhang list`: CPU seconds, with 500 generated packs installed.

Packs are copies of generated ones under 25 industries, found through an entry point as a
distribution of somebody else's would be.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from qianhang.testing import TASKS, write_pack

COUNT = 500


def install(folder: Path) -> None:
    """500 packs in a package `many`, and the metadata that names it."""
    templates = folder / "templates"
    made = {t: write_pack(templates, industry="industry", name=f"of_{t}", task=t) for t in TASKS}
    (folder / "many").mkdir()
    (folder / "many" / "__init__.py").touch()
    for number in range(COUNT):
        task = TASKS[number % len(TASKS)]
        place = folder / "many" / f"industry{number % 25:02d}" / f"scenario{number:03d}"
        shutil.copytree(made[task], place)
    info = folder / "many-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: many\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[qianhang.packs]\nmany = many\n")


def cpu_seconds(folder: Path, *arguments: str) -> tuple[float, int]:
    """Least user and system seconds of five calls, and the lines printed."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}
    code = (
        "import os, sys; from qianhang.cli import main; sys.argv = ['qianhang', *sys.argv[1:]]\n"
        "try: main()\nexcept SystemExit: pass\n"
        "t = os.times(); print(f'{t.user + t.system:.3f}', file=sys.stderr)"
    )
    best, lines = float("inf"), 0
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            capture_output=True, text=True, check=True, env=env,
        )  # fmt: skip
        best = min(best, float(done.stderr.strip().splitlines()[-1]))
        lines = done.stdout.count("\n")
    return best, lines


def main() -> None:
    """Print one line a command."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        install(folder)
        print(f"{'command':32} {'CPU s':>6}  lines printed")
        for arguments in (["--help"], ["list"], ["list", "--json"], ["list", "--task", "detect"]):
            seconds, lines = cpu_seconds(folder, *arguments)
            print(f"qianhang {' '.join(arguments):23} {seconds:6.3f}  {lines}")


if __name__ == "__main__":
    main()
