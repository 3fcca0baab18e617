"""Episodes in a child process, controllers against hand-worked answers, searches."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest

from qianhang.core.errors import JobFailed, UsageError
from qianhang.engines import control
from qianhang.engines.control import PI, EveryDays, Job, Knob, LinearMPC, StagedRule


@dataclass
class Cart:
    """Double integrator with unit step: position += speed, speed += push."""

    steps: int = 12
    state: list[float] = field(default_factory=lambda: [1.0, 0.0])
    at: int = 0

    def reset(self, seed: int) -> None:
        self.state = [1.0 + 0.1 * seed, 0.0]
        self.at = 0

    def observe(self) -> Mapping[str, float]:
        return {"position": self.state[0], "speed": self.state[1], "step": float(self.at)}

    def act(self, action: float) -> None:
        x, v = self.state
        self.state = [x + v, v + action]
        self.at += 1

    @property
    def done(self) -> bool:
        return self.at >= self.steps

    def score(self) -> Mapping[str, float]:
        return {"miss": abs(self.state[0])}


class Dying(Cart):
    def act(self, action: float) -> None:
        os._exit(3)


class Raising(Cart):
    def act(self, action: float) -> None:
        raise ArithmeticError("negative depth")


class Hanging(Cart):
    def act(self, action: float) -> None:
        time.sleep(60)


def still() -> control.Policy:
    return lambda seen: 0.0


def test_child_process_plays_the_same_episode_as_the_parent() -> None:
    there = control.episodes([Job("a", Cart, still), Job("b", Cart, still)], seed=2)
    here = control.play(Cart(), still(), seed=2)
    assert len(there) == 2
    for episode in there:
        assert episode.totals == here.totals == {"miss": pytest.approx(1.2)}
        assert episode.table.equals(here.table)
    assert list(here.table.columns) == ["position", "speed", "step", "action"]


@pytest.mark.parametrize(
    ("kind", "code", "text"),
    [
        (Dying, "QH521", "exit code 3"),
        (Raising, "QH521", "negative depth"),
        (Hanging, "QH522", "0.5 s"),
    ],
)
def test_bad_simulator_is_named_and_the_parent_lives(kind: type, code: str, text: str) -> None:
    with pytest.raises(JobFailed, match=text) as caught:
        control.episodes(
            [Job("ok", Cart, still), Job("bad", kind, still)], seed=0, time_limit_s=0.5
        )
    assert caught.value.code == code
    assert "bad" in caught.value.message
    assert control.episodes([Job("after", Cart, still)], seed=0)[0].totals["miss"] == 1.0


def test_named_error_of_a_simulator_reaches_the_reader_as_it_is() -> None:
    def build() -> Cart:
        raise UsageError("QH802", "crop Maiz", hint="did you mean Maize?")

    with pytest.raises(UsageError, match="Maize") as caught:
        control.episodes([Job("bad", build, still)], seed=0)
    assert caught.value.code == "QH802"


def test_simulator_that_never_ends_is_refused() -> None:
    with pytest.raises(ValueError, match="not done"):
        control.play(Cart(steps=10**9), still(), seed=0, steps=100)


def test_episode_written_and_read_is_the_same() -> None:
    episode = control.play(Cart(), still(), seed=0)
    back = control.read_episode(control.write_episode(episode))
    assert back.table.equals(episode.table)
    assert dict(back.totals) == dict(episode.totals)


def test_pi_step_response_follows_the_recursion_worked_by_hand() -> None:
    """Plant y' = 0.5 y + 0.5 u, gain 1, integral 2 s, step 1 s, set point 1, from y = 0.

    u0 = 1 + 1/2 = 1.5, y1 = 0.75; u1 = 0.25 + 1.25/2 = 0.875, y2 = 0.8125.
    """
    act = PI("y", setpoint=1, gain=1, integral_s=2, step_s=1, low=-9, high=9).start()
    assert act({"y": 0.0}) == pytest.approx(1.5)
    assert act({"y": 0.75}) == pytest.approx(0.875)
    y = 0.8125
    for _ in range(200):
        y = 0.5 * y + 0.5 * act({"y": y})
    assert y == pytest.approx(1)


def test_integral_does_not_wind_up_while_the_action_is_at_its_limit() -> None:
    """After 100 steps at the limit one reversed error must bring the action down at once."""
    act = PI("y", setpoint=1, gain=1, integral_s=1, step_s=1, low=0, high=1).start()
    assert [act({"y": 0.0}) for _ in range(100)] == [1.0] * 100
    assert act({"y": 2.0}) == 0.0


def mpc(**changes: object) -> LinearMPC:
    values: dict[str, object] = {
        "state": ("position", "speed"),
        "a": ((1.0, 1.0), (0.0, 1.0)),
        "b": (0.0, 1.0),
        "weight": (1.0, 0.1),
        "effort": 0.5,
        "horizon": 8,
        "low": -100.0,
        "high": 100.0,
        "goal": (0.0, 0.0),
    }
    return LinearMPC(**{**values, **changes})  # type: ignore[arg-type]  # test values


def riccati_gain() -> np.ndarray:
    """The LQR gain by iterating the Riccati recursion itself, not by a library."""
    a, b = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[0.0], [1.0]])
    q, r = np.diag([1.0, 0.1]), 0.5
    p = q
    for _ in range(500):
        k = (b.T @ p @ a) / (r + b.T @ p @ b)
        p = q + a.T @ p @ (a - b @ k)
    return k[0]


@pytest.mark.parametrize("x", [(1.0, 0.0), (-2.0, 0.7), (0.3, -1.0)])
def test_mpc_without_limits_is_the_linear_quadratic_regulator(x: tuple[float, float]) -> None:
    action = mpc().start()({"position": x[0], "speed": x[1]})
    assert action == pytest.approx(-riccati_gain() @ np.array(x), abs=1e-7)


def test_mpc_keeps_its_limits_and_still_reaches_the_goal() -> None:
    controller = mpc(low=-0.05, high=0.05, horizon=15, goal=(0.5, 0.0))
    episode = control.play(Cart(steps=60), controller.start(), seed=0)
    assert episode.table["action"].abs().max() <= 0.05 + 1e-9
    assert episode.table["position"].iloc[-1] == pytest.approx(0.5, abs=0.01)


def test_staged_rule_gives_the_least_of_dose_need_and_budget() -> None:
    rule = StagedRule("dry", "stage", (0.5, 0.3), 25.0, "need", "spent", 100.0)
    seen = {"dry": 0.4, "stage": 1.0, "need": 40.0, "spent": 0.0}
    assert rule.act(seen) == 0
    assert rule.act({**seen, "stage": 2.0}) == 25
    assert rule.act({**seen, "stage": 7.0, "need": 12.0}) == 12
    assert rule.act({**seen, "dry": 0.6, "spent": 90.0}) == 10
    assert rule.act({**seen, "dry": 0.6, "spent": 120.0}) == 0


def test_timetable_acts_on_its_days_only() -> None:
    rule = EveryDays("day", 7, 25.0, "need")
    given = [rule.act({"day": float(d), "need": 40.0 if d else 10.0}) for d in range(15)]
    assert given == [10.0, *[0.0] * 6, 25.0, *[0.0] * 6, 25.0]


@pytest.mark.parametrize(
    "controller",
    [
        mpc(),
        PI("y", 1.0, 1.0, 2.0, 1.0, 0.0, 1.0),
        StagedRule("dry", "stage", (0.5, 0.3), 25.0, "need", "spent", 100.0),
        EveryDays("day", 7, 25.0, "need"),
    ],
)
def test_controllers_come_back_from_their_files_unchanged(controller: control.EveryDays) -> None:
    files = controller.to_files()
    assert list(files) == ["controller.json"]
    assert type(controller).from_files(files) == controller


def test_controller_file_with_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ValueError, match="dos"):
        EveryDays.from_files({"controller.json": b'{"clock":"d","interval":7,"dos":2,"need":"n"}'})


def bowl(p: Mapping[str, float]) -> float:
    return (p["a"] - 0.3) ** 2 + 2 * (p["b"] + 0.2) ** 2


KNOBS = (Knob("a", -1, 1, -0.5, 0.4), Knob("b", -1, 1, 0.5, 0.4))


@pytest.mark.parametrize(
    ("method", "near"), [("coordinate", 1e-3), ("nelder", 1e-3), ("random", 0.1)]
)
def test_searches_come_close_to_the_bottom_of_a_bowl(method: str, near: float) -> None:
    found = control.search(bowl, KNOBS, budget=80, seed=0, method=method)  # type: ignore[arg-type]
    assert found.value < near
    assert len(found.history) <= 80
    assert found.history["value"].min() == found.value


def test_search_counts_a_repeated_point_once_and_repeats_itself() -> None:
    calls: list[float] = []

    def flat(p: Mapping[str, float]) -> float:
        calls.append(p["a"])
        return bowl(p)

    first = control.search(flat, KNOBS, budget=12, seed=4)
    assert len(calls) == len(first.history) == 12
    assert control.search(bowl, KNOBS, budget=12, seed=4).history.equals(first.history)
