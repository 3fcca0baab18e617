"""Jobs with a choice beside jobs with none: two pools of eight chips, one of them sought after."""

from __future__ import annotations

from math import exp

import pytest

from qianhang.compute.job import Job, Want
from qianhang.compute.network import Network, Pool, Stock
from qianhang.compute.policy import Params, Queue, Start, View, settle


def made(**params):
    """At 2,000 s `hot` is empty, after one job waited for it alone from 0 s until 1,000 s; `calm`
    is full."""
    knobs = Params(**{"courtesy": 1.0, "courtesy_s": 1000.0} | params)
    pools = tuple(Pool(name, "op", (Stock("nvidia-v100", 1, 8),)) for name in ("hot", "calm"))
    setup = View(Network(pools), knobs), Queue(knobs), knobs
    come(setup, job("a", 8, "hot"), job("b", 8, "hot"), job("c", 8, "calm"))
    assert leave(setup, "a", 1000.0) == [("b", "hot")]
    assert leave(setup, "b", 2000.0) == []
    return setup


def job(name, chips, *pools, at=0.0, estimate=1000.0):
    return Job(name, "o", Want(chips), at, estimate, pools=pools)


def decided(setup, now):
    view, queue, knobs = setup
    found = settle(view, queue, now, knobs)
    return [(one.job, one.placement.pool) for one in found if isinstance(one, Start)]


def come(setup, *jobs, now=0.0):
    for one in jobs:
        assert setup[0].admit(one, setup[1]) is None
    return decided(setup, now)


def leave(setup, name, now):
    setup[0].end(setup[0].running[name, 0], setup[1], now)
    return decided(setup, now)


def wanderer():
    return job("m", 4, at=2000.0, estimate=3600.0)


def test_it_stands_back_as_long_as_its_stay_would_make_others_wait():
    """One job waited for 1,000 s and none for 1,000 s more, with a memory of 1,000 s: by now
    (1 - 1/e) / e of a job, over 8 chips. Its stay is 4 x 3,600 chip-seconds, with half of the chips
    in use: a quarter counts. That makes 105 s."""
    delay = 4 * 3600 * (1 - exp(-1)) * exp(-1) / 8 * 0.25
    assert delay == pytest.approx(104.6, abs=0.1)
    setup = made()
    assert come(setup, wanderer(), now=2000.0) == []
    assert setup[1].again == pytest.approx(2000.0 + delay)
    assert decided(setup, 2050.0) == []
    assert decided(setup, 2000.0 + delay) == [("m", "hot")]


def test_it_takes_a_calmer_place_as_soon_as_there_is_one():
    setup = made()
    come(setup, wanderer(), now=2000.0)
    assert leave(setup, "c", 2010.0) == [("m", "calm")]


def test_without_courtesy_it_stands_back_for_nobody_who_does_not_wait_now():
    assert come(made(courtesy=0.0), wanderer(), now=2000.0) == [("m", "hot")]


def test_a_job_without_a_choice_never_stands_back():
    assert come(made(), job("d", 4, "hot", at=2000.0), now=2000.0) == [("d", "hot")]


def test_what_was_long_ago_counts_no_more():
    """After ten times the memory the delay is 5 ms."""
    late = job("m", 4, at=12000.0, estimate=3600.0)
    assert come(made(), late, now=12000.0) == [("m", "hot")]
