"""kill -9 and Ctrl-C at every step: the store opens, verifies and goes on."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from qianhang.runs import Request, carry_out, open_store, read_store, recent
from qianhang.runs.record import sweep
from qianhang.runs.steps import NAMES
from qianhang.store import Settings

_CODE = """
import os, signal, sys
from pathlib import Path
from qianhang.runs import Request, carry_out
from qianhang.store import Settings

def listen(event):
    if (event.step, event.state) == (sys.argv[3], sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)

carry_out(Request(sys.argv[1], data=Path(sys.argv[2])), settings=Settings.load(), listen=listen)
"""


# Each run but the first starts on what the one killed before it left, and comes further than that.
@pytest.mark.parametrize("steps", [NAMES[:5], NAMES[5:]], ids=["first", "last"])
def test_killed_at_any_step_the_store_verifies_and_the_next_run_finishes(pack, faults, home, steps):
    for step, state in itertools.product(steps, ("start", "end")):
        command = [sys.executable, "-c", _CODE, str(pack.folder), str(faults), step, state]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr
        with open_store(Settings.load()) as store:
            assert store.verify().ok
        if (step, state) == ("keep", "end"):
            break
        with open_store(Settings.load()) as store:
            sweep(store, now=datetime.now(UTC))
            assert {r.state for r in recent(store)} <= {"interrupted"}
    record, found = carry_out(Request(str(pack.folder), data=faults), settings=Settings.load())
    assert record.state == "finished"
    assert found == ("keep" in steps)
    with read_store(Settings.load()) as store:
        assert store.verify().ok


def test_ctrl_c_leaves_the_run_interrupted_and_no_process_behind(faults, home, with_fit):
    """The job sleeps in fit(); the interrupt comes while it does."""
    folder = with_fit("import time; time.sleep(300)")
    command = [sys.executable, "-m", "qianhang", "run", str(folder), "--data", str(faults)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    waited = time.monotonic()
    while not (home / "jobs").exists() and time.monotonic() - waited < 60:
        time.sleep(0.1)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    with read_store(Settings.load()) as store:
        assert [r.state for r in recent(store)] == ["interrupted"]
        assert store.verify().ok
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert f"{home}" not in listing.stdout
    assert list((home / "work").iterdir()) == []
