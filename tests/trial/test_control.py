"""Controllers on a toy tank: the cut, the folds, the baseline beside, the served steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import pandas as pd
import pytest

from qianhang.core.errors import ContractError, JobFailed
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Split, Words
from qianhang.core.spec import Spec
from qianhang.engines.control import EveryDays
from qianhang.trial import control

UNITS = ("2001", "2002", "2003", "2004")
CASE = Case("toy", Words("水箱", "tank"), split=Split("season_out", test_from="2003"))


@dataclass
class Tank:
    """Loses 2 a day and starts with what the unit's year ends in."""

    year: int
    level: float = 0.0
    given: float = 0.0
    day: int = 0

    def reset(self, seed: int) -> None:
        self.level, self.given, self.day = float(self.year % 10), 0.0, 0

    def observe(self) -> Mapping[str, float]:
        return {"day": float(self.day), "room": 10.0 - self.level}

    def act(self, action: float) -> None:
        self.level += action - 2.0
        self.given += action
        self.day += 1

    @property
    def done(self) -> bool:
        return self.day == 3

    def score(self) -> Mapping[str, float]:
        return {"given": self.given, "level": self.level}


def fit(inputs: Inputs, units: Sequence[str], *, spec: Spec) -> EveryDays:
    assert units == ("2001", "2002")
    return EveryDays("day", 2, 3.0, "room")


PACK = SimpleNamespace(
    units=lambda inputs, *, spec: UNITS,
    simulator=lambda inputs, unit, *, spec: Tank(int(unit)),
    fit=fit,
    policy=lambda model, *, spec: model.start(),
    baseline=lambda *, spec: lambda seen: 2.0,
    references=lambda *, spec: {"nothing": lambda seen: 0.0},
)


def test_trial_scores_held_out_units_only_with_the_baseline_beside() -> None:
    """By hand: ours gives 3 on days 0 and 2 = 6; trivial 3 x 2 = 6; levels 3 and 4 plus 6 - 6."""
    trial = control.run(PACK, Inputs({}), case=CASE, spec=Spec())
    assert [f.name for f in trial.folds] == ["2003", "2004"]
    assert trial.scores == {"given": 6.0, "level": 3.5}
    assert trial.trivial == {"given": 6.0, "level": 3.5}
    assert trial.practice == {}
    units = trial.tables["units"]
    assert set(units["policy"]) == {"ours", "trivial", "nothing"}
    assert units.loc[units["policy"] == "nothing", "level"].tolist() == [-3.0, -2.0]
    assert len(trial.tables["steps"]) == 2 * 3 * 3
    assert trial.model == EveryDays("day", 2, 3.0, "room")
    assert trial.facts["train_units"] == ["2001", "2002"]


def test_pack_may_score_against_the_baseline_of_the_same_units() -> None:
    def score(totals: list, fixed: list, *, spec: Spec) -> dict[str, float]:
        return {"share": sum(t["given"] for t in totals) / sum(t["given"] for t in fixed)}

    trial = control.run(
        SimpleNamespace(**vars(PACK), score=score), Inputs({}), case=CASE, spec=Spec()
    )
    assert trial.scores == {"share": 1.0}
    assert [f.ours for f in trial.folds] == [{"share": 1.0}] * 2


@pytest.mark.parametrize(
    ("split", "test"),
    [
        (Split("season_out", test_from="2004-05-01"), ("2004",)),
        (Split("season_out", test_share=0.5), ("2003", "2004")),
        (Split("season_out", test_from="1990"), ("2004",)),
        (Split("season_out", test_from="2020"), ("2004",)),
    ],
)
def test_cut_holds_out_later_units_or_the_last_share(split: Split, test: tuple[str, ...]) -> None:
    train, held = control.cut(UNITS, split)
    assert held == test
    assert train == tuple(u for u in UNITS if u not in test)


def test_one_unit_cannot_be_cut() -> None:
    with pytest.raises(ContractError, match="at least 2"):
        control.cut(("2001",), Split("season_out"))


def test_served_steps_carry_their_unit() -> None:
    served = control.serve(PACK, EveryDays("day", 2, 3.0, "room"), Inputs({}), spec=Spec())
    assert isinstance(served, pd.DataFrame)
    assert served.groupby("unit")["action"].sum().to_dict() == dict.fromkeys(UNITS, 6.0)


def test_without_a_cut_every_unit_is_scored_and_none_is_searched_on() -> None:
    told: list[Sequence[str]] = []

    def fit_on(inputs: Inputs, units: Sequence[str], *, spec: Spec) -> EveryDays:
        told.append(units)
        return EveryDays("day", 2, 3.0, "room")

    case = Case("toy", Words("水箱", "tank"), split=Split("none"))
    trial = control.run(
        SimpleNamespace(**{**vars(PACK), "fit": fit_on}), Inputs({}), case=case, spec=Spec()
    )
    assert told == [()]
    assert [f.name for f in trial.folds] == list(UNITS)
    assert trial.facts["train_units"] == []
    with pytest.raises(ContractError, match="no unit"):
        control.cut((), Split("none"))


def test_pack_may_make_tables_of_its_own_from_the_episodes() -> None:
    def tables(inputs: Inputs, played: Mapping, *, spec: Spec) -> dict[str, pd.DataFrame]:
        days = {name: [len(e.table) for e in units.values()] for name, units in played.items()}
        return {"days": pd.DataFrame(days)}

    trial = control.run(
        SimpleNamespace(**vars(PACK), tables=tables), Inputs({}), case=CASE, spec=Spec()
    )
    assert set(trial.tables) == {"units", "days"}
    assert trial.tables["days"]["ours"].tolist() == [3, 3]


def test_parameter_limits_the_time_of_an_episode() -> None:
    @dataclass
    class Slow(Tank):
        def act(self, action: float) -> None:
            while True:
                self.day = 0

    pack = SimpleNamespace(
        **{**vars(PACK), "simulator": lambda inputs, unit, *, spec: Slow(int(unit))}
    )
    with pytest.raises(JobFailed, match=r"0\.2 s"):
        control.run(pack, Inputs({}), case=CASE, spec=Spec(params={"time_limit_s": 0.2}))


def test_pack_may_have_every_episode_in_a_process_of_its_own() -> None:
    import os

    class Marked(Tank):
        def score(self) -> Mapping[str, float]:
            return {"process": float(os.getpid())}

    marked = {**vars(PACK), "simulator": lambda inputs, unit, *, spec: Marked(int(unit))}
    for fresh, processes in ((True, 3), (False, 1)):
        pack = SimpleNamespace(**marked, FRESH=fresh)
        units = control.run(pack, Inputs({}), case=CASE, spec=Spec()).tables["units"]
        assert units.loc[units["unit"] == "2003", "process"].nunique() == processes
