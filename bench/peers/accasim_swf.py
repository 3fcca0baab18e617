"""A log by AccaSim's own simulator: `python accasim_swf.py LOG.swf SYSTEM.json FOLDER fifo|easy`.

Prints jobs, mean wait and CPU seconds as JSON. Run by the Python of an environment of its own.
"""

import collections
import collections.abc
import json
import sys
import time
from datetime import datetime
from pathlib import Path

# AccaSim 1.1.3 imports the name from where Python had it until 3.9.
collections.Mapping = collections.abc.Mapping

from accasim.base.allocator_class import FirstFit  # noqa: E402 - after the name is there
from accasim.base.scheduler_class import EASYBackfilling, FirstInFirstOut  # noqa: E402
from accasim.base.simulator_class import Simulator  # noqa: E402


def main(log: str, system: str, folder: str, rule: str) -> None:
    """Replay the log, read the schedule that was written."""
    dispatcher = (EASYBackfilling if rule == "easy" else FirstInFirstOut)(FirstFit())
    began = time.process_time()
    simulator = Simulator(
        log, system, dispatcher, RESULTS_FOLDER_PATH=folder, statistics_output=False,
        show_statistics=False,
    )  # fmt: skip
    simulator.start_simulation()
    cpu_s = time.process_time() - began
    (path,) = Path(folder).glob("sched-*")
    waits = [_wait_s(line) for line in path.read_text(encoding="utf8").splitlines() if line]
    print(json.dumps({"jobs": len(waits), "wait_s": sum(waits) / len(waits), "cpu_s": cpu_s}))


def _wait_s(line: str) -> float:
    """Of `job;user;SUBMITTED__nodes__START;end;...`."""
    asked, _, begun = line.split("__")
    moments = (asked.rpartition(";")[2], begun.partition(";")[0])
    submitted, start = (datetime.fromisoformat(one) for one in moments)
    return (start - submitted).total_seconds()


if __name__ == "__main__":
    main(*sys.argv[1:])
