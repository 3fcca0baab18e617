"""Ticks that a person would have chosen, checked by hand."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from qianhang.charts import lettering
from qianhang.charts.scale import Scale, fit, ticks
from qianhang.charts.style import OTHERS, PALETTE, RAMP


def _time(text, zone):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("low", "high", "ends"),
    [
        (0.3, 9.7, (0, 10)),
        (3.2, 3.9, (3.2, 4.0)),
        (5, 5, (4.4, 5.6)),
        (-7, 3, (-8, 4)),
        (0, 0, (-1, 1)),
    ],
)
def test_a_range_is_widened_to_round_ends(low, high, ends):
    assert fit(low, high) == pytest.approx(ends)


def test_number_ticks_are_round_and_inside():
    found = ticks(Scale(0, 10, 0, 100), "number", count=5, lang="en")
    assert [t.value for t in found] == pytest.approx([0, 2, 4, 6, 8, 10])


def test_day_ticks_stand_at_local_midnight_across_a_clock_change():
    """Melbourne put its clocks back on 2014-04-06: that day has 25 hours."""
    zone = "Australia/Melbourne"
    scale = Scale(_time("2014-04-04", zone), _time("2014-04-09", zone), 0, 500)
    found = ticks(scale, "time", count=5, lang="en", zone=zone)
    assert [t.label for t in found] == [f"{d} Apr" for d in range(4, 10)]
    gaps = [b.value - a.value for a, b in zip(found, found[1:], strict=False)]
    assert sorted(set(gaps)) == [86400, 90000]


def test_month_ticks_name_the_year():
    scale = Scale(_time("2014-01-01", "UTC"), _time("2014-12-31", "UTC"), 0, 500)
    labels = [t.label for t in ticks(scale, "time", count=4, lang="zh", zone="UTC")]
    assert labels == ["2014年1月", "2014年4月", "2014年7月", "2014年10月"]


def test_year_ticks_are_years():
    scale = Scale(_time("2001-05-01", "UTC"), _time("2011-01-01", "UTC"), 0, 500)
    labels = [t.label for t in ticks(scale, "time", count=4, lang="en", zone="UTC")]
    assert labels == ["2002", "2004", "2006", "2008", "2010"]


def test_a_time_axis_always_has_two_ticks_or_more():
    for hours in (1, 5, 26, 60, 24 * 9, 24 * 40, 24 * 400):
        scale = Scale(1.4e9, 1.4e9 + hours * 3600, 0, 300)
        assert len(ticks(scale, "time", count=3, lang="en", zone="UTC")) >= 2, hours


def test_log_ticks_stay_few():
    scale = Scale(0.5, 2.0, 0, 300, log=True)
    values = [t.value for t in ticks(scale, "log", count=4, lang="en")]
    assert values == pytest.approx([0.5, 0.7, 1, 1.4, 2])


def test_text_is_wrapped_and_clipped_to_its_room():
    lines = lettering.wrap("居民消费价格指数与工业生产者出厂价格指数", 120, 12, lines=2)
    assert len(lines) == 2
    assert all(lettering.width(line, 12) <= 121 for line in lines)
    assert lettering.clip("short", 200, 12) == "short"
    assert lettering.clip("a rather long label", 60, 12).endswith("…")


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, two):
    light, dark = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("side", [0, 1])
def test_every_colour_that_carries_text_meets_wcag_aa(side):
    """WCAG 2.2 contrast, worked out by its own formula: at least 4.5 on paper in both modes."""
    paper = PALETTE["paper"][side]
    named = {k: v[side] for k, v in PALETTE.items() if k not in ("paper", "grid", "axis")}
    named |= {f"s{i}": pair[side] for i, pair in enumerate(OTHERS)}
    assert [k for k, colour in named.items() if _contrast(colour, paper) < 4.5] == []


def test_numbers_in_heat_cells_meet_wcag_aa():
    """Five steps carry ink, four carry paper, in both modes."""
    for side in (0, 1):
        text = [PALETTE["ink"][side]] * 5 + [PALETTE["paper"][side]] * 4
        ratios = [_contrast(step[side], t) for step, t in zip(RAMP, text, strict=True)]
        assert min(ratios) >= 4.5
