"""`make bench`: every figure that we claim, one script after the other.

python bench/run.py [--write] [--quick] [SCRIPT ...]

--write : also docs/benchmarks.md, from what the scripts print
--quick : the packs as bench/packs.py measured them last (docs/figures.json)
SCRIPT : only these; the page keeps of the others what they printed last
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from timing import table

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
FIGURES = HERE.parent / "docs" / "figures.json"
INTRO = """# 基准 Benchmarks

由 `python bench/run.py --write` 生成；算力网络、大表打分两节的表是各自脚本所印，由人贴入，其后的说明是人写的。机器两核且忙，故只用 CPU 时间，重在比值；两边轮流执行，各取最少的一次，并核对两边结果一致（“apart”为最大相对差）。“noise”为该库两半次数之间与自身的差。粗体表示超过 5% 且不能归于噪声，或结果不一致。
Written by `python bench/run.py --write`; the tables on the compute network and on scoring were printed by their scripts and pasted, the words below them are typed. The machine has two cores and is busy, hence CPU time and ratios: both sides take turns, the least of each counts, and their answers are compared ("apart" is the largest relative difference). "noise" is how far the library is from itself between two halves of its goes. Bold is a wrapper above 5% by more than noise, or answers that differ.
"""  # noqa: E501 - a line is a paragraph of the page
TITLES = {
    "engines.py": "引擎与单独使用的库 Engines beside the library alone",
    "way.py": "全程与裸脚本 The whole way beside a bare script",
    "catalogue.py": "命令启动 Start of the commands, 500 packs installed",
    "web.py": "控制台 The console: CPU a page, followers of a run, the same list elsewhere",
    "billing.py": "账本 The ledger: entries, usage recorded and charged",
    "slurm.py": "Slurm 算力池 A Slurm pool: by its commands and by slurmrestd",
    "compute.py": "算力网络 The compute network: logs replayed beside the bars",
    "door.py": "门 The door: CPU a job",
    "sustained.py": "门，一分钟 The door for a minute over two Slurm clusters",
    "scoring.py": "大表打分 A large table scored: rows a CPU second",
    "vouchers.py": "算力券 Vouchers: random deeds against a second count",
    "plan.py": "读计划 Plans read, beside what people marked in them",
}


def printed(script: str, *arguments: str) -> str:
    """What the script prints, shown as it comes."""
    command = [sys.executable, "-W", "ignore", str(HERE / script), *arguments]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    if child.returncode:
        raise SystemExit(f"bench/{script} failed, exit code {child.returncode}")
    return "".join(lines)


def costs() -> str:
    """CPU seconds and peak memory of every case of every pack, as measured last."""
    rows = {(r["scenario"], r["case"]): r for r in json.loads(FIGURES.read_text(encoding="utf8"))}
    head = ("场景 scenario", "用例 case", "CPU s", "peak MB")
    cells = [(f"`{s}`", c, f"{r['cpu_s']:.1f}", f"{r['peak_mb']:.0f}")
             for (s, c), r in rows.items()]  # fmt: skip
    return table(head, cells)


def kept() -> dict[str, str]:
    """Title -> section of the page, as written last."""
    text = PAGE.read_text(encoding="utf8") if PAGE.is_file() else ""
    sections = (part.partition("\n\n") for part in text.split("\n## ")[1:])
    return {title: body.rstrip("\n") + "\n" for title, _, body in sections}


def main(arguments: list[str]) -> None:
    """Run every script; write the page where that is asked for."""
    unknown = [a for a in arguments if a not in {"--write", "--quick", *TITLES}]
    if unknown:
        raise SystemExit(f"{unknown[0]}: expected --write, --quick or one of {', '.join(TITLES)}")
    found, wanted = kept(), [a for a in arguments if not a.startswith("--")]
    parts = [INTRO]
    for script, title in TITLES.items():
        if not wanted or script in wanted:
            print(f"\n== {script}", flush=True)
            text = printed(script)
            found[title] = text if text.startswith("|") else f"```\n{text}```\n"
        if title in found:
            parts.append(f"## {title}\n\n{found[title]}")
    if "--quick" not in arguments and not wanted:
        print("\n== packs.py", flush=True)
        printed("packs.py")
    if FIGURES.is_file():
        print(f"\n{costs()}")
        parts.append(f"## 场景包的时间与内存 Time and memory of the packs\n\n{costs()}")
    if "--write" in arguments:
        PAGE.write_text("\n".join(parts), encoding="utf8")


if __name__ == "__main__":
    main(sys.argv[1:])
