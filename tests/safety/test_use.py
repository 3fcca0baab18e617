"""Which uses register, and how risky they are at least."""

import pytest

from qianhang.core.errors import GateClosed
from qianhang.safety import Use, check_use, floor, negative_list, refusal


def test_predicting_a_persons_offences_is_refused_with_the_safe_form():
    use = Use("person", "government", "crime_prediction")
    with pytest.raises(GateClosed, match=r"government\.crime") as caught:
        check_use(use, risk="high", scenario="government.crime")
    assert caught.value.code == "QH401"
    assert "by area and day" in caught.value.hint
    assert "按区域和日期" in caught.value.hint
    assert "PIPL" in caught.value.message


@pytest.mark.parametrize(
    ("purpose", "code"),
    [
        ("crime_prediction", "crime_prediction"),
        ("predict-recidivism", "crime_prediction"),
        ("Suspect Ranking", "crime_prediction"),
        ("emotion", "emotion"),
        ("classroom_emotions", "emotion"),
        ("group_intent", "emotion"),
        ("social_score", "social_score"),
        ("citizen_portraits", "social_score"),
        ("face_recognition", "live_identification"),
        ("biometric_sorting", "biometric_sorting"),
        ("automatic_refusal", "automatic_refusal"),
        ("benefit_stop", "payment_stop"),
        ("marketing_to_children_targeting", "manipulation"),
    ],
)
def test_the_negative_list_catches_the_purpose_however_it_is_spelt(purpose, code):
    assert refusal(Use("person", "government", purpose)).code == code


@pytest.mark.parametrize(
    ("subject", "purpose"),
    [
        ("area", "crime_statistics"),
        ("area", "emergency_demand"),
        ("person", "cardiovascular_risk"),
        ("person", "social_insurance_service"),
        ("person", "knowledge_tracing"),
        ("person", "fall_detection"),
        ("firm", "portrait"),
        ("thing", "answer_refusal"),
    ],
)
def test_safe_forms_are_not_caught(subject, purpose):
    assert refusal(Use(subject, "government", purpose)) is None


@pytest.mark.parametrize(
    ("use", "level"),
    [
        (Use("thing", "agriculture", "feed_formulation"), "minimal"),
        (Use("area", "agriculture", "irrigation_control"), "minimal"),
        (Use("area", "energy", "load_forecast"), "limited"),
        (Use("thing", "water", "leak_detection"), "limited"),
        (Use("person", "education", "knowledge_tracing"), "limited"),
        (Use("person", "education", "exam_grading"), "high"),
        (Use("person", "health", "cardiovascular_risk"), "high"),
        (Use("person", "finance", "credit"), "high"),
        (Use("person", "government", "benefit_eligibility"), "high"),
        (Use("person", "government", "court_triage"), "high"),
        (Use("firm", "finance", "credit"), "limited"),
        (Use("thing", "health", "imaging", "II"), "high"),
        (Use("thing", "health", "imaging", "undetermined"), "high"),
    ],
)
def test_the_floor_follows_subject_industry_and_purpose(use, level):
    assert floor(use).level == level


def test_a_pack_below_its_floor_is_refused_and_told_which():
    use = Use("person", "health", "cardiovascular_risk")
    for risk in ("minimal", "limited", "low", ""):
        with pytest.raises(GateClosed, match="floor is 'high'") as caught:
            check_use(use, risk=risk, scenario="health.cvd_risk")
        assert caught.value.code == "QH402"
    check_use(use, risk="high", scenario="health.cvd_risk")


def test_a_pack_may_declare_more_than_its_floor():
    check_use(Use("thing", "agriculture", "feed"), risk="high", scenario="x.y")


def test_every_line_of_the_negative_list_names_clause_and_safe_form_in_both_languages():
    lines = negative_list()
    assert len({line.code for line in lines}) == len(lines) >= 8
    for line in lines:
        assert line.clause
        assert len(line.safe.en) > 20
        assert any("一" <= letter <= "鿿" for letter in line.safe.zh + line.use.zh)
        assert refusal(Use("person", "x", line.words[0])) == line
