"""A moment belongs to a day of China, wherever it is written."""

from datetime import UTC, date, datetime

import pytest

from qianhang.core.day import clock, day_of, midnight


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC), date(2026, 3, 31)),
        (datetime(2026, 3, 31, 16, 0, tzinfo=UTC), date(2026, 4, 1)),
        ("2026-03-31T16:49:00.000000Z", date(2026, 4, 1)),
        ("2025-12-31T23:30:00-05:00", date(2026, 1, 1)),
        ("2025-12-31 23:30:00", date(2025, 12, 31)),
        ("2025-12-31", date(2025, 12, 31)),
    ],
)
def test_the_day_begins_at_sixteen_hours_of_the_day_before_in_utc(moment, day):
    assert day_of(moment) == day


def test_midnight_is_the_first_moment_of_its_day():
    first = midnight(date(2026, 4, 1))
    assert first == datetime(2026, 3, 31, 16, tzinfo=UTC)
    assert day_of(first) == date(2026, 4, 1)


def test_a_clock_in_china_is_eight_hours_ahead():
    assert f"{clock('2026-03-31T16:49:00Z'):%Y-%m-%d %H:%M}" == "2026-04-01 00:49"


def test_a_text_that_is_no_time_is_refused():
    with pytest.raises(ValueError, match="yesterday"):
        day_of("yesterday")
