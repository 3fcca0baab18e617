"""Small loads that move to better sites."""

from __future__ import annotations

import pytest

from qianhang.compute.green.consolidation import Site, moves


def test_a_small_load_moves_to_the_best_site_with_room():
    """10 kW x 8,760 h x (1.8 - 1.2) = 52,560 kWh; at 50 fen 2,628,000 fen; x 0.5 kg = 26,280."""
    sites = [
        Site("old", 1.8, 10, 100, 500, 50),
        Site("new", 1.2, 60, 100, 500, 50),
        Site("full", 1.1, 95, 100, 500, 50),
    ]
    (move,) = moves(sites, limit=1.25)
    assert (move.site, move.to) == ("old", "new")
    assert move.kwh == pytest.approx(52_560)
    assert move.kg == pytest.approx(26_280)
    assert move.fen == 2_628_000


def test_room_is_given_once_and_what_took_a_load_over_stays():
    """15 kW of room: the worse site's 10 kW go to a, the other's 10 kW fit only b."""
    sites = [
        Site("x", 1.9, 10, 100), Site("y", 1.8, 10, 100),
        Site("a", 1.2, 85, 100), Site("b", 1.3, 50, 100),
    ]  # fmt: skip
    assert [(m.site, m.to) for m in moves(sites, limit=1.25)] == [("x", "a"), ("y", "b")]


def test_large_loads_good_sites_and_sites_without_load_stay():
    better = Site("b", 1.1, 0, 1000)
    assert moves([Site("x", 1.9, 60, 100), better], limit=1.25) == ()
    assert moves([Site("x", 1.25, 10, 100), better], limit=1.25) == ()
    assert moves([Site("x", 1.9, 0, 100), better], limit=1.25) == ()
    assert moves([Site("x", 1.9, 10, 0), better], limit=1.25) == ()
    assert len(moves([Site("x", 1.9, 60, 100), better], limit=1.25, small=0.6)) == 1


def test_a_dirtier_grid_shows_as_carbon_lost():
    """8,760 kWh x 1.5 at 100 g against 8,760 x 1.2 at 1,000 g: 1,314 - 10,512 kg."""
    (move,) = moves([Site("x", 1.5, 1, 10, 100), Site("b", 1.2, 0, 10, 1000)], limit=1.25)
    assert move.kg == pytest.approx(1_314 - 10_512)
