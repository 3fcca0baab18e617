"""Replays against an independent simulator, and laws that hold for any jobs."""

from __future__ import annotations

import importlib.util
import random
from heapq import heappop, heappush
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qianhang.compute.job import DataRef, Job, Want
from qianhang.compute.network import Lending, Network, Pool, Stock
from qianhang.compute.policy import (
    Params,
    Predictor,
    Preempt,
    Queue,
    Reserve,
    Start,
    View,
    settle,
)
from qianhang.compute.simulate import Traced, replay, summary

_SPEC = importlib.util.spec_from_file_location("slow", Path(__file__).with_name("slow.py"))
slow = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(slow)
NEVER = 1e15


def one_pool(chips):
    return Network((Pool("p", "op", (Stock("cpu-core", 1, chips),)),))


def traced(rows):
    return [Traced(Job(n, "o", Want(c), float(s), float(e)), float(r)) for n, s, c, e, r in rows]


def made(count, seed, *, chips=16):
    """Jobs whose estimates are never too short."""
    draw, at, rows = random.Random(seed), 0, []
    for number in range(count):
        at += draw.choice((0, 1, 3, 20))
        run = draw.randint(1, 120)
        rows.append((f"j{number:04d}", at, draw.choice((1, 1, 2, 4, 8, chips)),
                     run * draw.choice((1, 1, 2, 5)), run))  # fmt: skip
    return rows


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("reserve_after", [NEVER, 400.0, 60.0])
def test_waits_are_those_of_the_slow_simulator(seed, reserve_after):
    rows = made(150, seed)
    params = Params(
        reserve_after_s=reserve_after,
        reserve_per_area=0.0,
        hard_after_s=NEVER,
        pinned_after_s=NEVER,
        renew_s=NEVER,
    )
    found = replay(traced(rows), one_pool(16), params=params)
    assert list(found.waits) == slow.waits(rows, 16, reserve_after=reserve_after)


def test_the_same_log_gives_the_same_decisions_in_any_order_of_equal_moments():
    rows = made(200, 9)
    logs = []
    for shuffle in (0, 1):
        jobs = traced(rows)
        random.Random(shuffle).shuffle(jobs)
        jobs.sort(key=lambda t: t.job.submitted)
        log = []
        replay(jobs, one_pool(16), params=Params(reserve_after_s=100.0),
               listen=lambda now, d, log=log: log.append((now, _said(d))))  # fmt: skip
        logs.append(log)
    assert logs[0] == logs[1]


def _said(decision):
    if isinstance(decision, Start):
        return decision.job, decision.placement, decision.cost, decision.part
    return decision


THREE = Network((
    Pool("a", "op", (Stock("nvidia-v100", 2, 8),)),
    Pool("b", "op", (Stock("nvidia-v100", 3, 4), Stock("cpu-core", 1, 12))),
    Pool("c", "op", (Stock("nvidia-v100", 1, 8),)),
))  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_a_replay_decides_what_the_queue_decides_at_every_moment(seed):
    """By the loop that a door runs: every job through the queue, none started on its arrival."""
    draw, jobs, at = random.Random(seed), [], 0.0
    for number in range(150):
        at += draw.choice((0, 1, 4, 9))
        run = float(draw.randint(1, 60))
        home = draw.choice(("", "", "a", "b", "c"))
        want = Want(draw.choice((1, 1, 2, 4)), draw.choice((1, 1, 2)))
        jobs.append(Traced(Job(f"j{number:03d}", "o", want, at, run * draw.choice((1, 2, 0.5)),
                               pools=(home,) if home else ()), run))  # fmt: skip
    params = Params(reserve_after_s=20.0, reserve_per_area=0.5, hard_after_s=90.0, renew_s=15.0)
    told = []
    replay(jobs, THREE, params=params, listen=lambda now, d: told.append((now, _said(d))))
    assert told == _settled(jobs, params)


def _settled(jobs, params):
    view, queue = View(THREE, params), Queue(params)
    really, coming = {t.job.id: t.run_s for t in jobs}, list(jobs)
    ends, told = [], []
    while coming or ends:
        now = min([t.job.submitted for t in coming[:1]] + [end[0] for end in ends[:1]])
        while ends and ends[0][0] <= now:
            view.end(heappop(ends)[2], queue, now)
        while coming and coming[0].job.submitted <= now:
            view.admit(coming.pop(0).job, queue)
        for decision in settle(view, queue, now, params):
            told.append((now, _said(decision)))
            if isinstance(decision, Start):
                run = view.running[decision.job, decision.part]
                heappush(ends, (now + really[decision.job], len(told), run))
    return told


