"""Roads read from SUMO's files, pressure by hand, and a small network second by second."""

from __future__ import annotations

from pathlib import Path

import pytest

from qianhang.core.errors import ContractError
from qianhang.engines.control import (
    ACTUATED,
    OWN,
    AllSignals,
    Pressure,
    Traffic,
    episodes,
    play,
    read_roads,
)
from qianhang.engines.control.episode import Job
from qianhang.engines.control.roads import Part
from qianhang.packs.traffic.signal_control import scenario

NET = """<net>
<edge id=":j_0"><lane id=":j_0_0" length="2" speed="10" shape="0,0 2,0"/></edge>
<edge id="far"><lane id="far_0" length="30" speed="10" shape="0,0 30,0"/></edge>
<edge id="up"><lane id="up_0" length="50" speed="10" shape="30,0 80,0"/></edge>
<edge id="in"><lane id="in_0" length="4" speed="10" shape="82,0 86,0"/></edge>
<edge id="side"><lane id="side_0" length="90" speed="10" shape="86,-90 86,0"/></edge>
<edge id="out"><lane id="out_0" length="15" speed="10" shape="90,0 105,0"/></edge>
<edge id="on"><lane id="on_0" length="60" speed="10" shape="105,0 165,0"/></edge>
<tlLogic id="S" type="static"><phase duration="9" state="Gr"/><phase duration="3" state="yr"/>
<phase duration="9" state="rG"/><phase duration="3" state="ry"/><phase duration="2" state="rr"/>
<phase duration="5" state="Gr"/></tlLogic>
<tlLogic id="beside"><phase duration="9" state="Gy"/><phase duration="9" state="rr"/></tlLogic>
<tlLogic id="gate" type="rail_crossing"><phase duration="9" state="G"/></tlLogic>
<connection from="far" to="up" fromLane="0" toLane="0" tl="other" linkIndex="0"/>
<connection from="up" to="in" fromLane="0" toLane="0" via=":j_0_0"/>
<connection from="up" to="side" fromLane="0" toLane="0"/>
<connection from="in" to="out" fromLane="0" toLane="0" tl="S" linkIndex="0"/>
<connection from="side" to="out" fromLane="0" toLane="0" tl="S" linkIndex="1"/>
<connection from="out" to="on" fromLane="0" toLane="0"/>
</net>"""


def config(folder: Path, *, net: str = NET, body: str = "") -> Path:
    (folder / "a.net.xml").write_text(net)
    text = f'<configuration><net-file value="a.net.xml"/>{body}</configuration>'
    (folder / "a.sumocfg").write_text(text)
    return folder / "a.sumocfg"


def test_detector_looks_across_a_joint_but_not_across_another_signal(tmp_path: Path) -> None:
    """By hand: 4 m, then 2 m of joint, then half of those on `up`, which parts; `far` lies
    behind another signal."""
    roads = read_roads(config(tmp_path), reach=100)
    expected = (Part("in_0", 0, 1), Part(":j_0_0", 4, 1), Part("up_0", 6, 0.5))
    assert roads.before["in_0"] == expected
    assert roads.beyond["out_0"] == ("out_0", "on_0")


def test_phases_are_the_programs_own_greens_each_once(tmp_path: Path) -> None:
    (signal,) = read_roads(config(tmp_path), reach=50).signals
    assert signal.name == "S"
    assert signal.phases == ("Gr", "rG")
    assert signal.lanes == ("in_0", "side_0")


def test_program_of_an_additional_file_takes_the_place_of_the_networks(tmp_path: Path) -> None:
    other = NET[NET.index("<tlLogic") : NET.index('<tlLogic id="beside')].replace("Gr", "GG")
    (tmp_path / "b.add.xml").write_text(f"<additional>{other}</additional>")
    path = config(tmp_path, body='<additional-files value="b.add.xml"/><end value="0:10:00"/>')
    roads = read_roads(path, reach=50)
    assert roads.signals[0].phases == ("GG", "rG")
    assert roads.end == 600


@pytest.mark.parametrize(
    ("body", "net", "said"),
    [
        ('<route-files value="no.rou.xml"/>', NET, "no.rou.xml"),
        ("", "<net><edge", "a.net.xml"),
        ("", NET.replace('"S"', '"S0"', 1), "two green phases"),
        ('<begin value="noon"/>', NET, "noon"),
    ],
)
def test_scenario_that_cannot_be_run_names_what_is_wrong(
    tmp_path: Path, body: str, net: str, said: str
) -> None:
    with pytest.raises(ContractError, match=said):
        read_roads(config(tmp_path, net=net, body=body), reach=50)


def seen(**values: float) -> dict[str, float]:
    plain = {"phase:A": 0.0, "age:A": 10.0}
    for k in (0, 1):
        plain |= {f"queue:A/{k}": 0.0, f"coming:A/{k}": 0.0, f"red:A/{k}": 0.0}
    return plain | {name.replace("__", ":").replace("_of_", "/"): v for name, v in values.items()}


