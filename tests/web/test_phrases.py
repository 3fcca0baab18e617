"""What a check of data found and expected, in Chinese: the forms are those that data/ writes."""

import pytest

from qianhang.runs.report.shape import quoted
from qianhang.web.phrases import phrase, told

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
    "out/a.bin: 9,000 bytes": "out/a.bin 有 9,000 字节",
    "out/a.bin: more than 9,000 bytes are left for it": "out/a.bin 超过剩下的 9,000 字节",
    "8 on one node": "一台机器上 8 张卡",
    "2.5 lent": "已借出 2.5 张卡",
    "4 x 0.5": "4 份，每份 0.5 张卡",
    "coal, gas and 4 more": "coal, gas 等，另有 4 个",
    "record 3 is absent: found record 4, expected record 3": "第 3 条记录缺失",
    "record 3 was changed: found ab, expected cd": "第 3 条记录被改动过",
    "record 3 was rewritten: record 4 follows another: found a, expected b": "第 3 条记录被重写：第 4 条接在另一条之后",
    "record 9 refers to file log (ab12), which is missing": "第 9 条记录引用的文件 log 缺失或损坏",
    "record 9 is cut off: found 8 records, expected 9 records": "日志在第 9 条之前被截断",
    "record 9 was added from outside: found a, expected b": "第 9 条记录是从外部加入的",
}


@pytest.mark.parametrize("text", SAID)
def test_what_a_check_says_is_said_in_chinese_with_its_data_as_they_are(text):
    assert phrase(text, lang="zh") == SAID[text]
    assert phrase(text, lang="en") == text


@pytest.mark.parametrize("text", ["-5 t", "'n/a'", "coal, gas", "heat"])
def test_data_stay_as_they_are(text):
    assert phrase(text, lang="zh") == text


def test_a_quotation_names_its_language_where_that_is_not_the_readers():
    assert quoted("MIT <licence>", "zh") == '<span lang="en">MIT &lt;licence&gt;</span>'
    assert quoted("市水务局", "en") == '<span lang="zh-CN">市水务局</span>'
    assert (quoted("市水务局", "zh"), quoted("MIT", "en"), quoted("", "zh")) == (
        "市水务局",
        "MIT",
        "",
    )


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        (
            "task, resources: found 'accelerator', expected accelerators perhaps",
            {
                "where": "task, resources",
                "found": "'accelerator'",
                "expected": "可能是 accelerators",
            },
        ),
        (
            "task, estimate: found '2x', expected a length of time such as 45s, 30m, 2h or 1.5d",
            {"where": "task, estimate", "found": "'2x'", "expected": "时长，如 45s、30m、2h、1.5d"},
        ),
        (
            "nodes: found 'x', expected a number from 1 to 64",
            {"where": "nodes", "found": "'x'", "expected": "1 至 64"},
        ),
        ("nodes: found 3, expected something that has no words", {}),
        ("no such job", {}),
    ],
)
def test_a_message_that_tells_what_was_found_is_told_by_its_parts_or_not_at_all(message, parts):
    assert told(message, lang="zh") == parts
