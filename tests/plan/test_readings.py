"""Readings from evidence by rules: figures by hand, each with all that it was made of."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qianhang.core.errors import UsageError
from qianhang.plan import evidence as ev
from qianhang.plan.evidence import Evidence
from qianhang.plan.items import Item
from qianhang.plan.readings import read_target, recomputed, series
from qianhang.plan.rules import Query, Rule

ON = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)


def item(**values):
    filled = {
        "indicator": "模型", "comparator": ">=", "low": 20.0, "high": None, "unit": "个",
        "deadline": 2027, "baseline": None, "yearly": False, "everywhere": False,
    } | values  # fmt: skip
    return Item("target", 1, 1, "T1", "1", "", 0, 0, "confirmed", 1, "x", "", filled, filled)


def seen(seq, value=None, *, kind="model", grade="A", days=0, **more):
    filled = {
        "at": "", "indicator": "", "scenario": "", "run": "", "facts": {}, "subject": f"s{seq}",
        "unit": "", "target": "", "by": "x", "files": {}, "retracted": "",
    } | more  # fmt: skip
    filled.setdefault("key", filled["subject"])
    on = ON - timedelta(days=days)
    return Evidence(seq=seq, grade=grade, kind=kind, on=on, value=value, **filled)


def rule(aggregate="count", kinds=("model",), per=None, **more):
    return Rule(Query(tuple(kinds), aggregate, **more), per, state="confirmed")


def why(reading):
    return {c.seq: c.why for c in reading.components if not c.used}


def test_a_count_takes_each_key_once():
    found = [seen(1, subject="a"), seen(2, subject="b"), seen(3, subject="a")]
    told = read_target(item(), rule(), found, on=ON)
    assert told.value == 2
    assert why(told) == {1: "counted once: record 3 is newer"}


def test_a_sum_takes_the_newest_of_each_key_in_the_targets_unit():
    """Pool a last at 1.5 EFlops, pool b at 300 PFlops: 1800 PFlops."""
    found = [
        seen(1, 2.0, subject="a", unit="EFlops", days=9), seen(2, 1.5, subject="a", unit="EFlops"),
        seen(3, 300, subject="b", unit="PFLOPS"),
    ]  # fmt: skip
    told = read_target(item(unit="PFlops"), rule("sum"), found, on=ON)
    assert told.value == pytest.approx(1800)


def test_flows_are_added_record_by_record():
    found = [seen(n, 10.0, subject="券", unit="万元") for n in (1, 2, 3)]
    assert read_target(item(unit="元"), rule("sum", key="seq"), found, on=ON).value == 300_000


def test_the_last_one_counts_and_on_one_day_the_better_grade():
    found = [
        seen(1, 50.0, days=2, unit="%"),
        seen(2, 70.0, grade="C", unit="%"),
        seen(3, 60.0, grade="B", unit="%"),
    ]
    told = read_target(item(unit="%"), rule("last"), found, on=ON)
    assert (told.value, told.grade) == (60.0, "B")


def test_the_worst_site_stands_for_all():
    found = [seen(1, 1.2), seen(2, 1.4), seen(3, 1.1)]
    down, up = item(comparator="<", low=1.25, unit=""), item(unit="")
    assert read_target(down, rule("worst"), found, on=ON).value == 1.4
    assert read_target(up, rule("worst"), found, on=ON).value == 1.1


def test_claims_stand_beside_the_value_and_never_in_it():
    found = [
        seen(1), seen(2, 15.0, kind="claim", grade="D", target="P1.T1", unit="个"),
        seen(3, grade="D", subject="z"), seen(4, 99.0, kind="claim", grade="D", target="P1.T2"),
    ]  # fmt: skip
    told = read_target(item(), rule(), found, on=ON)
    assert (told.value, told.claimed) == (1, 16)
    only = read_target(item(), rule(), found[1:2], on=ON)
    assert (only.value, only.claimed, only.reason) == (None, 15, "only claims")


def test_grades_share_a_sum():
    found = [seen(1), seen(2), seen(3, grade="C")]
    told = read_target(item(), rule(), found, on=ON)
    assert (told.by_grade, told.grade) == ({"A": 2, "C": 1}, "C")


def test_a_register_that_names_the_target_counts_as_its_length():
    found = [seen(1, 3.0, kind="document", grade="C", target="P1.T1", unit="家")]
    assert read_target(item(unit="家"), rule(kinds=("document",)), found, on=ON).value == 3


def test_what_is_stale_later_retracted_elsewhere_or_unfit_is_listed_with_the_reason():
    found = [
        seen(1, days=90), seen(2, days=89), seen(3, days=-1), seen(4, retracted="错 (钱二)"),
        seen(5, facts={"region": "东山市"}), seen(6, facts={"stage": "rejected"}), seen(7, kind="run"),
    ]  # fmt: skip
    asked = rule(fresh_days=90, region="云泽市", where=(("stage", "!=", "rejected"),))
    good = [f for f in found if f.seq != 2] + [seen(2, days=89, facts={"stage": "accepted"})]
    told = read_target(item(), asked, good, on=ON)
    assert told.value == 1
    assert why(told) == {
        1: "older than 90 days", 3: "observed later", 4: "retracted: 错 (钱二)",
        5: "region 东山市, not 云泽市",
        6: "does not qualify: stage is 'rejected', not != 'rejected'",
    }  # fmt: skip


def test_no_record_that_counts_is_no_value_and_not_zero():
    told = read_target(item(), rule(fresh_days=30), [seen(1, days=40)], on=ON)
    assert told.value is None
    assert told.reason == "none of 1 records counts: 1 × older than 30 days"
    assert read_target(item(), rule(), [], on=ON).reason == "no record"


def test_the_newest_run_of_a_scenario_decides_where_the_rule_says_so():
    good, bad = {"verdict": "met"}, {"verdict": "unmet"}
    found = [seen(1, subject="a", facts=good, days=5), seen(2, subject="a", facts=bad)]
    where = (("verdict", "==", "met"),)
    assert read_target(item(), rule(where=where), found, on=ON).value == 1
    assert read_target(item(), rule(where=where, latest=True), found, on=ON).value is None


def test_a_ratio_of_two_queries_is_given_in_the_targets_unit():
    """Covered 80 km of 200 km of road: 40 %."""
    found = [
        seen(1, 80.0, kind="statistic", subject="covered", unit="公里"),
        seen(2, 200.0, kind="statistic", subject="road", unit="公里"),
    ]  # fmt: skip
    asked = ratio()
    told = read_target(item(unit="%"), asked, found, on=ON)
    assert told.value == pytest.approx(40)
    assert recomputed(told) == pytest.approx(40)


def ratio():
    part = {"kinds": ("statistic",), "aggregate": "sum"}
    above = Query(**part, where=(("subject", "==", "covered"),))
    return Rule(above, Query(**part, where=(("subject", "==", "road"),)), state="confirmed")


@pytest.mark.parametrize(("road", "reason"), [
    (0.0, "undefined: the denominator is 0"), (None, "no evidence for the denominator: "),
])  # fmt: skip
def test_a_ratio_over_nothing_is_undefined_and_says_why(road, reason):
    found = [seen(1, 80.0, kind="statistic", subject="covered")]
    if road is not None:
        found.append(seen(2, road, kind="statistic", subject="road"))
    told = read_target(item(unit="%"), ratio(), found, on=ON)
    assert told.value is None
    assert told.reason.startswith(reason)


def test_a_unit_of_another_kind_is_left_out_by_name():
    told = read_target(item(unit="PFlops"), rule("sum"), [seen(1, 3.0, unit="%")], on=ON)
    assert why(told) == {1: "% cannot be read as PFlops"}


def test_a_yearly_target_counts_its_own_year():
    found = [seen(1, days=200), seen(2, days=3)]
    told = read_target(item(yearly=True), rule(), found, on=ON)
    assert (told.value, why(told)) == (1, {1: "before this year (2026)"})


def test_a_rule_that_nobody_confirmed_is_not_read():
    told = read_target(item(), Rule(Query(("model",), "count")), [seen(1)], on=ON)
    assert (told.value, told.components) == (None, ())
    assert "nobody has confirmed" in told.reason
    assert read_target(item(), None, [seen(1)], on=ON).reason == "no rule"


def test_earlier_readings_make_a_series():
    found = [seen(1, days=20), seen(2, days=10), seen(3, days=10), seen(4, days=-5)]
    told = series(item(), rule(), found, on=ON)
    assert told == ((ON - timedelta(days=20), 1), (ON - timedelta(days=10), 3))


records = st.lists(
    st.tuples(
        st.sampled_from("abcde"), st.sampled_from("ABCD"), st.integers(-5, 60), st.booleans(),
        st.floats(0, 1e6),
    ),
    max_size=20,
)  # fmt: skip


def drawn(rows):
    return [
        seen(n, value, grade=grade, days=days, subject=key, retracted="x" if back else "")
        for n, (key, grade, days, back, value) in enumerate(rows, start=1)
    ]


@settings(deadline=None, max_examples=30)
@given(records, st.sampled_from(["last", "sum", "count", "worst"]))
def test_a_reading_can_be_recomputed_from_the_components_it_lists(rows, how):
    told = read_target(item(unit=""), rule(how, fresh_days=30), drawn(rows), on=ON)
    assert recomputed(told) == told.value


@settings(deadline=None, max_examples=30)
@given(records)
def test_no_key_counts_twice_however_often_it_comes(rows):
    told = read_target(item(), rule(), drawn(rows), on=ON)
    twice = read_target(item(), rule(), [*drawn(rows), *drawn(rows + rows)[len(rows) :]], on=ON)
    keys = {k for k, g, d, back, _ in rows if g != "D" and d >= 0 and not back}
    assert told.value == (len(keys) or None)
    assert twice.value == told.value


@settings(deadline=None, max_examples=30)
@given(records, st.integers(0, 19))
def test_taking_a_record_back_is_as_if_it_had_never_been(rows, which):
    rows = (
        rows[:which]
        + [(k, g, d, True, v) for k, g, d, _, v in rows[which : which + 1]]
        + rows[which + 1 :]
    )
    without = [r for n, r in enumerate(drawn(rows)) if n != which]
    asked = rule("sum")
    with_it = read_target(item(unit=""), asked, drawn(rows), on=ON)
    assert with_it.value == read_target(item(unit=""), asked, without, on=ON).value


def test_evidence_is_kept_graded_and_taken_back_in_the_open(ledger):
    with ledger.write() as tx:
        entry = ev.observe(
            tx, ev.Observation("model", "m1", ON, key="m"), grade="A", by="x", at=NOW
        )
    ev.retract(ledger, entry.seq, why="测错了", by="钱二", at=NOW)
    found = ev.evidence(ledger)
    assert (found[0].key, found[0].retracted) == ("m", "测错了 (钱二, 2026-06-01)")
    assert ev.evidence(ledger, upto=entry.seq)[0].retracted == ""
    assert read_target(item(), rule(), found, on=ON).value is None
    with pytest.raises(UsageError, match="QH825"):
        ev.retract(ledger, entry.seq, why="again", by="钱二", at=NOW)
    with pytest.raises(UsageError, match="QH825"):
        ev.retract(ledger, 99, why="x", by="钱二", at=NOW)
    assert ledger.verify().ok


@pytest.mark.parametrize(("told", "grade"), [
    ({"kind": "rumour"}, "D"), ({"subject": " "}, "A"), ({"value": float("nan")}, "A"),
    ({"kind": "document"}, "C"), ({"kind": "claim"}, "A"),
])  # fmt: skip
def test_evidence_that_cannot_be_is_refused(ledger, told, grade):
    filled = {"kind": "model", "subject": "m", "on": ON} | told
    with pytest.raises(UsageError, match="QH825"), ledger.write() as tx:
        ev.observe(tx, ev.Observation(**filled), grade=grade, by="x", at=NOW)
    assert ledger.entries() == []


def test_a_finished_run_is_evidence_of_its_scenario(ledger):
    facts = {"verdict": "met", "beats_trivial": True}
    finding = ev.Finding("r1", "water.leak", ("M540", "M541"), facts)
    with ledger.write() as tx:
        ev.record(tx, finding, at=NOW)
    asked = rule(kinds=("run",), key="scenario", where=(("beats_trivial", "==", True),))
    told = read_target(item(), asked, ev.evidence(ledger), on=ON)
    assert (told.value, [c.key for c in told.used]) == (1, ["water.leak"])


def test_a_record_for_the_target_of_a_kind_that_the_rule_does_not_take_is_listed_with_the_reason():
    found = [
        seen(1, 5.0, kind="document", grade="C", target="P1.T1"),
        seen(2, 5.0, kind="document"),
    ]
    told = read_target(item(), rule(), found, on=ON)
    assert told.value is None
    assert why(told) == {1: "does not qualify: kind is 'document', not in ['model']"}
    assert told.reason == f"none of 1 records counts: 1 × {why(told)[1]}"
    both = read_target(item(), rule(latest=True), [*found, seen(3)], on=ON)
    assert (both.value, recomputed(both), both.by_grade) == (1, 1, {"A": 1})


def test_without_a_figure_there_is_no_grade():
    query = {"aggregate": "sum", "kinds": ("statistic",)}
    ratio = rule(**query, per=Query(("voucher",), "sum"))
    found = [
        seen(1, 5.0, kind="statistic", grade="B", unit="个"),
        seen(2, 0.0, kind="voucher", grade="B", unit="个"),
    ]
    told = read_target(item(unit="%"), ratio, found, on=ON)
    assert (told.value, told.grade) == (None, "")


def test_units_that_measure_unlike_things_are_told_in_the_same_words():
    told = read_target(item(unit="%"), rule("sum"), [seen(1, 5.0, unit="公斤")], on=ON)
    assert why(told) == {1: "公斤 cannot be read as %"}


def test_a_ratio_lists_a_record_where_it_counts_and_a_claim_beside_it():
    found = [
        seen(1, 80.0, kind="statistic", subject="covered"),
        seen(2, 100.0, kind="statistic", subject="road"),
        seen(3, 7.0, kind="statistic", subject="other"),
        seen(4, 95.0, kind="claim", grade="D", target="P1.T1", unit="%"),
        seen(5, 9.0, kind="statistic", subject="covered", grade="D"),
    ]
    told = read_target(item(unit="%"), ratio(), found, on=ON)
    assert (told.value, told.claimed) == (80.0, 95.0)
    assert [(c.seq, c.part, c.used) for c in told.components] == [
        (1, "value", True), (3, "value", False), (5, "value", False), (2, "per", True),
        (4, "value", True),
    ]  # fmt: skip
    assert why(told)[5] == "only a claim"
    assert recomputed(told) == 80.0


def test_a_count_is_given_in_the_targets_own_unit():
    """Two of the twelve thousand firms that 1.2万家 asks for, by hand: 0.0002."""
    told = read_target(item(unit="万家", low=1.2), rule(), [seen(1), seen(2)], on=ON)
    assert told.value == pytest.approx(0.0002)
