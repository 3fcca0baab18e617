"""The order of ends against a fresh sort, whatever came and went in between."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from qianhang.compute.job import Job, Want
from qianhang.compute.policy.ends import Ends
from qianhang.compute.policy.entry import Entry

DEEDS = st.lists(
    st.tuples(st.sampled_from("asseff"), st.integers(0, 40), st.integers(0, 60)), max_size=60
)


def run_of(name, since, end):
    job = Job(name, "o", Want(1), 0.0, 10.0)
    run = Entry(job, SimpleNamespace(parts=1), 10.0, 0.0)
    run.since, run.end = float(since), float(end)
    return run


@settings(max_examples=80, deadline=None)
@given(DEEDS)
def test_ends_are_those_of_a_fresh_sort(deeds):
    """a: ask; s: a start; e: an end; f: what has run over is foreseen anew."""
    runs = {}
    ends = Ends(runs)
    for number, (deed, pick, span) in enumerate(deeds):
        now = float(number)
        if deed == "s":
            run = run_of(f"r{number}", now, now + span)
            runs[run] = None
            ends.add(run)
        elif deed == "e" and runs:
            run = list(runs)[pick % len(runs)]
            del runs[run]
            ends.remove(run)
        elif deed == "f":
            ends.foresee(now, 1.0)
            assert all(run.end > now for run in runs)
        else:
            order = {run: at for at, run in enumerate(runs)}
            fresh = sorted((run.expected(now, 1.0), at) for run, at in order.items())
            assert [(end, order[run]) for end, _, run in ends.expected(now, 1.0)] == fresh
            by = sorted(order[run] for run in ends.until(now + 20.0))
            assert by == [at for run, at in order.items() if run.end <= now + 20.0]


def test_order_is_kept_only_as_long_as_somebody_asks():
    runs = {}
    ends = Ends(runs)
    assert list(ends.expected(0.0, 1.0)) == []
    for number in range(40):
        run = run_of(f"r{number}", 0, 9)
        runs[run] = None
        ends.add(run)
        del runs[run]
        ends.remove(run)
    assert ends.ranked is None
