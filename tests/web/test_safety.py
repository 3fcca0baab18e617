"""Safety: verdicts as far as the reader sees the runs, what is refused, the log, complaints."""

import pytest

from qianhang import safety
from qianhang.safety import complaints
from qianhang.safety.complaints import Sent

from .conftest import now

REFUSED = {
    "open": False,
    "stage": "research_only",
    "reasons": [{"code": "bars_unmet", "blocks": "accepted", "zh": "一", "en": "one"}],
}


def test_reasons_are_counted_over_the_runs_that_the_reader_sees(site, signed):
    site.org("alpha", kind="company")
    site.org("beta", kind="company")
    run = site.run(org="alpha", gate=REFUSED)
    mine, theirs = (signed("viewer", org=o).get("/safety").text for o in ("alpha", "beta"))
    assert f"/runs/{run.id}" in mine
    assert safety.words("bars_unmet").title.zh in mine
    assert run.id not in theirs
    assert safety.words("bars_unmet").title.zh not in theirs


def test_the_negative_list_and_its_safe_forms_are_all_there(signed):
    page = signed("viewer").get("/safety").text
    for line in safety.negative_list():
        assert line.use.zh in page
        assert line.safe.zh in page


def test_every_scenario_stands_with_grade_floor_and_human_role(signed):
    page = signed("viewer").get("/safety").text
    assert "/scenarios/health.cvd_risk" in page
    assert "由执业医师核对后决定" in page


def test_the_log_is_checked_by_an_officer_and_the_finding_kept(site, signed):
    assert signed("viewer").post("/safety/verify").status_code == 403
    assert signed("safety_officer").post("/safety/verify").status_code == 200
    found = site.store.entries(kind="log.verified")
    assert [e.payload["ok"] for e in found] == [True]
    assert found[0].payload["records"] == found[0].seq - 1
    assert "✓" in signed("viewer").get("/safety").text


@pytest.fixture
def kept(site):
    sent = Sent("complaint", "<img src=x onerror=alert(1)>\nsecond", "<b>x</b>", "", "one")
    return complaints.receive(site.store, sent, now=now())


def test_an_officer_reads_and_answers_a_complaint(site, signed, kept):
    officer = signed("safety_officer")
    assert kept.ref in officer.get("/safety/complaints").text
    page = officer.get(f"/safety/complaints/{kept.ref}").text
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page
    answer = officer.post(f"/safety/complaints/{kept.ref}", data={"text": "<i>mended</i>"})
    assert answer.status_code == 200
    shown = site.client.get(f"/open/complaint/{kept.ref}").text
    assert "&lt;i&gt;mended" in shown
    assert "onerror" not in shown
    assert complaints.find(site.store, kept.ref).state == "answered"


def test_an_empty_answer_is_refused_with_the_form(signed, kept):
    answer = signed("safety_officer").post(f"/safety/complaints/{kept.ref}", data={"text": " "})
    assert answer.status_code == 400
    assert "QH871" in answer.text


def test_complaints_are_read_by_no_other_role_or_organisation(site, signed, kept):
    site.org("alpha", kind="company")
    assert signed("administrator", "programme_office").get("/safety/complaints").status_code == 403
    other = signed("safety_officer", org="alpha")
    assert kept.ref not in other.get("/safety/complaints").text
    address = f"/safety/complaints/{kept.ref}"
    assert other.get(address).status_code == 404
    assert other.post(address, data={"text": "x"}).status_code == 404
    assert complaints.find(site.store, kept.ref).state == "received"
