"""A table larger than the memory of the jobs that score it: what they held at most, and how fast.

python bench/scoring_large.py [GB] [MEMORY_MB] [FOLDER]

Random figures, which take GB gigabytes in memory and hardly less on disk, once in row groups of a
million rows and once in a single one. Two jobs of MEMORY_MB each on two local pools; what one held
at most is what the kernel says of it at its end. Each answer is compared with the model's own.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from qianhang import models
from qianhang.compute.door import plant
from qianhang.core.pack import Pack, load_pack
from qianhang.core.spec import make
from qianhang.runs import open_store, record
from qianhang.runs.scoring.score import Ask, score
from qianhang.store import Settings, Store
from qianhang.testing import write_pack
from qianhang.testing.door_bed import network

_BATCH = 1_000_000


def figures(rows: int) -> Iterator[pa.RecordBatch]:
    """`load` and `temperature` in batches, 16 bytes a row."""
    for first in range(0, rows, _BATCH):
        rng, size = np.random.default_rng(first), min(_BATCH, rows - first)
        made = {"load": rng.uniform(20, 110, size), "temperature": rng.uniform(0, 120, size)}
        yield pa.RecordBatch.from_pydict(made)


def written(rows: int, to: Path, *, group: int) -> None:
    """The figures in row groups of so many rows."""
    whole = pa.Table.from_batches(figures(rows))
    parquet.write_table(whole, to, row_group_size=group, use_dictionary=False)


def model_of(pack: Pack, store: Store) -> object:
    """A model that was fitted here and registered as accepted."""
    now, case = datetime.now(UTC), pack.manifest.find_case()
    spec = make(pack.manifest, case, seed=0, params={})
    model = pack.code.fit(pack.code.sample(3).table, spec=spec)
    asked = {"seed": 0, "params": {}}
    run = record.begin(store, key="k", scenario=pack.id, case=case.name, request=asked, now=now)
    sha = models.save(store.files, model, local=pack.code)
    with store.write() as tx:
        card = models.Card({"zh": "故障", "en": "fault"})
        models.register(tx, models.NewModel(pack.id, "accepted", sha, run.id, card), at=now)
        record.close(tx, run, state="finished", result={}, now=now)
    record.let_go(run)
    return model


def compared(pack: Pack, model: object, table: Path, out: Path) -> int:
    """How many answers are the model's own.

    Raises SystemExit at the first other one.
    """
    spec = make(pack.manifest, pack.manifest.find_case(), seed=0, params={})
    asked = parquet.ParquetFile(table, buffer_size=1 << 20, pre_buffer=False).iter_batches(_BATCH)
    told = parquet.ParquetFile(out, buffer_size=1 << 20, pre_buffer=False).iter_batches(_BATCH)
    rows = 0
    for question, answer in zip(asked, told, strict=True):
        mine = pack.code.predict(model, question.to_pandas(), spec=spec).to_numpy()
        numbers = np.arange(rows, rows + len(mine)) + 1
        if not np.array_equal(answer.column("row").to_numpy(), numbers):
            raise SystemExit(f"other rows behind row {rows}")
        if not np.allclose(mine, answer.column("risk").to_numpy(), rtol=1e-12):
            raise SystemExit(f"another answer behind row {rows}")
        rows += len(mine)
    return rows


def main(gigabytes: float, memory_mb: int, folder: str | None) -> None:
    rows = int(gigabytes * 1e9 / 16)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        place = Path(made)
        settings = Settings(home=place / "home")
        pack = load_pack(write_pack(place, industry="industry", name="fault", task="classify"))
        with open_store(settings) as store:
            model = model_of(pack, store)
            plant.add(store, network(place, "p1", "p2"), by="bench", at=datetime.now(UTC))
        print("| 行组 row groups | 行 rows | 文件 file, MB | 上限 limit, MiB | "
              "最多占用 held at most, MiB | 用时 wall, s | CPU, s |")  # fmt: skip
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        for name, group in (("1,000,000 行 rows", _BATCH), ("一个 one", rows)):
            table, out = place / "t.parquet", place / "out.parquet"
            written(rows, table, group=group)
            began = time.monotonic()
            ask = Ask(str(pack.folder), table, out, "auto", 1, members=2, memory_mb=memory_mb)
            done = score(ask, settings=settings)
            wall_s = time.monotonic() - began
            if compared(pack, model, table, out) != rows:
                raise SystemExit("rows are missing")
            held = f"{memory_mb:,} | {done.peak_mb:,.0f} | {wall_s:.0f} | {done.cpu_s:.0f}"
            print(f"| {name} | {rows:,} | {table.stat().st_size / 1e6:,.0f} | {held} |", flush=True)
            out.unlink()


if __name__ == "__main__":
    given = dict(enumerate(sys.argv[1:]))
    main(float(given.get(0, 3.0)), int(given.get(1, 1024)), given.get(2))
