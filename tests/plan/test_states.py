"""States from readings: figures worked out by hand, properties over drawn goals."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qianhang.plan.states import STATES, Goal, assess

START, END = date(2025, 1, 1), date(2026, 12, 31)
HALF = date(2026, 1, 1)  # 365 of 729 days
GOAL = Goal(">=", 20.0, start=START, deadline=END)


def test_half_way_at_half_time_is_on_track():
    told = assess(GOAL, 11.0, on=HALF)
    assert told.state == "on_track"
    assert told.attainment == pytest.approx(11 / 20)
    assert told.expected == pytest.approx(365 / 729)


@pytest.mark.parametrize(
    ("value", "on", "state"),
    [
        (20.0, HALF, "met"), (25.0, date(2027, 5, 1), "met"), (9.0, HALF, "watch"),
        (8.0, HALF, "behind"), (19.0, date(2027, 1, 1), "overdue"), (19.0, END, "watch"),
        (None, HALF, "no_evidence"), (None, date(2028, 1, 1), "no_evidence"),
        (0.0, date(2024, 6, 1), "on_track"),
    ],
)  # fmt: skip
def test_states_of_a_count(value, on, state):
    """Expected at HALF is 0.5007 of 20: 10.01; 0.8 of it 8.01; on the last day 20."""
    assert assess(GOAL, value, on=on).state == state


def test_no_evidence_is_never_nothing_done():
    told = assess(GOAL, None, on=HALF)
    assert (told.attainment, told.forecast) == (None, None)


def test_a_target_to_be_lowered_counts_from_its_printed_baseline():
    """From 1.5 to 1.25: 1.4 is 0.4 of the way."""
    goal = Goal("<=", 1.25, counts=False, start=START, deadline=END, baseline=1.5)
    assert assess(goal, 1.4, on=HALF).attainment == pytest.approx(0.4)
    assert assess(goal, 1.25, on=HALF).state == "met"
    assert assess(replace(goal, comparator="<"), 1.25, on=HALF).state == "on_track"


def test_without_a_baseline_a_share_counts_from_its_first_reading():
    """40 % first, 65 % now, 90 % asked for: half of the way."""
    goal = Goal(">", 90.0, counts=False, start=START, deadline=END)
    points = [(START, 40.0), (HALF, 65.0)]
    assert assess(goal, 65.0, on=HALF, points=points).attainment == pytest.approx(0.5)


def test_a_range_is_met_at_its_low_end_and_marked_above_its_high_end():
    goal = Goal("=", 2.0, 3.0, start=START, deadline=END)
    assert [assess(goal, v, on=HALF).state for v in (1.0, 2.0, 3.0, 4.0)][1:] == ["met"] * 3
    assert [assess(goal, v, on=HALF).above for v in (2.0, 3.0, 4.0)] == [False, False, True]


def test_about_is_met_within_ten_percent():
    goal = Goal("~", 100.0, start=START, deadline=END)
    assert [assess(goal, v, on=END).state for v in (89.0, 90.0, 110.0)] == ["watch", "met", "met"]
    assert assess(goal, 150.0, on=END).state == "met"
    assert assess(goal, 150.0, on=END).above
    ratio = replace(goal, counts=False)
    assert assess(ratio, 111.0, on=END).state != "met"
    assert assess(replace(goal, about=0.2), 80.0, on=END).state == "met"


def test_a_yearly_target_begins_again_each_year():
    """On 1 July 181 of 364 days are gone, whatever the year before brought."""
    goal = Goal(">=", 10.0, start=START, deadline=date(2027, 12, 31), yearly=True)
    told = assess(goal, 5.0, on=date(2026, 7, 1))
    assert told.expected == pytest.approx(181 / 364)
    assert assess(goal, 5.0, on=date(2026, 1, 1)).expected == 0.0


def test_milestones_take_the_place_of_the_straight_line():
    """10 of 20 due after a quarter: half of the way; then a line to the end."""
    first = START + timedelta(days=182)
    goal = replace(GOAL, milestones=((first, 10.0),))
    assert assess(goal, 1.0, on=first).expected == pytest.approx(0.5)
    assert assess(goal, 1.0, on=START + timedelta(days=91)).expected == pytest.approx(0.25)
    assert assess(goal, 1.0, on=END).expected == pytest.approx(1.0)


def test_without_a_deadline_nothing_is_expected():
    goal = replace(GOAL, deadline=None)
    assert assess(goal, 3.0, on=HALF).state == "open"
    assert assess(goal, 20.0, on=HALF).state == "met"
    assert assess(goal, 3.0, on=HALF).expected is None


def test_a_baseline_beyond_the_aim_divides_by_nothing():
    goal = Goal("<=", 9.0, counts=False, start=START, deadline=END)
    points = [(START, 8.0), (HALF, 9.5)]
    assert assess(goal, 8.7, on=HALF, points=[(START, 8.0), (HALF, 8.7)]).attainment == 1.0
    assert assess(goal, 9.5, on=HALF, points=points).attainment == 0.0


def test_a_steady_series_is_forecast_to_the_day():
    """One a month from nothing: 20 after 20 months of 30 days."""
    points = [(START + timedelta(days=30 * n), float(n)) for n in range(6)]
    told = assess(GOAL, 5.0, on=points[-1][0], points=points)
    assert told.forecast == told.earliest == told.latest == START + timedelta(days=600)


def test_fewer_than_four_readings_forecast_nothing():
    points = [(START + timedelta(days=30 * n), float(n)) for n in range(3)]
    assert assess(GOAL, 2.0, on=HALF, points=points).forecast is None
    assert assess(GOAL, 2.0, on=HALF, points=points).observed is None


def test_growth_asked_for_stands_beside_growth_seen():
    """Doubling in a year, against 10 to 20 in two years: 100 % and 41.4 %."""
    days = [START + timedelta(days=round(365.25 * n / 4)) for n in range(5)]
    points = [(day, 10 * 2 ** ((day - START).days / 365.25)) for day in days]
    told = assess(GOAL, 20.0, on=HALF, points=points)
    assert told.observed == pytest.approx(1.0)
    assert told.required == pytest.approx(2 ** (365.25 / 729) - 1)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 700), st.floats(0, 100)), min_size=4, max_size=12,
             unique_by=lambda p: p[0])
)  # fmt: skip
def test_the_trend_is_that_of_theil_and_sen(drawn):
    """scipy.stats.theilslopes is the other way to the same line and limits."""
    from scipy.stats import theilslopes

    drawn.sort()
    goal = Goal(">=", 1000.0, start=START, deadline=END)
    points = [(START + timedelta(days=d), v) for d, v in drawn]
    told = assess(goal, drawn[-1][1], on=END, points=points)
    if len({v for _, v in drawn}) < len(drawn):
        return  # with ties scipy narrows the interval
    slope, _, low, high = theilslopes([v for _, v in drawn], [d for d, _ in drawn], alpha=0.95)
    days = sorted(d for d, _ in drawn)
    values = sorted(v for _, v in drawn)
    middle = len(days) // 2
    centre = days[middle] if len(days) % 2 else (days[middle - 1] + days[middle]) / 2
    height = values[middle] if len(days) % 2 else (values[middle - 1] + values[middle]) / 2
    for found, each in ((told.forecast, slope), (told.earliest, high), (told.latest, low)):
        if each <= 0 or centre + (1000 - height) / each > 36525:
            assert found is None
        else:
            expected = centre + (1000 - height) / each
            assert abs((found - START).days - expected) <= 0.5 + 1e-6 * expected


goals = st.builds(
    Goal,
    comparator=st.sampled_from([">=", ">", "<=", "<", "~", "="]),
    low=st.floats(0.1, 1e6),
    high=st.none(),
    counts=st.booleans(),
    start=st.just(START),
    deadline=st.one_of(st.none(), st.just(END)),
    baseline=st.one_of(st.none(), st.floats(0, 1e6)),
    yearly=st.booleans(),
)
days = st.dates(date(2024, 1, 1), date(2029, 1, 1))


@settings(deadline=None, max_examples=30)
@given(goals, st.one_of(st.none(), st.floats(0, 1e7)), days)
def test_every_goal_has_one_of_the_states_on_every_day(goal, value, on):
    told = assess(goal, value, on=on)
    assert told.state in STATES
    assert (told.state == "no_evidence") == (value is None)
    assert (told.attainment is None) == (value is None)
    assert told.expected is None or 0 <= told.expected <= 1


@settings(deadline=None, max_examples=30)
@given(goals, st.floats(0, 1e7), days, days)
def test_what_is_met_stays_met_whatever_the_day(goal, value, on, later):
    assert (assess(goal, value, on=on).state == "met") == (
        assess(goal, value, on=later).state == "met"
    )


@settings(deadline=None, max_examples=30)
@given(goals.filter(lambda g: g.comparator in (">=", "=", ">") and not g.yearly),
       st.floats(0, 1e6), st.floats(0, 1e6), days)  # fmt: skip
def test_more_is_never_worse_for_a_target_to_be_raised(goal, value, more, on):
    rank = ["overdue", "behind", "watch", "open", "on_track", "met"]
    goal = replace(goal, baseline=0.0)
    first, second = (assess(goal, v, on=on).state for v in (value, value + more))
    assert rank.index(second) >= rank.index(first)


def test_first_reading_is_the_baseline_and_nothing_was_asked_for_before_it():
    """88 % twice, with half of the time since the first gone: none of the way of two points."""
    goal = Goal(">=", 90.0, counts=False, start=START, deadline=END)
    middle = START + (END - START) / 2
    later = middle + (END - middle) / 2
    told = assess(goal, 88.0, on=later, points=((middle, 88.0), (later, 88.0)))
    assert (told.state, told.attainment) == ("behind", 0.0)
    assert told.expected == pytest.approx(0.5, abs=0.01)


def test_a_single_reading_is_held_against_the_aim_and_not_against_itself():
    """88 of 90 at half time is 97.8 %, 30 of 90 is 33.3 %; 1.5 against 1.25 at most is 83.3 %."""
    up = Goal(">=", 90.0, counts=False, start=START, deadline=END)
    down = Goal("<=", 1.25, counts=False, start=START, deadline=END)

    def told(goal, value, on=HALF):
        found = assess(goal, value, on=on, points=((START + timedelta(days=90), value),))
        return found.state, found.attainment, found.expected

    half = pytest.approx(365 / 729)
    assert told(up, 88.0) == ("on_track", pytest.approx(88 / 90), half)
    assert told(up, 30.0) == ("behind", pytest.approx(1 / 3), half)
    assert told(down, 1.5) == ("on_track", pytest.approx(1.25 / 1.5), half)
    assert told(up, 88.0, END + timedelta(days=1))[0] == "overdue"


@settings(deadline=None, max_examples=60)
@given(goals, st.floats(0, 1e6), st.floats(0, 1e6), days)
def test_what_is_met_is_all_of_the_way(goal, first, value, on):
    for points in ((), ((START, value),), ((START, first), (HALF, value))):
        told = assess(goal, value, on=on, points=points)
        assert told.state != "met" or told.attainment >= 1.0


def test_about_a_hundred_met_from_below_is_no_nought():
    """92 is within 10 % of about 100, read once."""
    goal = Goal("~", 100.0, counts=False, start=START, deadline=END)
    told = assess(goal, 92.0, on=HALF, points=((HALF, 92.0),))
    assert (told.state, told.attainment) == ("met", 1.0)


def test_without_any_reading_to_count_from_nothing_is_expected():
    goal = Goal(">=", 90.0, counts=False, start=START, deadline=END)
    middle = START + (END - START) / 2
    assert assess(goal, None, on=middle).expected is None
    assert assess(GOAL, None, on=middle).expected == pytest.approx(0.5, abs=0.01)
