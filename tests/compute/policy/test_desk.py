"""The desk tells its beginning in plain values from which the same one is made."""

from __future__ import annotations

import json

from qianhang.compute.job import Job, Want
from qianhang.compute.network import Lending, Link, Network, Pool, PueReading, Stock
from qianhang.compute.policy import Desk, Params, Prices
from qianhang.compute.simulate.journal import again
from qianhang.core.manifest import Words

POOLS = tuple(
    Pool(
        name, "op", (Stock("nvidia-a100", 2, 8, 2000), Stock("cpu-core", 1, 64, 10)),
        name=Words("池", "pool"), city="zhengzhou", security=3, zones=("henan",),
        pue=PueReading(1.25, "meter", "2026-01-01", "2026-01-31"), grid_g_kwh=500.0,
        power_fen_kwh=60.0, lending=Lending(("owner",), 0.5, 0.75, 60.0), site="s1",
    )
    for name in ("p1", "p2")
)  # fmt: skip
NETWORK = Network(POOLS, links=(Link("p1", "p2", 10.0, 2.0),), shares={"owner": 2.0})
PRICES = Prices(
    {("p1", "nvidia-a100"): 900}, {("city", "p2"): 0.3}, {("city", "p2"): 4096},
    {("p1", "nvidia-a100"): 450},
)  # fmt: skip
PARAMS = Params(reserve_after_s=float("inf"), share_step=2.0, waiting_fen_h=(7, 5))


def told(*, prices=PRICES):
    """What a desk tells of one job: it is admitted, then something is decided."""
    steps = []
    desk = Desk(NETWORK, PARAMS, prices=prices, now=5.0, hear=steps.append)
    job = Job("j1", "city", Want(8, flavours=("nvidia-a100",)), 5.0, 3600.0)
    desk.admit(job, estimate=1800.0, pools=("p1", "p2"))
    desk.decide(5.0, most=9)
    asked = {"id": "j1", "org": "city", "submitted": 5.0, "estimate_s": 3600.0}
    asked["want"] = {"chips": 8, "flavours": ["nvidia-a100"]}
    return json.loads(json.dumps([["job", asked], *steps]))


def test_names_links_shares_prices_and_infinite_knobs_come_back_from_json():
    """8 chips for half an hour: 36 yuan on p1 by the live price, less there than 80 yuan on p2."""
    steps = told()
    start = steps[-1][3][0]
    assert (start[2], start[7][0]) == ("p1", 3600)
    found = again(tuple(step) for step in steps)
    assert found.alike, found.first
    assert found.decisions == 1


def test_a_price_or_a_voucher_that_is_left_out_is_found():
    steps = told()
    steps[1] = told(prices=None)[1]
    assert again(tuple(step) for step in steps).first.why == "other_figures"


def test_a_step_that_cannot_be_taken_is_not_told():
    steps = []
    desk = Desk(NETWORK, PARAMS, hear=steps.append)
    assert not desk.end("j1", 1.0)
    assert not desk.cancel("j1")
    desk.resume(Job("j1", "city", Want(1), 0.0, 1.0), "p9", 0, estimate=1.0, since=0.0, leaving=0.0)
    assert desk.decide(1.0, most=9) == []
    assert [step[0] for step in steps] == ["begin"]