POOLS = Network((
    Pool("own", "op", (Stock("nvidia-v100", 2, 8),), zones=("z",), security=3,
         lending=Lending(("a",), cap=0.5, notice_s=5)),
    Pool("b", "op", (Stock("ascend-910b", 3, 4), Stock("nvidia-v100", 1, 8))),
))  # fmt: skip
JOBS = st.lists(
    st.tuples(
        st.integers(0, 60), st.sampled_from([0.25, 0.5, 1, 2, 4, 8]), st.integers(1, 3),
        st.integers(1, 50), st.integers(1, 80), st.sampled_from("abc"), st.booleans(),
        st.booleans(), st.booleans(), st.integers(1, 3),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


def _jobs(rows):
    found = []
    for number, (at, chips, reps, est, run, org, gang, stay, preempt, grade) in enumerate(rows):
        job = Job(f"j{number:02d}", org, Want(chips, reps, gang=gang), float(at), float(est),
                  data=(DataRef("z", stay=True),) if stay else (), preemptible=preempt, grade=grade)  # fmt: skip
        found.append(Traced(job, float(run)))
    return sorted(found, key=lambda t: (t.job.submitted, t.job.id))


@settings(max_examples=60, deadline=None)
@given(JOBS, st.sampled_from([10.0, 1e9]), st.sampled_from([0.0, 1.5]))
def test_no_rule_is_ever_broken(rows, reserve_after, step):
    """Capacity, lend cap, residency, class of protection, gangs whole; and every job ends."""
    jobs = _jobs(rows)
    by_id = {t.job.id: t.job for t in jobs}
    parts = {}

    def listen(now, decision):
        if isinstance(decision, Start):
            job, place = by_id[decision.job], decision.placement
            assert place.replicas == (job.want.replicas if job.want.gang else 1)
            parts.setdefault(job.id, []).append(decision.part)
            assert not job.data or place.pool == "own"
            assert job.grade <= 2 or place.pool == "own"
        if isinstance(decision, Preempt):
            assert by_id[decision.job].preemptible
            assert by_id[decision.job].org != "a"

    found = replay(
        jobs, POOLS, params=Params(reserve_after_s=reserve_after, share_step=step), listen=listen
    )
    assert len(found.jobs) + len(found.refused) == len(jobs)
    assert not {t.job.id for t in found.jobs} & {r.job for r in found.refused}
    _within(found, by_id)


def _within(found, by_id):
    moments = sorted({run.start for run in found.runs})
    for rack, chips in (("own", 0), 16), (("b", 0), 12), (("b", 1), 8):
        for now in moments:
            here = [r for r in found.runs if (r.pool, r.rack) == rack and r.start <= now < r.end]
            used = sum(
                by_id[r.job].want.chips
                * (by_id[r.job].want.replicas if by_id[r.job].want.gang else 1)
                for r in here
            )
            assert used <= chips
            if rack[0] == "own":
                lent = [r for r in here if by_id[r.job].org != "a"]
                assert sum(r.chips for r in lent) <= 8


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 8), st.integers(1, 60), st.integers(1, 60)),
                min_size=1, max_size=30))  # fmt: skip
def test_backfill_never_puts_off_a_reservation_when_estimates_hold(rows):
    """No estimate is too short, so a job with a reservation starts by the time first promised."""
    jobs = [Traced(Job(f"j{n:02d}", "o", Want(c), float(s), float(max(e, r))), float(r))
            for n, (s, c, e, r) in enumerate(rows)]  # fmt: skip
    jobs.sort(key=lambda t: (t.job.submitted, t.job.id))
    promised, late = {}, []

    def listen(now, decision):
        if isinstance(decision, Reserve):
            promised.setdefault(decision.job, decision.at)
        elif isinstance(decision, Start) and decision.job in promised:
            late.append(now - promised[decision.job])

    replay(
        jobs,
        one_pool(8),
        params=Params(reserve_after_s=5.0, reserve_per_area=0.0, pinned_after_s=10.0),
        listen=listen,
    )
    assert all(wait <= 0 for wait in late)


def test_a_preempted_job_goes_on_from_its_checkpoint():
    """8 chips, lent to b for 100 s. At 10 the owner asks for all 8: notice 5 s, so b leaves at 15 with
    85 s and a checkpoint of 2 s left; the owner runs from 15 to 25; b from 25 to 112."""
    network = Network(
        (Pool("p", "op", (Stock("cpu-core", 1, 8),), lending=Lending(("a",), notice_s=5)),)
    )
    jobs = [Traced(Job("b", "b", Want(8), 0.0, 100.0, preemptible=True, checkpoint_s=2.0), 100.0),
            Traced(Job("a", "a", Want(8), 10.0, 10.0), 10.0)]  # fmt: skip
    found = replay(jobs, network, params=Params())
    assert [(r.job, r.start, r.end) for r in found.runs] == [
        ("b", 0, 15),
        ("a", 15, 25),
        ("b", 25, 112),
    ]


def test_figures_of_a_replay_by_hand():
    """2 chips of 5 W, PUE 1.5: a runs 0-10 on both, b waits 5 and runs 10-20 on one: 30 chip-seconds
    of 40, 15 s of mean completion for b and 10 for a."""
    jobs = traced([("a", 0, 2, 10, 10), ("b", 5, 1, 10, 10)])
    found = summary(replay(jobs, one_pool(2), params=Params()), one_pool(2))
    assert (found.mean_wait_s, found.max_wait_s, found.mean_completion_s) == (2.5, 5.0, 12.5)
    assert found.utilisation == 0.75
    assert found.it_kwh == pytest.approx(5 * 30 / 3.6e6)
    assert found.pue == pytest.approx(1.5)


def test_a_prediction_is_a_quantile_of_jobs_alike_and_never_above_the_estimate():
    predictor = Predictor(quantile=0.5, least=2)
    job = Job("j", "o", Want(1), 0.0, 100.0, project="u")
    assert predictor.estimate(job) == 100.0
    for run in (10.0, 30.0, 20.0):
        predictor.learn(job, run)
    assert predictor.estimate(job) == 20.0
    other = Job("k", "o", Want(2), 0.0, 50.0, project="u")
    assert predictor.estimate(other) == 10.0
