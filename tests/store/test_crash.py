"""kill -9 at many points of the work: the store opens, verifies, and goes on."""

import os
import random
import signal
import sys
import time
from functools import partial

import alembic.runtime.environment  # noqa: F401  # once here, not in each of the children
import pytest

from qianhang import models
from qianhang.models import PART, Card, NewModel
from qianhang.store import Settings, Store

POINTS = 30


class Counts:
    """Stands in for an engine's estimator: something with files."""

    def to_files(self):
        return {"a.json": b'{"a": 1}', "b.bin": os.urandom(200_000)}

    @classmethod
    def from_files(cls, files):
        return cls()


Counts.__module__ = "qianhang.engines.made_up"
WORDS = {"zh": "一", "en": "one"}


def work(settings, now, told):
    """Open, put files, register a model, append; tell after each commit."""
    with Store.open(settings, parts=[PART]) as store:
        for number in range(2):
            manifest = models.save(store.files, Counts())
            with store.write() as tx:
                new = NewModel("test.model", "accepted", manifest, f"run{number}", Card(WORDS))
                made = models.register(tx, new, at=now)
                tx.append("test", made.id, payload={"n": number, "files": {"m": manifest}}, at=now)
            os.write(told, b".")


def dying_at(step, action):
    """Run `action`; kill -9 this process as it reaches line number `step` of our own code."""
    lines = 0

    def local(frame, event, arg):
        nonlocal lines
        if event == "line":
            lines += 1
            if lines == step:
                os.kill(os.getpid(), signal.SIGKILL)
        return local

    def trace(frame, event, arg):
        name = frame.f_code.co_filename
        return local if "/qianhang/" in name or "/migrations/" in name else None

    sys.settrace(trace)
    action()
    sys.settrace(None)
    return lines


def check(settings, told):
    """What has to hold after any crash; the number of models there are."""
    with Store.open(settings, parts=[PART]) as store:
        found = store.verify()
        assert found.ok, found.broken
        assert models.verify(store) == []
        kept = models.versions(store, "test.model")
        # A commit may be in the file before the process could tell of it, never the other way.
        assert told <= len(kept) <= told + 1
        assert found.records == 2 * len(kept)
        for one in kept:
            assert models.manifest(store.files, one.manifest).files
        return len(kept)


def struck(blow, settings, now, told):
    blow(partial(work, settings, now, told))


def endless(settings, now, told):
    while True:
        work(settings, now, told)


def crash(child, ended, action):
    """Exit code of a child that does the action, and how many commits it told of."""
    read, write = os.pipe()
    code = ended(child(partial(action, write)))
    os.close(write)
    with os.fdopen(read, "rb") as source:
        return code, len(source.read())


@pytest.fixture
def lines(tmp_path, settings, child, now):
    """How many lines of our code one whole piece of work runs through."""
    read, write = os.pipe()
    quiet, tell = os.pipe()

    def count():
        os.write(write, str(dying_at(-1, lambda: work(settings, now, tell))).encode())

    os.waitpid(child(count), 0)
    os.close(write)
    os.close(tell)
    os.close(quiet)
    with os.fdopen(read, "rb") as source:
        return int(source.read())


def test_a_kill_at_any_line_leaves_a_store_that_goes_on(tmp_path, child, ended, lines, now):
    """At 30 lines spread over the whole work, from opening a fresh store to the last commit."""
    assert lines > POINTS
    killed = 0
    for step in range(1, lines, lines // POINTS):
        own = Settings(home=tmp_path / str(step))
        blow = partial(dying_at, step)
        code, told = crash(child, ended, partial(struck, blow, own, now))
        killed += code == -signal.SIGKILL
        before = check(own, told)
        code, told = crash(child, ended, partial(work, own, now))
        assert (code, told) == (0, 2)
        assert check(own, before + 2) == before + 2
    # The very last lines may not come in every run: a retry more or less moves the count.
    assert killed >= POINTS - 2


def test_a_kill_at_any_moment_leaves_a_store_that_goes_on(settings, child, ended, now):
    """Twelve times over one store, at moments that fall inside SQLite and the kernel too."""
    chance = random.Random(1)
    total = 0
    for _ in range(12):
        read, write = os.pipe()
        pid = child(partial(endless, settings, now, write))
        os.close(write)
        with os.fdopen(read, "rb", buffering=0) as source:
            assert source.read(1) == b"."
            time.sleep(chance.uniform(0, 0.05))  # the moment of the blow, not a synchroniser
            os.kill(pid, signal.SIGKILL)
            assert ended(pid) == -signal.SIGKILL
            total = check(settings, total + 1 + len(source.read()))
    assert total >= 12
