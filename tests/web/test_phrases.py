"""What a check of data found and expected, in Chinese: the forms are those that data/ writes."""

import pytest

from qianhang.web.phrases import phrase

SAID = {
    "at least 0 tCO2": "不小于 0 tCO2",
    "at most 400 GJ/h": "不大于 400 GJ/h",
    "-60 to 60 °C": "-60 至 60 °C",
    "0 to 1e+06 kWh": "0 至 1e+06 kWh",
    "a number in kg": "数值，单位 kg",
    "a time such as 2026-01-03 04:00": "时间，如 2026-01-03 04:00",
    "no value": "空缺",
    "3 cells": "3 格",
    "12 missing after 2026-01-03 04:00": "2026-01-03 04:00 之后缺 12 行",
    "2026-01-03 04:00 again": "2026-01-03 04:00 重复出现",
    "coal, gas and 4 more": "coal, gas 等，另有 4 个",
}


@pytest.mark.parametrize("text", SAID)
def test_what_a_check_says_is_said_in_chinese_with_its_data_as_they_are(text):
    assert phrase(text, lang="zh") == SAID[text]
    assert phrase(text, lang="en") == text


@pytest.mark.parametrize("text", ["-5 t", "'n/a'", "coal, gas", "heat"])
def test_data_stay_as_they_are(text):
    assert phrase(text, lang="zh") == text
