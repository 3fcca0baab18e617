"""From readings to a state: attainment, what is expected by now, and where the trend leads."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from qianhang.plan.shares import percent

__all__ = ["STATES", "Assessment", "Goal", "State", "assess"]

State = Literal["met", "on_track", "watch", "behind", "overdue", "no_evidence", "open"]
STATES: tuple[State, ...] = (
    "met", "on_track", "watch", "behind", "overdue", "no_evidence", "open",
)  # fmt: skip
_WATCH = 0.8
_TINY = 1e-9
_YEAR_D = 365.25
_FEWEST = 4
# The share of the normal distribution within 1.96 standard deviations is 95 %.
_Z95 = 1.959963984540054

Points = Sequence[tuple[date, float]]


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached, in the target's own unit.

    low, high : the value, or both ends of a range
    counts : whether it counts up from nothing (things, sums)
    start, deadline : days; None where not known
    baseline : printed value to count from, None where there is none
    about : share within which 左右 is met
    """

    comparator: str
    low: float
    high: float | None = None
    counts: bool = True
    start: date | None = None
    deadline: date | None = None
    baseline: float | None = None
    yearly: bool = False
    milestones: tuple[tuple[date, float], ...] = ()
    about: float = 0.10

    @property
    def down(self) -> bool:
        """Whether less is better."""
        return self.comparator in ("<", "<=")

    @property
    def aim(self) -> float:
        """The value whose attainment is 1: a range counts from its low end."""
        return self.high if self.down and self.high is not None else self.low


@dataclass(frozen=True, slots=True)
class Assessment:
    """Where a target stands.

    attainment, expected : share of the way from baseline to aim, 1 = there; None where unknown
    above : beyond the high end of a range, or of what 左右 allows
    required, observed : growth a year (compound) that the aim asks for, and that was seen
    forecast, earliest, latest : when the trend of four or more readings reaches the aim (Theil-Sen,
        95 %); None where it does not
    """

    state: State
    attainment: float | None = None
    expected: float | None = None
    above: bool = False
    required: float | None = None
    observed: float | None = None
    forecast: date | None = None
    earliest: date | None = None
    latest: date | None = None
    reason: str = ""


def assess(goal: Goal, value: float | None, *, on: date, points: Points = ()) -> Assessment:
    """The state of a goal on a day.

    value : its reading, None where there is no evidence; points : earlier readings, oldest first
    """
    expected = _expected(goal, points, on)
    past = goal.deadline is not None and on > goal.deadline
    if value is None:
        reason = "the deadline has passed" if past else ""
        # Without a place to count from, nothing can be expected yet.
        known = None if _baseline(goal, points) is None else expected
        return Assessment("no_evidence", expected=known, reason=reason)
    attained = _attainment(goal, value, points)
    trend = _trend(goal, points)
    state = _state(_met(goal, value), past, attained, expected)
    return Assessment(
        state,
        attained,
        expected,
        above=_above(goal, value),
        required=_required(goal, points),
        observed=_growth(points),
        forecast=trend[0],
        earliest=trend[1],
        latest=trend[2],
        reason=_reason(goal, state, attained, expected),
    )


def _state(met: bool, past: bool, attained: float, expected: float | None) -> State:
    if met:
        return "met"
    if past:
        return "overdue"
    if expected is None:
        return "open"
    if attained >= expected - _TINY:
        return "on_track"
    return "watch" if attained >= _WATCH * expected - _TINY else "behind"


def _reason(goal: Goal, state: State, attained: float, expected: float | None) -> str:
    if state == "open":
        return "no deadline: nothing can be expected by now"
    if state == "overdue" and goal.deadline:
        return f"{percent(attained)} of the way, due {goal.deadline.isoformat()}"
    if state == "met" or expected is None:
        return ""
    return f"{percent(attained)} of the way, {percent(expected)} expected by now"


def _met(goal: Goal, value: float) -> bool:
    slack = _TINY * max(1.0, abs(goal.aim))
    if goal.comparator == "<":
        return value < goal.aim
    if goal.comparator == "<=":
        return value <= goal.aim + slack
    if goal.comparator == ">":
        return value > goal.low
    if goal.comparator == "~":
        near = goal.about * abs(goal.low)
        enough = value >= goal.low - near - slack
        # More things than about a hundred are not fewer than promised; a ratio can be too high.
        return enough and (goal.counts or value <= (goal.high or goal.low) + near + slack)
    return value >= goal.low - slack


def _above(goal: Goal, value: float) -> bool:
    if goal.down:
        return False
    top = goal.high
    if goal.comparator == "~":
        top = (top if top is not None else goal.low) + goal.about * abs(goal.low)
    return top is not None and value > top + _TINY * max(1.0, abs(top))


def _baseline(goal: Goal, points: Points) -> float | None:
    """Printed, else nothing for what counts up, else the first reading."""
    if goal.baseline is not None:
        return goal.baseline
    if goal.counts and not goal.down:
        return 0.0
    return points[0][1] if points else None


