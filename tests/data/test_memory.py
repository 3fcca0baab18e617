"""A big CSV in bounded memory: measured in a process of its own, as the kernel saw it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

ROWS = 2_000_000
MEASURE = """
import json, resource, sys
from pathlib import Path
import pyarrow.csv
from qianhang.core.manifest import Column
from qianhang.data import check
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
columns = {"time": Column(role="time", step="1min", zone="Asia/Shanghai"),
           "heat": Column(unit="GJ/h", low=0, high=401), "flow": Column(unit="m3/h", low=0)}
before = peak()
frame = check(Path(sys.argv[1]), columns).frame
size = int(frame.memory_usage(index=True).sum())
print(json.dumps({"rows": len(frame), "frame": size, "more": peak() - before}))
"""


def test_peak_memory_stays_below_three_times_the_result_and_150_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    minutes = np.datetime64("2020-01-01T00:00") + np.arange(ROWS) * np.timedelta64(1, "m")
    number = np.arange(ROWS)
    columns = {
        "time": pa.array(minutes.astype("datetime64[s]")),
        "note": pa.DictionaryArray.from_arrays(np.zeros(ROWS, dtype=np.int8), ["words to skip"]),
        "heat": pa.array(number % 400 + 0.5),
        "flow": pa.array(number % 97 + 0.25),
    }
    columns["note"] = columns["note"].cast(pa.string())
    pyarrow.csv.write_csv(pa.table(columns), path)
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", MEASURE, str(path)]
    told = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["rows"] == ROWS
    assert found["frame"] <= ROWS * 3 * 8 + 1000
    assert found["more"] <= 3 * found["frame"] + 150_000_000


READ = """
import json, resource, sys
from pathlib import Path
import pyarrow.parquet
from qianhang.data.readers import open_table
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
table = open_table(Path(sys.argv[1]))
rows = sum(block.count for block in table.group([0, 1], 0))
print(json.dumps({"rows": rows, "more": peak() - before}))
"""


def test_a_row_group_larger_than_what_may_be_held_is_read_a_part_at_a_time(tmp_path: Path) -> None:
    """160 MB in one row group: as it is written by whoever asks for one."""
    path, rows = tmp_path / "one.parquet", 10_000_000
    rng = np.random.default_rng(1)
    made = pa.table({"load": rng.uniform(size=rows), "heat": rng.uniform(size=rows)})
    pyarrow.parquet.write_table(made, path, row_group_size=rows, use_dictionary=False)
    command = [sys.executable, "-c", READ, str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["rows"] == rows
    assert found["more"] <= 80_000_000
