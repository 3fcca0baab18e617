"""Claims about the heating twin: network against pandapipes, heat by hand, comfort, silence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pandapipes")

from qianhang import trial
from qianhang.core import manifest as manifests
from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec, make
from qianhang.engines import control
from qianhang.engines.control.heatnet import CP, HeatNetwork, steady_state
from qianhang.packs.heating.balance_control import pack, winter
from qianhang.packs.heating.balance_control.building import made_up_homes, town_of
from qianhang.packs.heating.balance_control.physics import Rooms
from qianhang.packs.heating.balance_control.policies import RoomFeedback, constant
from qianhang.packs.heating.balance_control.simulator import HeatedTown
from qianhang.packs.heating.balance_control.town import (
    Town,
    example_layout,
    layout_of,
    supply_curve,
)

MANIFEST = manifests.load(Path(pack.__file__).with_name("pack.toml"))
RULE = RoomFeedback(19.8, 0.6, 24.0, 0.5, 1.0, -8.0)


def spec(**params: str) -> Spec:
    asked = {"search_budget": "2", "test_towns": "1", **params}
    return make(MANIFEST, MANIFEST.find_case(), seed=0, params=asked)


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    made: Inputs = pack.sample(1)
    return made


@pytest.fixture(scope="module")
def tried(inputs: Inputs) -> Trial:
    case = MANIFEST.find_case("own")
    return trial.run(pack, inputs, task="control", case=case, spec=spec())


@pytest.fixture(scope="module")
def town(inputs: Inputs) -> Town:
    return town_of(inputs, seed=500, outside=-8.0)


def test_network_has_the_pressures_and_temperatures_that_pandapipes_finds() -> None:
    """Independent: pandapipes on the same pipes of its example network, at design flow."""
    names, network = example_layout()
    mass = np.random.default_rng(0).uniform(0.5, 2.0, len(names))
    sized = network.sized(mass)
    told = steady_state(sized, mass, supply=80.0, back=np.full(len(names), 45.0), ground=5.0)
    ours = sized.pressure(mass, told["lift_bar"] * 1e5) / 1e5
    np.testing.assert_allclose(ours, told["pressure"], atol=0.01)
    np.testing.assert_allclose(5 + 75 * sized.arriving(mass), told["arriving"], atol=0.05)
    useful = float((mass * CP * (told["arriving"] - 45)).sum())
    assert told["heat_w"] - useful == pytest.approx(told["loss_w"], rel=0.15)


def test_valves_settle_where_flow_and_pressure_agree() -> None:
    _, network = example_layout()
    sized = network.sized(np.full(44, 1.0))
    capacity = np.full(44, 1.0 / np.sqrt(1e5))
    mass = sized.settled(capacity, 3e5)
    np.testing.assert_allclose(mass, capacity * np.sqrt(sized.pressure(mass, 3e5)), rtol=1e-3)


def test_loop_and_unreached_consumer_are_refused() -> None:
    places = np.array([[0.0, 0], [1, 0], [1, 1], [5, 5]])
    loop = [[0, 1], [1, 2], [2, 0]]
    with pytest.raises(ValueError, match="loop"):
        HeatNetwork.of(places, loop, [1, 1, 1], plant=0, consumers=[2])
    with pytest.raises(ValueError, match="consumer 3"):
        HeatNetwork.of(places, [[0, 1], [1, 2]], [1, 1], plant=0, consumers=[3])


def test_example_network_is_the_one_with_44_consumers() -> None:
    names, network = example_layout()
    assert len(names) == 44
    assert len(network.length) == 241


def test_curve_at_design_needs_eighty_degrees_and_none_at_twenty() -> None:
    """By hand: at design the mean water is 62.5 and the spread 35, so 62.5 + 17.5 = 80."""
    assert float(supply_curve(-8.0, outside=-8.0)) == pytest.approx(80.0)
    assert float(supply_curve(20.0, outside=-8.0)) < 25.0


def test_rooms_come_to_rest_where_gains_and_losses_agree(town: Town) -> None:
    """By hand: with no heat, gains = (leak + loss in series with tie) times the excess."""
    rooms = Rooms(town)
    for _ in range(8_000):
        rooms.step(np.array([0.0]), 5.0, 0.0)
    walls = 1 / (1 / town.tie + 1 / town.loss)
    rest = 5.0 + town.gains / (town.leak + walls)
    np.testing.assert_allclose(rooms.room[0], rest, atol=0.1)


def test_heat_of_the_plant_is_what_rooms_and_pipes_get(town: Town) -> None:
    rooms = Rooms(town)
    for _ in range(50):
        flowing = rooms.step(np.array([70.0]), -5.0, 0.0)
    assert flowing.plant[0] == pytest.approx(flowing.heat.sum() + flowing.loss[0], rel=1e-9)
    water = float((flowing.mass * CP).sum() * (70.0 - flowing.back[0]))
    assert flowing.plant[0] == pytest.approx(water, rel=1e-6)


def test_feedback_saves_heat_at_no_more_cold_hours_in_a_hidden_town(tried: Trial) -> None:
    assert tried.scores["heat_share"] < 0.97
    assert tried.scores["coldest"] > 16.0
    assert tried.scores["supply_low"] >= 35.0
    assert tried.scores["supply_high"] <= 95.0
    assert tried.scores["ramp"] < 2.0
    assert tried.trivial["heat_share"] == pytest.approx(1.0)


def test_page_names_the_index_building_and_pandapipes_agrees(tried: Trial) -> None:
    buildings, states = tried.tables["buildings"], tried.tables["states"]
    assert (buildings["role"] == "index").sum() == 1
    np.testing.assert_allclose(states["index_bar"], states["index_bar_pandapipes"], atol=0.02)
    assert (states["arriving_gap_k"] < 0.5).all()
    assert states["loss_pandapipes"].between(0.1, 30).all()
    assert tried.tables["map_after"]["x2"].notna().sum() == 6


def test_ramp_is_scored_and_not_held_back(inputs: Inputs) -> None:
    """By hand: from 35 to 75 degC in one hour are 10 K in each quarter."""
    house = pack.simulator(inputs, "2022-500", spec=spec())
    house.supply = 35.0
    house.act({"supply": 75.0})
    assert house.ramp == pytest.approx(10.0)
    assert constant(60.0)({"supply_now": 40.0})["supply"] == pytest.approx(47.2)


@pytest.mark.parametrize(("noise", "missing"), [(0.8, 0.3), (0.3, 1.0)])
def test_noisy_or_silent_sensors_do_not_freeze_anyone(
    inputs: Inputs, noise: float, missing: float
) -> None:
    """Beside the same rule with good sensors; all silent: valves open, supply on its curve."""
    good = pack.simulator(inputs, "2022-500", spec=spec())
    clean = control.play(good, RULE.start(), seed=0).totals
    bad = HeatedTown(
        good.town, good.weather, commissioned=good.commissioned, noise_k=noise, missing=missing
    )
    spoilt = control.play(bad, RULE.start(), seed=0).totals
    assert spoilt["coldest"] > clean["coldest"] - 1.0
    assert spoilt["cold_share"] < clean["cold_share"] + 5.0


def test_own_list_of_buildings_is_joined_by_the_shortest_pipes() -> None:
    """By hand: two streets of 160 m, 120 m apart, and the plant between them."""
    names, network = layout_of(made_up_homes(0))
    assert names == ("H1", "H2", "H3", "H4", "H5", "H6")
    assert len(network.length) == 6
    assert network.length.sum() < 4 * 81 + 2 * 65


def test_two_buildings_at_one_place_are_refused() -> None:
    homes = made_up_homes(0)
    twice = homes.assign(x=0.0, y=0.0)
    with pytest.raises(ContractError, match="same x, y"):
        layout_of(twice)


def test_winters_are_told_apart_by_their_gaps() -> None:
    found = winter.seasons(winter.made_up(0, days=24))
    assert list(found) == ["2021", "2022"]
    with pytest.raises(ContractError, match="21 days"):
        winter.seasons(winter.made_up(0, days=3))


def test_units_of_test_come_from_the_last_winter_alone(inputs: Inputs) -> None:
    units = pack.units(inputs, spec=spec(test_towns="3"))
    assert units == ("2021-100", "2021-101", "2022-500", "2022-501", "2022-502")


def test_sun_is_estimated_from_the_daily_range_and_dark_at_night() -> None:
    rows = pd.DataFrame(
        {"t_amb": 5 + 5 * np.sin((np.arange(24 * 22) % 24 - 9) / 24 * 2 * np.pi)},
        index=pd.date_range("2024-12-01", periods=24 * 22, freq="1h", tz="Asia/Shanghai"),
    )
    season = winter.winter(rows, latitude=43.3, days=0)
    assert season.sun[0] == 0.0
    assert 100 < season.sun.max() < 500
