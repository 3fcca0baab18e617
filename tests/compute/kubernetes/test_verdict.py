"""What a Job and its pods say, on objects written after the published API (not recorded)."""

import json
from pathlib import Path

import pytest

from qianhang.compute.drivers.kubernetes.verdict import status, teller

CASES = sorted((Path(__file__).parent / "fixtures").glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_state_follows_from_what_the_api_shows(path):
    case = json.loads(path.read_text(encoding="utf8"))
    found = status(case["job"], case["pods"])
    phase, *rest = case["expected"]
    assert (found.knowledge, found.phase) == ("known", phase)
    if phase == "ended":
        assert [found.outcome.reason, found.outcome.usage.wall_s] == rest
    else:
        assert found.outcome is None
        assert [found.detail] == rest


def load(name):
    case = json.loads((Path(__file__).parent / "fixtures" / f"{name}.json").read_text("utf8"))
    return case["job"], case["pods"]


def test_why_a_task_was_lost_is_told_in_the_clusters_words():
    assert "The node was low on resource: memory" in status(*load("evicted")).detail
    assert "PreemptionByScheduler" in status(*load("preempted")).detail
    assert "StartError" in status(*load("cannot_start")).detail


def test_a_pod_that_was_stopped_because_we_asked_is_cancelled():
    assert status(*load("preempted"), cancelled=True).outcome.reason == "cancelled"


@pytest.mark.parametrize("first_stamp", ["2026-01-01T00:00:00Z", "2026-01-01T00:00:09Z"])
@pytest.mark.parametrize("end", [{"exitCode": 137}, {"exitCode": 77}, None])
def test_a_second_pod_stopped_before_it_retold_the_end_hides_no_success(first_stamp, end):
    job, (first,) = load("complete")
    first["metadata"]["creationTimestamp"] = first_stamp
    second = json.loads(json.dumps(first))
    second["metadata"] |= {"name": "second", "creationTimestamp": "2026-01-01T00:00:05Z"}
    (container,) = second["status"]["containerStatuses"]
    container["state"] = {"running": {}} if end is None else {"terminated": end}
    for pods in ([first, second], [second, first]):
        assert status(job, pods).outcome.reason == "finished"
        assert teller(pods) is first


def test_the_exit_code_of_the_task_itself_is_kept():
    assert status(*load("failed_exit_3")).outcome.code == 3


@pytest.mark.parametrize("spoilt", [{}, {"status": None}, {"status": {"conditions": [3]}}])
def test_an_object_that_is_no_job_is_refused(spoilt):
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        status({"spec": {}, **spoilt}, [])
