"""A large table scored: rows a CPU second of a bare loop, of `qianhang score` here, and on Ray.

QIANHANG_RAY=.venv-ray/bin/ray python bench/scoring.py [ROWS]

Ten-year risk by the model of the teaching data, of people made up; the bare loop reads the same
Parquet file by pandas, asks the same model and writes what it says, without a contract. CPU of
every process counts: the command's, the jobs' and, on Ray, what its head and workers use beside
them (as seen every other second, so a little is missed). Without QIANHANG_RAY that line is left
out. The three results are compared cell by cell.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from qianhang import models
from qianhang.compute.door import plant
from qianhang.compute.network import Network, Operator, Pool, Stock
from qianhang.core.manifest import Words
from qianhang.core.pack import find
from qianhang.runs import Request, carry_out, open_store, serving
from qianhang.runs.scoring.score import Ask, Scored, Way, score
from qianhang.store import Settings
from qianhang.testing.ray_head import RayHead
from timing import table, timed

SCENARIO, BLOCK = "health.cvd_risk", 50_000
HEAD = ("做法 way", "行 rows", "CPU s", "行/CPU 秒 rows a CPU s", "比裸循环 over the bare loop",
        "其中 of which")  # fmt: skip


def people(rows: int, to: Path) -> None:
    """Rows of the pack's own sample, what is to be foretold left out."""
    made = [find(SCENARIO).code.sample(seed).table for seed in range(-(-rows // 1200))]
    whole = pd.concat(made, ignore_index=True).iloc[:rows]
    whole.drop(columns=["follow_up", "event"]).to_parquet(to, row_group_size=100_000)


def bare(settings: Settings, source: Path, to: Path) -> None:
    """The loop that somebody writes who has the model and pandas."""
    import pyarrow as pa
    from pyarrow import parquet

    pack = find(SCENARIO)
    with open_store(settings, read_only=True) as store:
        kept, spec = serving.chosen(store, pack, 1, "root")
        model = models.load(store.files, kept.manifest, local=pack.code)
    writer = None
    for batch in parquet.ParquetFile(source).iter_batches(BLOCK):
        rows = batch.to_pandas()
        rows = rows.assign(sex=pd.Categorical(rows["sex"]))
        found = pack.code.predict(model, rows, spec=spec)
        piece = pa.Table.from_pandas(found, preserve_index=False)
        writer = writer or parquet.ParquetWriter(to, piece.schema)
        writer.write_table(piece.cast(writer.schema))
    if writer:
        writer.close()


class Cluster:
    """A head, and the CPU that it and its workers used since they were looked at first."""

    def __init__(self, head: RayHead, settings: Settings) -> None:
        self.head = head
        self.head.start()
        self.first = self.most = self.head.cpu_s()
        pool = Pool("ray", "op", (Stock("cpu-core", 1, 4, 10),), driver="ray")
        engine = {
            "address": self.head.address, "run_dir": str(self.head.run_dir),
            "token_file": str(self.head.token_file), "python": sys.executable,
        }  # fmt: skip
        network = Network((pool,), (Operator("op", Words("甲", "A")),), engines={"ray": engine})
        with open_store(settings) as store:
            plant.add(store, network, by="bench", at=datetime.now(UTC))

    def look(self, _: Way) -> None:
        self.most = self.most | self.head.cpu_s()

    def used(self) -> float:
        return sum(now - self.first.get(pid, 0.0) for pid, now in self.most.items())


def same(one: Path, other: Path) -> bool:
    a, b = (pd.read_parquet(path, columns=["risk", "low", "high"]) for path in (one, other))
    return bool(np.allclose(a.to_numpy(), b.to_numpy(), rtol=1e-9, equal_nan=True))


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as later:
        place = Path(folder)
        settings = Settings(home=place / "home", data=Settings.load().data)
        carry_out(Request(SCENARIO), settings=settings)
        people(rows, place / "t.parquet")
        bare(settings, place / "t.parquet", place / "bare.parquet")  # once unmeasured, to warm up
        plain_s, _ = timed(lambda: bare(settings, place / "t.parquet", place / "bare.parquet"))
        lines = [line("裸循环 a bare loop", rows, plain_s, plain_s, "")]

        def scored(pool: str, members: int, look: Cluster | None = None) -> tuple[float, Scored]:
            ask = Ask(SCENARIO, place / "t.parquet", place / f"{pool}.parquet", pool, 1,
                      rows=BLOCK, members=members)  # fmt: skip
            tell = look.look if look else (lambda _: None)
            cpu_s, done = timed(lambda: score(ask, settings=settings, tell=tell))
            if done.sums.answers != rows or not same(place / "bare.parquet", ask.out):
                raise SystemExit(f"{pool}: another answer")
            return cpu_s, done

        cpu_s, done = scored("local", 1)
        lines.append(line("`qianhang score`", rows, cpu_s, plain_s, f"job {done.cpu_s:.1f}"))
        if executable := os.environ.get("QIANHANG_RAY", ""):
            head = RayHead(executable)
            later.callback(head.close)
            cluster = Cluster(head, settings)
            for members in (1, 2):
                before = cluster.used()
                asker_s, done = scored("ray", members, cluster)
                cluster.look(Way(0, 0))
                own = cluster.used() - before
                parts = f"jobs {done.cpu_s:.1f}, asker {asker_s:.1f}, Ray {own:.1f}"
                whole = asker_s + done.cpu_s + own
                lines.append(
                    line(f"... `--pool ray --jobs {members}`", rows, whole, plain_s, parts)
                )
        print(table(HEAD, lines))
        print("答案逐格相同 The answers are the same cell by cell.")


def line(name: str, rows: int, cpu_s: float, plain_s: float, parts: str) -> tuple[str, ...]:
    return (name, f"{rows:,}", f"{cpu_s:.1f}", f"{rows / cpu_s:,.0f}", f"{cpu_s / plain_s:.2f}",
            parts)  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400_000)
