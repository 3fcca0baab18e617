"""The policy by hand: every expected start, reservation, notice and refusal is worked out in the docstrings."""

from __future__ import annotations

import copy

import pytest

from qianhang.compute.job import DataRef, Job, Want
from qianhang.compute.network import Lending, Link, Network, Pool, PueReading, Stock
from qianhang.compute.policy import (
    Params,
    Preempt,
    Prices,
    Queue,
    Reserve,
    Start,
    View,
    decide,
    settle,
)

DAY = 86400.0


def pool(name="a", *, nodes=1, chips=8, flavour="nvidia-v100", price=0, **more):
    return Pool(name, "op", (Stock(flavour, nodes, chips, price),), **more)


def job(name, chips=1, *, replicas=1, at=0.0, estimate=100.0, org="o", want=None, **more):
    return Job(name, org, want or Want(chips, replicas), at, estimate, **more)


def door(*pools, params=None, links=(), prices=None):
    params = params or Params()
    return View(Network(pools, links=tuple(links)), params, prices=prices), Queue(params), params


def asked(setup, *jobs, now=0.0):
    view, queue, params = setup
    refused = [view.admit(one, queue) for one in jobs]
    assert refused == [None] * len(jobs)
    return list(settle(view, queue, now, params))


def placed(decisions):
    return [(d.job, d.placement.pool) for d in decisions if isinstance(d, Start)]


def end(setup, name, now):
    view, queue, params = setup
    view.end(view.running[name, 0], queue, now)
    return list(settle(view, queue, now, params))


def test_the_smallest_estimated_area_starts_first():
    """8 chips; areas 8 x 100, 4 x 10, 4 x 50: the last two fill the pool, the first waits."""
    setup = door(pool())
    assert placed(asked(setup, job("a", 8), job("b", 4, estimate=10), job("c", 4, estimate=50))) == [
        ("b", "a"), ("c", "a")]  # fmt: skip
    assert list(setup[1].entries) == ["a"]


def test_a_lower_tier_goes_before_a_smaller_area():
    setup = door(pool())
    assert placed(asked(setup, job("a", 8, tier=1, estimate=1), job("b", 8, tier=0))) == [
        ("b", "a")
    ]


def test_of_equals_the_older_starts_first_and_then_the_lower_id():
    setup = door(pool(chips=1))
    got = asked(setup, job("c", at=2), job("b", at=1), job("a", at=2), now=2)
    assert placed(got) == [("b", "a")]
    assert placed(end(setup, "b", 3)) == [("a", "a")]


def test_a_gang_starts_whole_or_not_at_all():
    """2 nodes of 8; 3 replicas of 4 need 3 of the 4 halves, of which 2 are taken by two 5s."""
    setup = door(pool(nodes=2))
    asked(setup, job("x", 5), job("y", 5))
    assert placed(asked(setup, job("gang", 4, replicas=3))) == []
    assert placed(end(setup, "x", 1)) == []
    assert placed(end(setup, "y", 2)) == [("gang", "a")]


def test_replicas_that_are_no_gang_start_one_by_one():
    setup = door(pool(chips=4))
    got = asked(setup, job("j", want=Want(2, 3, gang=False)))
    assert [(d.job, d.part) for d in got] == [("j", 0), ("j", 1)]
    assert [(d.job, d.part) for d in end(setup, "j", 5)] == [("j", 2)]


def test_a_replica_needs_one_node_however_much_is_free_in_all():
    setup = door(pool(nodes=2))
    asked(setup, job("x", 5), job("y", 5))
    assert placed(asked(setup, job("z", 4))) == []
    assert placed(asked(setup, job("w", 3))) == [("w", "a")]


def test_parts_of_chips_share_one_chip_until_it_is_full():
    """1 node of 2 chips: 0.5 + 0.5 on one, 0.75 on the other, then no room for 0.5."""
    setup = door(pool(chips=2))
    got = asked(setup, *(job(n, want=Want(c)) for n, c in (("a", 0.5), ("b", 0.5), ("c", 0.75))))
    assert len(placed(got)) == 3
    assert placed(asked(setup, job("d", want=Want(0.5)))) == []
    assert placed(end(setup, "a", 1)) == [("d", "a")]
    for name in ("b", "d", "c"):
        end(setup, name, 2)
    assert placed(asked(setup, job("whole", 2), now=2)) == [("whole", "a")]


def test_whole_chips_again_once_the_last_part_has_left():
    setup = door(pool(chips=1))
    asked(setup, job("a", want=Want(0.3)), job("b", want=Want(0.3)))
    assert placed(asked(setup, job("w"))) == []
    assert placed(end(setup, "a", 1)) == []
    assert placed(end(setup, "b", 2)) == [("w", "a")]


