"""A store in a fresh folder, and children that do something and end."""

import os
import sys
import traceback
from datetime import UTC, datetime

import pytest

from qianhang.store import Settings, Store

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


@pytest.fixture
def store(settings):
    with Store.open(settings) as opened:
        yield opened


@pytest.fixture
def child():
    """child(work) -> pid of a forked process that does the work; exit code 1 where it raised."""

    def start(work):
        pid = os.fork()
        if pid:
            return pid
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)

    return start


@pytest.fixture
def ended():
    """ended(pid) -> exit code, negative for a signal."""

    def wait(pid):
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    return wait