@pytest.mark.parametrize(
    ("observation", "phase"),
    [
        (seen(queue__A_of_0=3, queue__A_of_1=4), 1),
        (seen(queue__A_of_0=3, coming__A_of_0=3, queue__A_of_1=4), 0),  # 3 + 0.5 x 3 > 4
        (seen(queue__A_of_0=4, queue__A_of_1=4), 0),  # a tie changes nothing
        (seen(queue__A_of_1=4, age__A=4), 0),  # least green
        (seen(queue__A_of_0=9, red__A_of_1=105), 1),  # 120 - 5 - (5 + 5)
        (seen(queue__A_of_0=9, red__A_of_1=104), 0),
        (seen(queue__A_of_0=9, red__A_of_0=98, red__A_of_1=96), 0),  # 96 >= 105 - (5 + 5)
        (seen(phase__A=-1, queue__A_of_1=1), 1),
    ],
)
def test_phase_with_most_pressure_is_shown_unless_a_red_is_due(
    observation: dict[str, float], phase: int
) -> None:
    assert Pressure().act(observation) == {"A": phase}


def test_reds_are_counted_in_the_fewest_turns_that_end_them(tmp_path: Path) -> None:
    """By hand at 100 s: lights red for 100, 50, 80 s; the first phase ends two of them at once."""
    net = NET.replace('"Gr"', '"GGr"').replace('"yr"', '"rGG"').replace('"rG"', '"Grr"')
    net = net.replace('"ry"', '"yyr"').replace('"rr"', '"rrr"')
    roads = read_roads(config(tmp_path, net=net), reach=50)
    small = Traffic(roads)
    small._now, small._green = 100.0, {"S": [0.0, 50.0, 20.0]}
    assert roads.signals[0].phases == ("GGr", "rGG", "Grr")
    assert small._reds(roads.signals[0]) == [100, 80, 0]


def test_kept_controller_comes_back_whole() -> None:
    pressure = Pressure(coming=0.3, stay=1.2)
    assert Pressure.from_files(pressure.to_files()) == pressure
    with pytest.raises(ValueError, match="step_s"):
        Pressure(step_s=0)


def traffic(seed: int = 1, **more: float) -> Traffic:
    return Traffic(read_roads(scenario.made_up(0), reach=100), seed, **more)


def played(controller: Pressure | AllSignals, **more: float) -> dict[str, float]:
    job = Job("small", lambda: traffic(**more), controller.start)
    return dict(episodes([job], seed=0)[0].totals)


def test_fixed_program_keeps_its_reds() -> None:
    """By hand: 42 s green, 3 s yellow, 42 s of the others, their 3 s: 48 s without green."""
    totals = played(AllSignals(OWN))
    assert totals["max_red_s"] == pytest.approx(48, abs=1)
    assert totals["hours"] == pytest.approx(1 / 12)


def test_pressure_beats_fixed_time_and_keeps_its_red() -> None:
    ours, fixed = played(Pressure(max_red_s=60)), played(AllSignals(OWN))
    assert ours["delay_s"] < 0.8 * fixed["delay_s"]
    assert ours["max_red_s"] <= 60
    assert ours["undeparted"] == ours["teleports"] == 0
    assert ours["vehicles"] == fixed["vehicles"]


def test_actuated_controller_runs_on_the_same_phases() -> None:
    assert played(AllSignals(ACTUATED))["max_red_s"] <= 50 + 2 * 3 + 1


def test_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    first, again = played(Pressure()), played(Pressure())
    assert first == again
    job = Job("other", lambda: traffic(seed=2), Pressure().start)
    assert episodes([job], seed=0)[0].totals["delay_s"] != first["delay_s"]


def test_change_shows_yellow_then_all_red_then_green() -> None:
    """From the first phase to the second at A0: greens G and g turn yellow for 3 s, red for 1 s."""
    from qianhang.engines.control import sumo

    small = traffic(step_s=5.0, all_red_s=1.0)
    lights = sumo._library().trafficlight
    states: list[str] = []
    small.reset(0)
    small.act({"A0": 0.0, "B0": 0.0})
    run = small._run
    small._run = lambda until: (states.append(lights.getRedYellowGreenState("A0")), run(until))
    small.act({"A0": 1.0, "B0": 0.0})
    assert states == ["yyyrrryyyrrr", "rrrrrrrrrrrr", "rrrGGgrrrGGg"]
    sumo._library().close()


def test_broken_routes_are_reported_in_sumos_words(tmp_path: Path) -> None:
    made = scenario.made_up(0)
    for name in ("sample.net.xml", "sample.sumocfg"):
        (tmp_path / name).write_bytes(made.with_name(name).read_bytes())
    trips = '<routes><trip id="x" depart="0" from="nowhere" to="A0B0"/></routes>'
    (tmp_path / "sample.rou.xml").write_text(trips)
    roads = read_roads(tmp_path / "sample.sumocfg", reach=100)
    with pytest.raises(ContractError, match="nowhere"):
        episodes([Job("x", lambda: Traffic(roads), Pressure().start)], seed=0)


def test_episode_in_this_process_gives_what_the_child_gives() -> None:
    alone = play(traffic(), Pressure().start(), seed=0)
    assert dict(alone.totals) == played(Pressure())
    assert len(alone.table) == 60