def test_any_of_the_named_chips_will_do_and_no_other():
    setup = door(pool("v"), pool("n", flavour="ascend-910b"), pool("h", flavour="nvidia-h20"))
    want = Want(8, flavours=("ascend-910b", "nvidia-h20"))
    got = asked(setup, *(job(n, want=want) for n in "abc"))
    assert {p for _, p in placed(got)} == {"n", "h"}
    assert [r.reason for r in setup[0].refusals(job("d", want=want))] == ["no_such_chip"]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"want": Want(1, flavours=("mlu590",))}, "no_such_chip"),
        ({"want": Want(9)}, "replica_too_large"),
        ({"want": Want(8, 3)}, "pool_too_small"),
        ({"grade": 3}, "security_class"),
        ({"data": (DataRef("secret", stay=True),)}, "residency"),
        ({"price_cap_fen": 99}, "price_cap"),
        ({"pools": ("other",)}, "not_named"),
        ({"org": "stranger", "want": Want(8, 2)}, "lend_cap"),
    ],
)
def test_a_job_that_no_pool_takes_is_refused_with_the_reason(made, reason):
    lending = Lending(("o",), cap=0.5)
    view, queue, _ = door(pool(nodes=2, price=100, zones=("open",), lending=lending))
    refusal = view.admit(job("j", **made), queue)
    assert [r.reason for r in refusal.refusals] == [reason]
    assert len(queue) == 0


def test_data_that_may_not_leave_hold_the_job_where_they_are():
    setup = door(pool("near", zones=("z",)), pool("far"))
    ref = (DataRef("z", 10, stay=True),)
    assert placed(asked(setup, job("a", 8, data=ref), job("b", 8, data=ref))) == [("a", "near")]


def test_the_pool_of_the_lowest_sum_is_chosen_and_its_terms_are_told():
    """An hour of 2 chips. Pool cheap: 100 fen a chip-hour, but 45 GB over 1 Gbit/s are 360 s, at
    1000 fen an hour 100 fen: 200 + 1000 + 100. Pool near: 140 fen a chip-hour: 280 + 1000. V100s at 300 W: 0.6 kWh x PUE.
    near 1.5 x 50 fen x 0.6 = 45; cheap 1.2 x 50 x 0.6 = 36. near 1325 is below cheap 1336."""
    params = Params(waiting_fen_h=(1000,))
    near = pool("near", price=140, zones=("z",), power_fen_kwh=50, pue=PueReading(1.5, "meter"))
    cheap = pool("cheap", price=100, power_fen_kwh=50, pue=PueReading(1.2, "meter"))
    setup = door(cheap, near, params=params, links=[Link("z", "cheap", 1.0)])
    (start,) = asked(setup, job("j", 2, estimate=3600, data=(DataRef("z", 45),)))
    assert start.placement == ("near", "nvidia-v100", 1, 2, 0)
    assert start.cost._asdict() == {
        "price": 280,
        "voucher": 0,
        "waiting": 1000,
        "data": 0,
        "electricity": 45,
        "carbon": 0,
        "move": 0,
    }
    terms = start.cost.terms()
    assert sum(term.fen for term in terms) == 1325
    options = {o.rack.pool.id: o for o in next(iter(setup[1].classes.values())).options}
    other = options["cheap"].cost(3600, 1000 / 3600)
    assert (other.data, other.electricity, sum(other)) == (100, 36, 1336)


def test_a_voucher_counts_against_the_price():
    prices = Prices({("a", "nvidia-v100"): 100, ("b", "nvidia-v100"): 120}, {("o", "b"): 0.5})
    setup = door(pool("a"), pool("b"), prices=prices)
    (start,) = asked(setup, job("j", 1, estimate=3600))
    assert (start.placement.pool, start.cost.price, start.cost.voucher) == ("b", 120, -60)


def test_the_home_pool_is_left_only_for_more_than_the_penalty():
    for penalty, where in ((10, "cheap"), (30, "home")):
        setup = door(
            pool("cheap", price=100), pool("home", price=120), params=Params(move_fen=penalty)
        )
        (start,) = asked(setup, job("j", 1, estimate=3600, home="home"))
        assert start.placement.pool == where


def test_an_over_age_job_gets_a_reservation_that_backfill_keeps():
    """8 chips. x holds 4 until 1000. big wants 8 and is late at 50: reserved for 1000. At 60, short
    (4 chips, 900 s) ends at 960 and starts; long (4 chips, 950 s) would end at 1010 and waits."""
    setup = door(pool(), params=Params(reserve_after_s=50.0, reserve_per_area=0.0))
    asked(setup, job("x", 4, estimate=1000))
    assert asked(setup, job("big", 8, at=0)) == []
    view, queue, params = setup
    (hold,) = settle(view, queue, 50.0, params)
    assert hold == Reserve("big", "a", 1000.0)
    assert placed(asked(setup, job("long", 4, at=60, estimate=950), now=60)) == []
    assert placed(asked(setup, job("short", 4, at=60, estimate=900), now=60)) == [("short", "a")]
    assert placed(end(setup, "short", 960)) == []
    assert placed(end(setup, "x", 1000)) == [("big", "a")]


