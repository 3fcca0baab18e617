"""Ten million rows of CSV through the contract check: seconds, peak memory, beside pandas alone.

python bench/big_csv.py [rows]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

OURS = """
from pathlib import Path
from qianhang.core.manifest import Column
from qianhang.data import check
columns = {"time": Column(role="time", step="1min", zone="Asia/Shanghai"),
           "heat": Column(unit="GJ/h", low=0, high=401), "flow": Column(unit="m3/h", low=0)}
frame = check(Path(sys.argv[1]), columns).frame
"""
PANDAS = """
import pandas as pd
frame = pd.read_csv(sys.argv[1], usecols=["time", "heat", "flow"], parse_dates=["time"])
frame = frame.set_index("time").sort_index()
assert frame.heat.between(0, 401).all() and frame.flow.ge(0).all()
"""
FRAME = """
import json, resource, sys, time
{body}
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, len(frame)]))
"""


def make(path: Path, rows: int) -> None:
    import pyarrow as pa
    import pyarrow.csv

    minutes = np.datetime64("2000-01-01T00:00:00") + np.arange(rows) * np.timedelta64(60, "s")
    number = np.arange(rows)
    table = pa.table({"time": minutes, "heat": number % 400 + 0.5, "flow": number % 97 + 0.25})
    pyarrow.csv.write_csv(table, path)


def measure(body: str, path: Path) -> list[float]:
    code = FRAME.format(body=body)
    told = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    found: list[float] = json.loads(told.stdout)
    return found


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.csv"
        make(path, rows)
        size = path.stat().st_size / 2**20
        print(f"{rows:,} rows x 3 columns, {size:,.0f} MiB")
        for name, body in (("contract check", OURS), ("pandas.read_csv", PANDAS)):
            cpu, peak, count = measure(body, path)
            print(f"{name:16} {cpu:6.1f} s CPU  {peak:7,.0f} MiB peak  {count:,.0f} rows")


if __name__ == "__main__":
    main()