def _alone(goal: Goal, points: Points) -> bool:
    """Whether a single reading is all there is to count from: its own way would always be 0."""
    bare = goal.baseline is None and (goal.down or not goal.counts)
    return bare and len({day for day, _ in points}) <= 1


def _attainment(goal: Goal, value: float, points: Points) -> float:
    """(v - b) / (t - b); where the way has no length or the wrong sign, 1 or 0. A single reading
    without a baseline is held against the aim itself. What is met is all of the way."""
    met = _met(goal, value)
    if _alone(goal, points) and value > 0 and goal.aim > 0:
        share = goal.aim / value if goal.down else value / goal.aim
        return max(1.0, share) if met else min(1.0, share)
    base = _baseline(goal, points)
    base = value if base is None else base
    way = goal.aim - base
    if way == 0 or (way > 0) == goal.down:
        return 1.0 if met else 0.0
    share = (value - base) / way
    return max(1.0, share) if met else share


def _span(goal: Goal, on: date) -> tuple[date | None, date | None]:
    """From when to when; a yearly goal begins again each year."""
    if not goal.yearly:
        return goal.start, goal.deadline
    year = min(on, goal.deadline).year if goal.deadline else on.year
    return date(year, 1, 1), date(year, 12, 31)


def _expected(goal: Goal, points: Points, on: date) -> float | None:
    """The share of the way that should lie behind by now: along the milestones, else a line."""
    start, deadline = _span(goal, on)
    if deadline is None and not goal.milestones:
        return None
    bare = goal.baseline is None and (goal.down or not goal.counts)
    if bare and not _alone(goal, points):
        # The first reading is the baseline: nothing was asked for before it.
        start = points[0][0]
    way = [(day, _attainment(goal, value, points)) for day, value in sorted(goal.milestones)]
    first = way[0][0] if way else deadline
    if start is not None and first is not None and start < first:
        way.insert(0, (start, 0.0))
    if deadline is not None and (not way or way[-1][0] < deadline):
        way.append((deadline, 1.0))
    return _along(way, on)


def _along(way: Sequence[tuple[date, float]], on: date) -> float:
    """Straight lines between the points; nothing before the first, level after the last."""
    if on < way[0][0]:
        return 0.0
    for (day, share), (later, more) in zip(way, way[1:], strict=False):
        if on < later:
            return share + (more - share) * ((on - day).days / (later - day).days)
    return way[-1][1]


def _growth(points: Points) -> float | None:
    """Compound growth a year between the first and the last reading."""
    if len(points) < _FEWEST:
        return None
    (first, a), (last, b) = points[0], points[-1]
    return _compound(a, b, (last - first).days / _YEAR_D)


def _required(goal: Goal, points: Points) -> float | None:
    """Compound growth a year from the first reading that reaches the aim at the deadline."""
    if len(points) < _FEWEST or goal.deadline is None:
        return None
    first, a = points[0]
    return _compound(a, goal.aim, (goal.deadline - first).days / _YEAR_D)


def _compound(a: float, b: float, years: float) -> float | None:
    if a <= 0 or b <= 0 or years <= 0:
        return None
    try:
        return float(math.expm1((math.log(b) - math.log(a)) / years))
    except OverflowError:
        return None


def _trend(goal: Goal, points: Points) -> tuple[date | None, date | None, date | None]:
    """When Theil and Sen's line reaches the aim, and the 95 % limits of that day.

    Source: Sen 1968, J. Am. Stat. Assoc. 63:1379, eq. 2.6, without ties.
    """
    if len(points) < _FEWEST:
        return None, None, None
    days = [(day - points[0][0]).days for day, _ in points]
    values = [value for _, value in points]
    slopes = sorted(
        (values[j] - values[i]) / (days[j] - days[i])
        for i in range(len(days))
        for j in range(i + 1, len(days))
        if days[j] > days[i]
    )
    if not slopes:
        return None, None, None
    middle = statistics.median(slopes)
    low, high = _limits(slopes, len(points))
    fast, slow = (low, high) if goal.down else (high, low)
    centre = statistics.median(days)
    height = statistics.median(values)

    def reached(slope: float) -> date | None:
        """The day on which a line through the middle of the readings gets there."""
        rise = goal.aim - height
        if rise == 0:
            return points[0][0] + timedelta(days=round(centre))
        if slope == 0 or rise / slope < 0 or centre + rise / slope > 36525:
            return None
        return points[0][0] + timedelta(days=round(centre + rise / slope))

    return reached(middle), reached(fast), reached(slow)


def _limits(slopes: Sequence[float], n: int) -> tuple[float, float]:
    """The 95 % interval of the slope, from the ranks of the pairwise slopes."""
    sigma = math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    count = len(slopes)
    upper = min(round((count + _Z95 * sigma) / 2), count - 1)
    lower = max(round((count - _Z95 * sigma) / 2) - 1, 0)
    return slopes[lower], slopes[upper]