def test_room_beyond_what_the_reservation_needs_is_for_long_jobs_too():
    """8 chips, x holds 4 until 1000, big wants 6 then: 2 stay free for ever, so a 2-chip job of any
    length starts, and a second one does not."""
    setup = door(pool(), params=Params(reserve_after_s=50.0, reserve_per_area=0.0))
    asked(setup, job("x", 4, estimate=1000))
    asked(setup, job("big", 6))
    got = asked(setup, job("l1", 2, at=50, estimate=9e6), job("l2", 2, at=50, estimate=9e6), now=50)
    assert placed(got) == [("l1", "a")]


def test_a_reservation_on_nodes_leaves_the_other_nodes_alone():
    """2 nodes of 8; x has one until 1000 with 4 chips, y 4 of the other until 2000. big wants a whole
    node: x's, at 1000. A long job of 4 goes to y's node."""
    setup = door(pool(nodes=2), params=Params(reserve_after_s=50.0, reserve_per_area=0.0))
    asked(setup, job("x", 5, estimate=1000), job("y", 4, estimate=2000))
    asked(setup, job("big", 8))
    view, queue, params = setup
    (hold,) = settle(view, queue, 50.0, params)
    assert (hold.job, hold.at) == ("big", 1000.0)
    assert placed(asked(setup, job("long", 4, at=50, estimate=9e6), now=50)) == [("long", "a")]
    assert placed(asked(setup, job("l3", 3, at=50, estimate=9e6), now=50)) == []
    assert placed(asked(setup, job("s3", 3, at=50, estimate=100), now=50)) == [("s3", "a")]


def test_a_job_with_a_deadline_is_reserved_before_its_latest_safe_start():
    """Deadline 10,000, estimate 1,000, lead 3,600: late from 5,400 on, not a second before."""
    setup = door(pool())
    asked(setup, job("x", 8, estimate=8000))
    asked(setup, job("dead", 8, estimate=1000, deadline=10_000.0))
    view, queue, params = setup
    assert list(settle(view, queue, 5399.0, params)) == []
    assert list(settle(view, queue, 5400.0, params)) == [Reserve("dead", "a", 8000.0)]


def test_an_organisation_over_its_share_stands_back():
    """big has used 8 x 100, small nothing; step 1.5: big's share is 2 x 1/2, one step back."""
    setup = door(pool(), params=Params(share_step=1.5))
    asked(setup, job("x", 8, org="big"))
    asked(setup, job("b", 8, org="big", estimate=10), job("s", 8, org="small", estimate=50))
    assert placed(end(setup, "x", 100)) == [("s", "a")]


def test_borrowers_stay_below_the_lend_cap():
    setup = door(pool(lending=Lending(("owner",), cap=0.5)))
    got = asked(setup, *(job(f"b{i}", 2, org="other") for i in range(4)))
    assert len(placed(got)) == 2
    assert placed(asked(setup, job("own", 4, org="owner"))) == [("own", "a")]


def test_an_owner_takes_back_with_notice_from_the_youngest_that_can_be_preempted():
    """8 chips, all lent: fixed 2, old 3, young 3. The owner wants 3: young goes, by 600 s notice."""
    setup = door(pool(lending=Lending(("owner",), notice_s=600)))
    asked(setup, job("fixed", 2, org="x"), now=0)
    asked(setup, job("old", 3, org="x", preemptible=True), now=1)
    asked(setup, job("young", 3, org="x", preemptible=True), now=2)
    got = asked(setup, job("own", 3, org="owner", at=3), now=3)
    assert [d for d in got if isinstance(d, Preempt)] == [Preempt("young", "a", 603.0, "own")]
    assert placed(asked(setup, job("thief", 3, org="x", at=4, estimate=5000), now=4)) == []
    assert placed(end(setup, "young", 603)) == [("own", "a")]


def test_a_pool_that_is_down_takes_nothing_until_it_is_up():
    setup = door(pool())
    view, queue, params = setup
    view.health("a", "suspect", queue)
    assert asked(setup, job("j")) == []
    view.health("a", "up", queue)
    assert placed(settle(view, queue, 1.0, params)) == [("j", "a")]


def test_deciding_changes_nothing():
    view, queue, params = door(pool(nodes=2), pool("b"))
    for n in range(6):
        view.admit(job(f"j{n}", 3 + n % 3), queue)
    before = copy.deepcopy((_facts(view), _queue(queue)))
    first = decide(view, queue, 0.0, params)
    assert first == decide(view, queue, 0.0, params)
    assert (_facts(view), _queue(queue)) == before


def _facts(view):
    return [(r.free, r.extra, r.top, [dict(x) for x in r.levels], dict(r.held)) for r in view.racks]


def _queue(queue):
    lines = [list(k.lines) for k in queue.classes.values()]
    return (
        list(queue.entries),
        [id(k) for k in queue.touched],
        lines,
        len(queue.dues) + len(queue.turns),
        queue.review,
    )
