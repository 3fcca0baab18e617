"""The gate: every fact that should close it does, alone."""

from dataclasses import replace

import pytest

from qianhang.safety import CODES, Facts, gate, words
from qianhang.safety.wording import _catalogue

GOOD = Facts(
    risk="high",
    subject="person",
    beats_trivial=True,
    bars_met=True,
    split="group",
    calibration=True,
    subgroups=True,
    human_role=True,
)


def codes(verdict):
    return [r.code for r in verdict.reasons]


def test_a_model_with_everything_in_order_is_accepted():
    verdict = gate(GOOD)
    assert (verdict.open, verdict.stage, verdict.reasons) == (True, "accepted", ())


@pytest.mark.parametrize(
    ("change", "stage", "code"),
    [
        ({"beats_trivial": False}, "rejected", "no_better_than_baseline"),
        ({"split": "random"}, "rejected", "random_split"),
        ({"split": "none"}, "rejected", "random_split"),
        ({"duplicates": 3}, "rejected", "duplicates_across_split"),
        ({"enough_events": False}, "rejected", "too_few_events"),
        ({"source": "sample"}, "rejected", "sample_data"),
        ({"bars_met": False}, "research_only", "bars_unmet"),
        ({"calibration": False}, "research_only", "no_calibration"),
        ({"subgroups": False}, "research_only", "no_subgroups"),
        ({"human_role": False}, "research_only", "no_human_role"),
        ({"device_class": "II"}, "research_only", "device_unregistered"),
        ({"device_class": "undetermined"}, "research_only", "device_unregistered"),
        ({"licence_class": "R"}, "research_only", "licence_research"),
        ({"licence_class": "N"}, "research_only", "licence_non_commercial"),
        ({"licence_class": "G"}, "accepted", "licence_copyleft"),
        ({"source": "simulator"}, "accepted", "simulator"),
        ({"bars_met": None, "source": "own"}, "accepted", "own_data_without_bar"),
    ],
)
def test_each_fact_alone_decides(change, stage, code):
    verdict = gate(replace(GOOD, **change))
    assert verdict.stage == stage
    assert verdict.open == (stage == "accepted")
    assert codes(verdict) == [code]


def test_the_worst_finding_decides_and_all_are_told():
    verdict = gate(replace(GOOD, bars_met=False, beats_trivial=False, licence_class="G"))
    assert verdict.stage == "rejected"
    assert set(codes(verdict)) == {"bars_unmet", "no_better_than_baseline", "licence_copyleft"}


@pytest.mark.parametrize(
    "change",
    [
        {"risk": "limited", "calibration": False, "subgroups": False, "human_role": False},
        {"subject": "area", "calibration": False, "subgroups": False},
        {"device_class": "III", "registration": "20263210001"},
        {"split": "none", "ordered": False},
        {"licence_class": "R", "source": "own", "bars_met": True},
    ],
)
def test_what_is_not_asked_for_does_not_close_it(change):
    assert gate(replace(GOOD, **change)).open


def test_the_catalogue_holds_every_code_in_both_languages_and_no_other():
    assert set(_catalogue()) == set(CODES)
    assert sorted(CODES) == list(CODES)
    for code in CODES:
        assert words(code).title.zh != words(code).title.en


def test_a_reason_reads_in_both_languages():
    (reason,) = gate(replace(GOOD, duplicates=3)).reasons
    assert reason.text("en") == "near-duplicates between training and test (3)"
    assert reason.text("zh").endswith("(3)")
    assert reason.todo("en").startswith("remove them")
