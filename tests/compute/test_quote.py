"""Quotes of small ledgers, worked out by hand, and their quantiles over waits drawn at random."""

from __future__ import annotations

import numpy as np
import pytest

from qianhang.compute.flavour import find
from qianhang.compute.job import Job, Want
from qianhang.compute.network import Network, Pool, PueReading, Stock
from qianhang.compute.policy import Params, Prices, Queue, View, settle
from qianhang.compute.policy.waits import Case, Interval
from qianhang.compute.quote import Fare, Starts, refusals, ways

HOUR = 3600.0


def ledgers(*, prices=None, nodes=2):
    """Two pools of A100: `big`, of so many nodes of eight, and `one`, of one; nothing runs."""
    pue = PueReading(1.25, "meter")
    pools = (
        Pool("big", "a", (Stock("nvidia-a100", nodes, 8, 1000),), pue=pue, grid_g_kwh=500.0),
        Pool("one", "b", (Stock("nvidia-a100", 1, 8, 2000),), security=1),
    )
    params = Params(waiting_fen_h=(600,))
    return View(Network(pools), params, prices=prices), Queue(params), params


def job(name="j", chips=8, replicas=1, *, hours=1.0, **more):
    return Job(name, "city", Want(chips, replicas), 0.0, hours * HOUR, **more)


def offers(view, queue, one, *, starts=None, now=0.0):
    def fares(place, _, run_s):
        return Fare(round(place.chips * place.replicas * run_s / HOUR * 1000), 250, 3)

    run = (one.estimate_s / 2, one.estimate_s)
    return ways(one, view, queue, now=now, starts=starts or Starts(), run=run, fares=fares)


def test_a_free_pool_starts_at_once_and_its_energy_follows_from_its_chips():
    """8 chips x 1 h: kW x 1 h x PUE 1.25, half a kg a kWh; the run is not longer than asked for."""
    view, queue, _ = ledgers()
    way, dear = offers(view, queue, job())
    assert (way.pool, dear.pool) == ("big", "one")
    assert (way.start.p50, way.start.p90, way.start.basis) == (5.0, 60.0, "assumed")
    assert (way.finish_p50_s, way.finish_p90_s) == (5.0 + HOUR / 2, 60.0 + HOUR)
    kwh = 8 * find("A100").busy_w.value / 1000 * 1.25
    assert (way.kwh, way.kg) == (pytest.approx(kwh), pytest.approx(kwh / 2))
    assert (str(way.yuan), str(way.yuan_after)) == ("80.00", "77.50")
    # The policy's own price, and 6 yuan an hour of waiting: 5 s until the start and the hour.
    assert way.terms == {"price": 8000, "waiting": 600 + 1}
    assert way.shown()["finish"] == {"p50_s": 1805, "p90_s": 3660}


def test_a_full_pool_starts_the_job_once_what_runs_and_what_comes_first_are_done():
    """16 of 16 chips are taken for an hour; then half an hour of 16 chips comes first."""
    view, queue, params = ledgers()
    view.admit(job("runs", 8, 2, pools=("big",)), queue)
    assert len(list(settle(view, queue, 0.0, params))) == 1
    (way,) = offers(view, queue, job(chips=8, replicas=2))
    assert (way.start.p50, way.start.p90, way.start.basis) == (HOUR, HOUR, "queue")
    view.admit(job("first", 8, 2, hours=0.5, pools=("big",)), queue)
    (way,) = offers(view, queue, job(chips=8, replicas=2))
    assert way.start.p50 == 1.5 * HOUR
    # A smaller job goes before it, and then waits for the first hour alone.
    way = next(one for one in offers(view, queue, job(hours=0.1)) if one.pool == "big")
    assert way.start.p50 == HOUR


def test_what_was_asked_for_bounds_the_start_where_prediction_errs():
    """Predicted to end after an hour, asked for two: half of the starts by one, nine tenths by the
    other."""
    view, queue, params = ledgers()
    view.admit(job("runs", 8, 2, hours=2.0, pools=("big",)), queue, estimate=HOUR)
    list(settle(view, queue, 0.0, params))
    (way,) = offers(view, queue, job(chips=8, replicas=2))
    assert (way.start.p50, way.start.p90) == (HOUR, 2 * HOUR)


def test_every_other_pool_says_why_it_does_not_take_the_job():
    view, queue, _ = ledgers()
    one = job(grade=2)
    assert [way.pool for way in offers(view, queue, one)] == ["big"]
    assert [(no.pool, no.reason) for no in refusals(one, view, queue)] == [
        ("one", "security_class")
    ]
    view.health("big", "suspect", queue)
    assert offers(view, queue, one) == ()
    assert {(no.pool, no.reason) for no in refusals(one, view, queue)} == {
        ("one", "security_class"), ("big", "pool_down"),
    }  # fmt: skip


def test_a_voucher_bears_its_share_up_to_what_the_purse_holds():
    """30% of an hour of 8 chips at 10 yuan is 24 yuan; ten hours would be 240, the purse holds 50."""
    prices = Prices({}, {("city", "big"): 0.3}, {("city", "big"): 5000})
    view, queue, _ = ledgers(prices=prices)
    assert offers(view, queue, job())[0].terms["voucher"] == -2400
    assert offers(view, queue, job(hours=10.0))[0].terms["voucher"] == -5000


def test_a_price_cap_that_only_a_cheaper_hour_meets_is_known_as_such():
    prices = Prices({("big", "nvidia-a100"): 1500}, {}, least={("big", "nvidia-a100"): 600})
    view, queue, _ = ledgers(prices=prices)
    capped = job(price_cap_fen=700, pools=("big",))
    assert offers(view, queue, capped) == ()
    assert view.cheaper_later(capped)
    assert not view.cheaper_later(job(price_cap_fen=500, pools=("big",)))


def test_nine_starts_of_ten_come_by_the_quoted_p90_and_half_by_the_p50():
    """Waits from a lognormal whose scale doubles half way: the quantiles follow."""
    rng, starts, seen = np.random.default_rng(5), Starts(), Case(3, 5, 8)
    by_50, by_90 = [], []
    for number in range(4000):
        told = starts.told("p", seen, room=False, queue=Interval(0.0, 60.0, 600.0))
        wait = float(rng.lognormal(6.0 + 0.7 * (number > 2000), 1.0))
        if told.basis == "history":
            by_50.append(wait <= told.p50)
            by_90.append(wait <= told.p90)
        starts.learn("p", told, wait)
    assert len(by_90) == 3980
    assert 0.47 < np.mean(by_50) < 0.53
    assert 0.88 < np.mean(by_90) < 0.92
    other = starts.told("q", seen, room=False, queue=Interval(0.0, 60.0, 600.0))
    assert (other.basis, other.p90) == ("queue", 600.0)
