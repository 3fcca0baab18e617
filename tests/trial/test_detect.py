"""Claims about how detect packs are tried, with a pack made up for the purpose."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Split, Words
from qianhang.core.spec import Spec
from qianhang.trial import detect

_TIMES = pd.date_range("2026-01-01", periods=100, freq="h", tz="Asia/Shanghai")


def _case(kind: str = "forward", **more: Any) -> Case:
    return Case("c", Words("案", "case"), split=Split(kind=kind, **more))  # type: ignore[arg-type]  # a plain name in tests


def _inputs() -> Inputs:
    table = pd.DataFrame({"x": [0.0] * 60 + [1.0] * 40}, index=_TIMES)
    truth = pd.DataFrame({"start": [_TIMES[60]], "end": [_TIMES[99]], "place": ["a"]})
    return Inputs({"table": table, "truth": truth})


def _pack(seen: list[set[str]], **more: Any) -> SimpleNamespace:
    def alarms(times: list[pd.Timestamp]) -> pd.DataFrame:
        stamps = pd.DatetimeIndex(times, tz="Asia/Shanghai")
        return pd.DataFrame({"start": stamps, "place": "a", "size": 1.0, "score": 1.0})

    def run(model: Any, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
        seen.append(set(inputs))
        high = inputs.table.index[inputs.table["x"] > 0.5]
        return alarms(list(high[:1]))

    return SimpleNamespace(
        fit=lambda train, *, spec: len(train.table),
        detect=run,
        baseline=lambda train, inputs, *, spec: alarms([]),
        **more,
    )


def test_alarm_on_the_first_hour_has_no_delay_and_nothing_is_missed() -> None:
    """By hand: the event starts at hour 60 and so does the alarm."""
    trial = detect.run(_pack([]), _inputs(), case=_case(test_share=0.5), spec=Spec())
    assert trial.scores["hits"] == 1
    assert trial.scores["delay"] == 0
    assert trial.trivial["misses"] == 1
    assert trial.tables["alarms"]["outcome"].tolist() == ["hit"]
    assert trial.tables["events"]["outcome"].tolist() == ["event"]


def test_pack_never_sees_the_truth() -> None:
    seen: list[set[str]] = []
    detect.run(_pack(seen), _inputs(), case=_case(), spec=Spec())
    assert seen == [{"table"}]


def test_model_is_fitted_on_what_comes_before() -> None:
    """By hand: half of 100 hours."""
    trial = detect.run(_pack([]), _inputs(), case=_case(test_share=0.5), spec=Spec())
    assert trial.model == 50


def test_each_unit_is_a_fold_fitted_on_another() -> None:
    one = _inputs()
    short = one.replace(table=one.table.iloc[:80])
    pack = _pack([], units=lambda inputs, *, spec: {"one": one, "two": short})
    trial = detect.run(pack, one, case=_case("unit_out"), spec=Spec())
    assert [f.name for f in trial.folds] == ["one", "two"]
    assert trial.model == 100
    assert set(trial.tables["alarms"]["unit"]) == {"one", "two"}


def test_without_truth_alarms_are_counted_and_nothing_is_claimed() -> None:
    inputs = Inputs({"table": _inputs().table})
    trial = detect.run(_pack([]), inputs, case=_case(test_share=0.5), spec=Spec())
    assert dict(trial.scores) == {"alarms": 1.0}


@pytest.mark.parametrize("count", [2])
def test_too_few_readings_are_refused(count: int) -> None:
    inputs = Inputs({"table": _inputs().table.iloc[:count]})
    with pytest.raises(Exception, match="too few"):
        detect.run(_pack([]), inputs, case=_case(), spec=Spec())


def test_events_before_the_cut_teach_and_are_not_scored() -> None:
    """By hand: one event is over at hour 20, the cut is at hour 50."""
    inputs = _inputs()
    early = pd.DataFrame({"start": [_TIMES[10]], "end": [_TIMES[20]], "place": ["a"]})
    both = inputs.replace(truth=pd.concat([early, inputs["truth"]], ignore_index=True))
    known: list[pd.DataFrame] = []
    pack = _pack([])
    pack.fit = lambda train, *, spec: known.append(train["known"])
    trial = detect.run(pack, both, case=_case(test_share=0.5), spec=Spec())
    assert known[0]["start"].tolist() == [_TIMES[10]]
    assert (trial.scores["hits"], trial.scores["misses"]) == (1, 0)
    assert len(trial.tables["events"]) == 1
