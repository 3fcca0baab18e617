"""Shares as per cent: by hand, and against decimal arithmetic."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianhang.plan.office import wording
from qianhang.plan.shares import percent
from qianhang.plan.states import Goal, assess


@pytest.mark.parametrize(
    ("share", "digits", "shown"),
    [
        (0.445, 0, "45%"), (0.0454, 0, "5%"), (1.1666, 0, "117%"), (0.285, 0, "29%"),
        (0.996, 0, "99%"), (1.0, 0, "100%"), (0.9996, 1, "99.9%"), (0.5007, 1, "50.1%"),
        (0.0, 0, "0%"), (-0.004, 0, "0%"), (-0.5, 0, "-50%"),
    ],
)  # fmt: skip
def test_halves_go_up_and_a_hundred_is_all_of_it(share, digits, shown):
    assert percent(share, digits=digits) == shown


@given(st.integers(0, 9940))
def test_ten_thousandths_round_as_decimals_do(n):
    wanted = (Decimal(n) / 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    assert percent(n / 10000) == f"{wanted}%"


def test_bulletin_and_reason_show_one_figure():
    """4 of 9 is 44.4 %; 41 of 92 is 44.6 %: 45 % wherever it stands."""
    from datetime import date

    goal = Goal(">=", 92.0, start=date(2025, 1, 1), deadline=date(2026, 12, 31))
    told = assess(goal, 41.0, on=date(2026, 7, 1))
    assert told.reason.startswith("45% of the way")
    assert wording.percent(told.attainment) == "45%"
