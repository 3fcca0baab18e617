"""Evidence: in the log, once for each run and indicator, with what proves it."""

from datetime import UTC, date, datetime

import pytest

from qianhang.core.errors import UsageError
from qianhang.plan import evidence
from qianhang.store import Settings, Store

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    with Store.open(Settings(home=tmp_path)) as opened:
        yield opened


def record(store, run="r1", scenario="a.b", covers=("M540", "M548"), **more):
    finding = evidence.Finding(run, scenario, covers, {"mape_percent": 2.2}, **more)
    with store.write() as tx:
        return evidence.record(tx, finding, at=NOW)


def test_a_run_leaves_one_record_for_each_indicator(store):
    made = record(store)
    assert [e.subject for e in made] == ["M540", "M548"]
    found = evidence.evidence(store, indicator="M548")
    assert [(e.seq, e.grade, e.scenario, e.run) for e in found] == [(2, "A", "a.b", "r1")]
    assert found[0].facts == {"mape_percent": 2.2}
    assert store.verify().ok


def test_the_same_run_counts_once(store):
    record(store)
    assert record(store, covers=("M540", "M549", "M549")) != []
    assert len(evidence.evidence(store)) == 3


def test_evidence_is_found_by_indicator_scenario_and_run(store):
    record(store)
    record(store, run="r2", scenario="c.d", covers=("M540",))
    assert len(evidence.evidence(store, indicator="M540")) == 2
    assert [e.run for e in evidence.evidence(store, scenario="c.d")] == ["r2"]
    assert [e.indicator for e in evidence.evidence(store, run="r1")] == ["M540", "M548"]


def test_the_files_that_prove_it_are_verified_with_the_log(store):
    sha = store.files.put(b"report")
    record(store, files={"report": sha})
    assert store.verify().files == 1


@pytest.mark.parametrize("wrong", ["540", "M54", "m540", "M5400", ""])
def test_an_indicator_has_the_form_of_the_mission_table(wrong):
    with pytest.raises(UsageError) as caught:
        evidence.Finding("r", "a.b", (wrong,), {})
    assert caught.value.code == "QH803"


def test_a_record_made_after_midnight_in_china_is_of_the_new_day(store):
    """16:49 UTC on 31 March is 00:49 on 1 April in China."""
    finding = evidence.Finding("r1", "a.b", ("M540",), {})
    with store.write() as tx:
        evidence.record(tx, finding, at=datetime(2026, 3, 31, 16, 49, tzinfo=UTC))
    (found,) = evidence.evidence(store)
    assert found.on == date(2026, 4, 1)
