"""Every case of every pack: figures beside baselines and published, CPU seconds, memory.

Prints the table, writes docs/figures.json and, from it, the table in README.md. Cases whose data or
libraries are not here are left as they were measured last; the feed scenario has an environment of
its own and is measured there: `.venv-feed/bin/python bench/packs.py agriculture.feed_formulation`.

    python bench/packs.py [SCENARIO | SCENARIO:CASE ...] [--table-only]
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from qianhang.core.errors import DatasetError, MissingExtra
from qianhang.core.pack import Pack, packs
from qianhang.runs import Request, carry_out
from qianhang.store import Settings

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "figures.json"
BEGIN, END = "<!-- figures: bench/packs.py -->", "<!-- /figures -->"
HEAD = (
    "| 场景 scenario | 用例 case | 指标 metric | 本场景 ours | 最简 trivial | 常规 practice "
    "| 已发表 published | 承诺 bar | 达标 met | CPU s | MB |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
)


def measure(pack: Pack, case: str, settings: Settings) -> list[dict[str, Any]]:
    """One row a bar of one case."""
    record, _ = carry_out(Request(pack.id, case=case), settings=settings)
    result = record.result
    rows = []
    for bar in result["bars"]:
        published = bar["published"] or {}
        rows.append(
            {
                "scenario": pack.id, "title": pack.manifest.title.zh, "case": case,
                "embedded": pack.manifest.find_case(case).embedded,
                "source": result["source"], "twin": pack.manifest.find_case(case).twin,
                "metric": bar["metric"], "unit": bar["unit"], "on": bar["on"],
                "at_least": bar["at_least"], "at_most": bar["at_most"],
                "ours": bar["value"], "met": bar["met"],
                "trivial": result["trivial"].get(bar["metric"]),
                "practice": result["practice"].get(bar["metric"]),
                "published": published.get("value"), "verified": published.get("verified"),
                "cpu_s": result["cpu_s"], "peak_mb": result["peak_mb"],
            }
        )  # fmt: skip
    return rows


def number(value: float | None) -> str:
    """Four significant digits, or a dash."""
    if value is None:
        return "—"
    return f"{value:,.0f}" if abs(value) >= 10000 else f"{value:.4g}"


def limits(row: dict[str, Any]) -> str:
    """The bar as text."""
    low, high = row["at_least"], row["at_most"]
    if low is not None and high is not None:
        return f"{low:g}–{high:g}"
    return f"≥ {low:g}" if low is not None else f"≤ {high:g}"


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    lines = []
    for row in rows:
        published = number(row["published"])
        if row["verified"] == "recalled":
            published += " (凭记忆 recalled)"
        mark = " (孪生 twin)" if row["twin"] else ""
        metric = row["metric"] + (f" [{row['unit']}]" if row["unit"] not in ("", "1") else "")
        met = "是 yes" if row["met"] else "**否 no**"
        cells = [f"`{row['scenario']}` {row['title']}", row["case"] + mark, metric]
        cells += [number(row["ours"]), number(row["trivial"]), number(row["practice"]), published]
        cells += [limits(row), met, f"{row['cpu_s']:.0f}", f"{row['peak_mb']:.0f}"]
        lines.append("| " + " | ".join(cells) + " |\n")
    return HEAD + "".join(lines)


def main(arguments: list[str]) -> None:
    """Measure what was asked for, or everything, and write the figures down case by case."""
    kept: list[dict[str, Any]] = json.loads(FIGURES.read_text()) if FIGURES.is_file() else []
    wanted = {a for a in arguments if not a.startswith("--")}
    with tempfile.TemporaryDirectory() as home:
        settings = Settings.load(environ={**os.environ, "QIANHANG_HOME": home})
        for pack, case in _cases() if "--table-only" not in arguments else ():
            if wanted and not wanted & {pack.id, f"{pack.id}:{case}"}:
                continue
            try:
                rows = measure(pack, case, settings)
            except (DatasetError, MissingExtra) as cause:
                print(f"{pack.id} {case}: {cause}", file=sys.stderr)
                continue
            kept = [r for r in kept if (r["scenario"], r["case"]) != (pack.id, case)] + rows
            print("\n".join(table(rows).splitlines()[2:]), flush=True)
            write(kept)
    write(kept)


def write(rows: list[dict[str, Any]]) -> None:
    """Put the figures into docs/figures.json, in the catalogue's order, and into the README."""
    order = {(pack.id, case): i for i, (pack, case) in enumerate(_cases())}
    kept = [r for r in rows if (r["scenario"], r["case"]) in order]
    kept.sort(key=lambda r: order[r["scenario"], r["case"]])
    FIGURES.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf8")
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf8").partition(BEGIN)
    after = rest.partition(END)[2]
    readme.write_text(f"{before}{BEGIN}\n{table(kept)}{END}{after}", encoding="utf8")


def _cases() -> list[tuple[Pack, str]]:
    """Every case that has data of its own."""
    return [(p, c.name) for p in packs() for c in p.manifest.case if c.dataset]


if __name__ == "__main__":
    main(sys.argv[1:])
