"""Numbers, units and times as each language writes them; expected texts written by hand."""

import math

import pytest

from qianhang.charts import number


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        ("CNY/d", "元/天", "CNY/d"), ("m3/h", "m³/h", "m³/h"), ("degC", "°C", "°C"), ("1", "", ""),
        ("MWh/a", "MWh/年", "MWh/yr"), ("per 1000", "‰", "per 1,000"), ("km2", "km²", "km²"),
        ("%", "%", "%"), ("mH2O", "mH₂O", "mH₂O"), ("", "", ""),
    ],
)  # fmt: skip
def test_a_unit_is_printed_in_each_language(name, zh, en):
    assert (number.unit(name, lang="zh"), number.unit(name, lang="en")) == (zh, en)


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        (12_345_678.0, "CNY", "1,235万元", "12.3\u00a0million CNY"),
        (2.34e8, "CNY", "2.34亿元", "234\u00a0million CNY"),
        (1234.0, "m3", "1,234 m³", "1,234 m³"),
        (0.4567, "", "0.457", "0.457"),
        (2.31, "%", "2.31%", "2.31%"),
        (-45_000.0, "CNY/a", "−4.5万元/年", "−45,000 CNY/yr"),
        (0.0, "MW", "0 MW", "0 MW"),
    ],
)
def test_a_headline_is_written_large_and_local(value, unit, zh, en):
    assert number.amount(value, unit, lang="zh") == zh
    assert number.amount(value, unit, lang="en") == en


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (1234567, "1,234,567"), (12.34567, "12.35"), (0.000123456, "0.0001235"),
        (1234.56, "1,235"), (-2.5, "−2.5"), (1.5e-7, "1.50×10⁻⁷"), (-7.1e-15, "0"), (math.nan, "–"),
    ],
)  # fmt: skip
def test_a_table_number_has_four_significant_digits(value, text):
    assert number.exact(value) == text


def test_tick_labels_share_their_decimals():
    assert [number.tick(v, 0.25, lang="en") for v in (0, 0.25, 0.5)] == ["0.00", "0.25", "0.50"]


def test_tick_labels_share_their_large_unit():
    assert number.tick(50_000, 50_000, lang="zh", largest=200_000) == "5万"
    assert number.tick(5e6, 5e6, lang="en", largest=2e7) == "5M"


def test_a_moment_is_shown_in_its_zone():
    """2014-12-21 13:00 UTC is midnight of the 22nd in Melbourne (UTC+11 in summer)."""
    assert number.moment(1419166800, "Australia/Melbourne") == "2014-12-22"
    assert number.moment(1419166800, "Asia/Shanghai") == "2014-12-21 21:00"
