"""Scenarios as people hand them over, the tables of a run, and a real junction against RESCO."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from qianhang.core import manifest
from qianhang.core import spec as specs
from qianhang.core.errors import ContractError, UsageError
from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.control import Pressure, episodes
from qianhang.engines.control.episode import Job
from qianhang.packs.traffic.signal_control import pack, scenario, views
from qianhang.trial import control

MANIFEST = manifest.load(Path(pack.__file__).parent / "pack.toml")
pytest.importorskip("libsumo")


def spec(case: str = "own", **params: object) -> Spec:
    texts = {k: str(v) for k, v in params.items()}
    return specs.make(MANIFEST, MANIFEST.find_case(case), seed=0, params=texts)


@pytest.fixture(scope="module")
def trial() -> Trial:
    """Two seeds of the sample."""
    case = MANIFEST.find_case("own")
    return control.run(pack, pack.sample(0), case=case, spec=spec(seeds=2))


def archive(folder: Path, *names: str) -> Path:
    made = scenario.made_up(0)
    with zipfile.ZipFile(folder / "maps.zip", "w") as target:
        for name in names:
            for file in made.parent.iterdir():
                inside = f"{name}.sumocfg" if file.suffix == ".sumocfg" else file.name
                target.write(file, f"{name}/{inside}")
    return folder / "maps.zip"


def test_archive_of_one_map_needs_no_name_and_of_two_asks_for_one(tmp_path: Path) -> None:
    one = archive(tmp_path, "east")
    assert pack.read(Inputs({"scenario": one}), spec=spec())["scenario"].name == "east.sumocfg"
    two = archive(tmp_path, "east", "west")
    with pytest.raises(ContractError, match="east, west"):
        pack.read(Inputs({"scenario": two}), spec=spec())
    chosen = pack.read(Inputs({"scenario": two}), spec=spec(map="west"))["scenario"]
    assert chosen.name == "west.sumocfg"
    assert (chosen.parent / "sample.net.xml").is_file()
    with pytest.raises(UsageError, match="did you mean west"):
        pack.read(Inputs({"scenario": two}), spec=spec(map="wset"))


def test_archive_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "maps.zip").write_text("not an archive")
    with pytest.raises(ContractError, match="cannot be unpacked"):
        pack.read(Inputs({"scenario": tmp_path / "maps.zip"}), spec=spec())
    with zipfile.ZipFile(tmp_path / "maps.zip", "w") as target:
        target.writestr("a.txt", "nothing")
    with pytest.raises(ContractError, match=r"no \.sumocfg"):
        pack.read(Inputs({"scenario": tmp_path / "maps.zip"}), spec=spec())


def test_ours_beats_fixed_time_on_every_seed_of_the_sample(trial: Trial) -> None:
    assert [f.name for f in trial.folds] == ["001", "002"]
    assert all(f.ours["delay_s"] < f.trivial["delay_s"] for f in trial.folds)
    assert trial.scores["undeparted"] == 0
    assert trial.scores["max_red_s"] <= 120
    assert trial.facts["train_units"] == []


def test_saved_hours_are_the_delays_of_all_vehicles() -> None:
    """By hand: (9 h - 4 h) in half an hour is 10 h/h; 20 s over 50 s is 0.4."""
    ours = {"delay_s": 20.0, "lost_h": 4.0, "hours": 0.5}
    fixed = {"delay_s": 50.0, "lost_h": 9.0, "hours": 0.5}
    rest = dict.fromkeys(
        ("queue_mean", "stops", "travel_s", "co2_kg", "undeparted", "max_red_s", "queue_max",
         "teleports", "collisions"), 1.0,
    )  # fmt: skip
    found = views.score([ours | rest], [fixed | rest])
    assert found["saved_h"] == 10
    assert found["ratio_fixed"] == pytest.approx(0.4)


def test_limits_are_those_of_the_worst_seed(trial: Trial) -> None:
    units = trial.tables["units"]
    mine = units[units["policy"] == "ours"]
    assert trial.scores["max_red_s"] == mine["max_red_s"].max()
    assert trial.scores["delay_s"] == pytest.approx(mine["delay_s"].mean())


def test_roads_lie_where_the_network_has_them(trial: Trial) -> None:
    """The sample's two signals stand 200 m apart; left0A0 comes from the west edge of the map."""
    roads = trial.tables["roads_after"].set_index("name")
    assert roads.loc["left0A0", "x"] == 0
    assert 130 < roads.loc["left0A0", "x2"] < 150
    assert set(roads.index[roads["mark"].notna()]) == {"A0", "B0"}
    assert not any(str(n).startswith(":") for n in roads.index)


def test_phases_follow_each_other_without_a_gap(trial: Trial) -> None:
    phases = trial.tables["phases"]
    assert np.allclose(phases["end"].to_numpy()[:-1], phases["start"].to_numpy()[1:])
    assert set(phases["lane"]) == {"P1", "P2"}
    decisions = trial.tables["decisions"]
    pushed = decisions[decisions["kind"] == "highest"].iloc[1:]
    assert (pushed["pressure"] >= pushed["pressure_other"]).all()
    assert decisions["lead"].str.len().min() > 0


def test_served_plan_has_a_row_for_each_signal_and_step(trial: Trial) -> None:
    plan = control.serve(pack, trial.model, pack.sample(0), spec=spec(seeds=1))
    assert len(plan) == 2 * 60
    assert set(plan["phase"]) <= {1, 2}
    assert plan["time_s"].is_monotonic_increasing


def test_search_never_plays_a_scored_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = pack.simulator

    def watched(inputs: Inputs, unit: str, *, spec: Spec) -> object:
        asked.append(unit)
        return real(inputs, unit, spec=spec)

    def here(jobs: list[Job], **_: object) -> list[object]:
        jobs[0].simulator()
        return [type("E", (), {"totals": {"delay_s": float(len(asked))}})()]

    monkeypatch.setattr(pack, "simulator", watched)
    monkeypatch.setattr(pack.control, "episodes", here)
    found = pack.fit(pack.sample(0), (), spec=spec(search_budget=4))
    assert isinstance(found, Pressure)
    assert asked
    assert not set(asked) & set(pack.units(pack.sample(0), spec=spec(seeds=500)))


def test_real_junction_is_quicker_than_the_best_of_resco(data_root: Path) -> None:
    """Ingolstadt, one junction, one seed; 22.2 s is the best mean that RESCO publishes."""
    path = data_root / "infra/traffic_signal_resco/resco_nets.zip"
    wanted = spec("ingolstadt1")
    inputs = pack.read(Inputs({"scenario": path}), spec=wanted)
    job = Job("001", lambda: pack.simulator(inputs, "001", spec=wanted), Pressure().start)
    (found,) = episodes([job], seed=0)
    assert found.totals["delay_s"] < 22.2
    assert found.totals["vehicles"] == 1716
    assert found.totals["max_red_s"] <= 120
    assert found.totals["undeparted"] == 0
