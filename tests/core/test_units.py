"""Units against figures worked out by hand."""

from __future__ import annotations

import pytest

from qianhang.core import units


@pytest.mark.parametrize(
    ("value", "from_", "to", "expected"),
    [
        (1, "GJ/h", "MW", 1 / 3.6),
        (32, "degF", "degC", 0.0),
        (0, "degC", "K", 273.15),
        (10, "m3/h", "L/s", 2.7777777777777777),
        (1, "mu", "ha", 1 / 15),
        (10, "mm", "m", 0.01),
        (1, "t/ha", "kg/ha", 1000),
    ],
)
def test_conversion_agrees_with_the_definition(value, from_, to, expected):
    assert units.convert(value, from_=from_, to=to) == pytest.approx(expected, abs=1e-9)


def test_units_of_different_things_do_not_convert():
    with pytest.raises(ValueError, match="kg measures mass, m measures length"):
        units.convert(1, from_="kg", to="m")


def test_an_unknown_unit_is_answered_with_the_nearest():
    assert "'degC'" in units.unknown("degc")


def test_alternatives_measure_the_same_thing():
    assert "MJ/h" in units.alternatives("GJ/h")
    assert "kg" not in units.alternatives("GJ/h")
