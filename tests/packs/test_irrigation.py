"""The field, its closed settings, the seasons, and the rule on held-out years."""

from __future__ import annotations

import builtins
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qianhang.core import manifest
from qianhang.core import spec as specs
from qianhang.core.errors import UsageError
from qianhang.core.inputs import Inputs
from qianhang.core.spec import Spec
from qianhang.engines import control
from qianhang.engines.control import StagedRule
from qianhang.packs.agriculture.irrigation import pack, rounding, season
from qianhang.packs.agriculture.irrigation.field import Plot, closed

MANIFEST = manifest.load(Path(pack.__file__).parent / "pack.toml")
aquacrop = pytest.importorskip("aquacrop")
STATION = Path(aquacrop.__file__).parent / "data" / "champion_climate.txt"


def spec(**params: object) -> Spec:
    texts = {k: str(v) for k, v in params.items()}
    return specs.make(MANIFEST, MANIFEST.find_case(), seed=0, params=texts)


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    return pack.read(Inputs({"station": STATION}), spec=spec())


def test_station_file_becomes_a_daily_table_without_gaps(inputs: Inputs) -> None:
    """First line of the file: 1 1 1982 -21.11 3.33 0.00 1.59."""
    table = inputs.table
    assert table.iloc[0].tolist() == [-21.11, 3.33, 0.0, 1.59]
    assert (table.index == pd.date_range("1982-01-01", "2018-12-31")).all()


def test_only_whole_seasons_are_units(inputs: Inputs) -> None:
    assert pack.units(inputs, spec=spec()) == tuple(str(y) for y in range(1982, 2019))
    short = inputs.replace(table=inputs.table.loc["1990-06":"1993-09"])
    assert pack.units(short, spec=spec()) == ("1991", "1992")


def test_unknown_setting_of_aquacrop_is_an_error() -> None:
    """AquaCrop takes max_irr_season without a word and leaves the field without a cap."""
    from aquacrop.entities.irrigationManagement import IrrigationManagement

    assert IrrigationManagement(1, max_irr_season=50).MaxIrrSeason == 10_000
    with pytest.raises(ValueError, match="MaxIrrSeason"):
        closed(IrrigationManagement, 1, MaxIrSeason=50)
    assert closed(IrrigationManagement, 1, MaxIrrSeason=50).MaxIrrSeason == 50


@pytest.mark.parametrize(
    ("what", "value", "guess"), [("crop", "Maiz", "Maize"), ("soil", "Sandyloam", "SandyLoam")]
)
def test_unknown_crop_or_soil_is_named_with_the_nearest(what: str, value: str, guess: str) -> None:
    names = {"crop": "Maize", "soil": "SandyLoam", "sowing": "05/01", "start_water": "FC"}
    with pytest.raises(UsageError, match=guess):
        Plot(**{**names, what: value}, dose_mm=25.0)


def test_stepping_by_hand_gives_what_aquacrop_gives_alone(inputs: Inputs) -> None:
    """Independent: AquaCrop's own loop over the same rainfed season."""
    from aquacrop.core import AquaCropModel
    from aquacrop.entities.crop import Crop
    from aquacrop.entities.inititalWaterContent import InitialWaterContent
    from aquacrop.entities.soil import Soil
    from aquacrop.utils.prepare_weather import prepare_weather

    alone = AquaCropModel(
        "2008/05/01",
        "2008/12/31",
        prepare_weather(str(STATION)),
        Soil("SandyLoam"),
        Crop("Maize", planting_date="05/01"),
        InitialWaterContent(value=["FC"]),
    )
    alone.run_model(till_termination=True)
    ours = control.play(pack.simulator(inputs, "2008", spec=spec()), lambda seen: 0.0, seed=0)
    theirs = alone.get_simulation_results()["Dry yield (tonne/ha)"].iloc[0]
    assert ours.totals["yield"] == pytest.approx(theirs, rel=1e-9)
    assert ours.totals["irrigation"] == 0


def test_quick_rounding_gives_the_bits_of_the_built_in() -> None:
    rng = np.random.default_rng(0)
    numbers = np.concatenate([rng.uniform(-500, 500, 5000), rng.integers(-999, 999, 5000) / 1000])
    assert all(rounding.rounded(v, 2) == float(builtins.round(v, 2)) for v in numbers)
    assert rounding.rounded(0.125, 2) == builtins.round(0.125, 2)
    assert np.isnan(rounding.rounded(np.float64("nan"), 2))


def test_quick_rounding_leaves_a_season_as_it_was(
    inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    rule = pack.practice(spec=spec())
    quick = control.play(pack.simulator(inputs, "2012", spec=spec()), rule, seed=0)
    module = importlib.import_module("aquacrop.solution.root_zone_water")
    monkeypatch.setattr(rounding, "install", lambda: None)
    monkeypatch.delattr(module, "round")
    slow = control.play(pack.simulator(inputs, "2012", spec=spec()), rule, seed=0)
    assert quick.table.equals(slow.table)
    assert quick.totals == slow.totals


@pytest.mark.parametrize("cap", [60.0, 130.0])
def test_cap_is_kept_in_the_driest_season_by_aquacrops_own_balance(
    inputs: Inputs, cap: float
) -> None:
    tight = spec(cap_mm=cap)
    thirsty = StagedRule("dryness", "stage", (0.1,), 25.0, "missing_mm", "spent_mm", cap)
    episode = control.play(pack.simulator(inputs, "2012", spec=tight), thirsty.start(), seed=0)
    assert episode.totals["irrigation"] == pytest.approx(cap)
    assert pack.score([episode.totals], [episode.totals], spec=tight)["cap_excess"] < 1e-9


def test_cap_that_is_passed_shows_in_the_score(inputs: Inputs) -> None:
    season_ = pack.simulator(inputs, "2012", spec=spec())
    careless = control.play(season_, lambda seen: 25.0 if seen["day"] % 5 == 0 else 0.0, seed=0)
    found = pack.score([careless.totals], [careless.totals], spec=spec(cap_mm=240))
    assert found["cap_excess"] == pytest.approx(careless.totals["irrigation"] - 240)


def test_kept_rule_keeps_the_yield_with_half_of_the_water_on_held_out_years(inputs: Inputs) -> None:
    """Three held-out seasons, wet to dry, with the triggers that the search finds."""
    rule = StagedRule(
        "dryness", "stage", (0.8, 0.6, 0.7, 0.9), 25.0, "missing_mm", "spent_mm", 300.0
    )
    totals: dict[str, list[dict[str, float]]] = {"ours": [], "full": []}
    for year in ("2013", "2015", "2018"):
        for name, act in (("ours", rule.start()), ("full", pack.baseline(spec=spec()))):
            played = control.play(pack.simulator(inputs, year, spec=spec()), act, seed=0)
            totals[name].append(dict(played.totals))
    found = pack.score(totals["ours"], totals["full"], spec=spec())
    assert found["yield_kept"] >= 0.95
    assert found["water_share"] <= 0.5
    assert found["cap_excess"] == 0


def test_search_seasons_range_from_the_driest_to_the_wettest() -> None:
    days = pd.date_range("2001-01-01", "2004-12-31")
    rain = np.select([days.year == y for y in (2001, 2002, 2003)], [3.0, 1.0, 2.0], 4.0)
    weather = pd.DataFrame({"rain": rain, "et0": 2.0}, index=days)
    assert season.ranging(weather, ("2001", "2002", "2003", "2004"), count=2) == ["2002", "2004"]


def test_search_is_repeatable_and_stays_in_its_range() -> None:
    made = pack.sample(1)
    quick = spec(search_budget=3)
    first = pack.fit(made, ("2001",), spec=quick)
    assert first == pack.fit(pack.sample(1), ("2001",), spec=quick)
    assert all(0.3 <= t <= 1.0 for t in first.triggers)
    assert StagedRule.from_files(first.to_files()) == first


def test_served_plan_carries_the_day_of_the_calendar() -> None:
    """Sown on 1 May: day 0 is that day, day 31 the first of June."""
    steps = pd.DataFrame({"day": [0.0, 31.0], "action": [0.0, 25.0], "unit": ["2010", "2011"]})
    plan = pack.dated(steps, spec=spec())
    assert plan["date"].tolist() == ["2010-05-01", "2011-06-01"]
    assert plan["irrigation_mm"].tolist() == [0.0, 25.0]
