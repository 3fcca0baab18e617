"""What a Job and its pods, as the API shows them, say about a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from qianhang.compute.driver import Status
from qianhang.compute.drivers import parcel
from qianhang.compute.task import Outcome, Usage

__all__ = ["ended", "ran_s", "status", "teller"]

Object = Mapping[str, Any]


def ended(job: Object) -> str:
    """Complete, Failed, or nothing while the Job has not ended."""
    for each in job["status"].get("conditions") or ():
        if each["type"] in ("Complete", "Failed") and each["status"] == "True":
            return str(each["type"])
    return ""


def status(job: Object, pods: Sequence[Object], *, cancelled: bool = False) -> Status:
    """How the task is.

    pods : those of the Job, in any order; none where they are gone
    cancelled : whether it was cancelled by us
    Raises KeyError, TypeError, ValueError or AttributeError where the objects are not as the API
    has them.
    """
    about = job["status"]
    pod = teller(pods)
    if ended(job):
        outcome, detail = _outcome(job, pod, cancelled)
        return Status("known", "ended", outcome, detail)
    if about.get("active") and (about.get("ready") or _phase(pod) == "Running"):
        return Status("known", "running")
    if _terminated(pod):
        return Status("known", "running", detail="its pod has ended, the Job not yet")
    return Status("known", "waiting", detail=_why(job, pod))


def teller(pods: Sequence[Object]) -> Object | None:
    """The pod that says how the task is: one whose keeper told the end, else the newest.

    A second pod of a Job waits for the first and retells its end, but once the first has succeeded
    the cluster may stop it before it has.
    """
    newest = sorted(pods, key=_made, reverse=True)
    told = (each for each in newest if _keeper(each).reason != "lost")
    return next(told, newest[0] if newest else None)


def ran_s(pod: Object | None, *, until: str) -> float:
    """Seconds from the start of the pod's container until this time; 0 where it never started."""
    container = _container(pod)
    state = container.get("state") or {}
    began = (state.get("running") or state.get("terminated") or {}).get("startedAt", "")
    return _seconds(began, until)


def _outcome(job: Object, pod: Object | None, cancelled: bool) -> tuple[Outcome, str]:
    failure = _failure(job)
    late = failure.get("reason") == "DeadlineExceeded"
    detail = str(failure.get("message", ""))
    last = _terminated(pod)
    if not last:
        if late or (pod and pod["status"].get("reason") == "DeadlineExceeded"):
            return Outcome("wall_limit"), detail
        if not failure:
            times = (job["status"].get("startTime", ""), job["status"].get("completionTime", ""))
            return Outcome("finished", 0, usage=Usage(wall_s=_seconds(*times))), detail
        # The pod is gone, or was evicted with all that it could have told.
        return Outcome("lost"), _told(pod) or detail
    found = _keeper(pod)
    killed = found.reason == "lost" or found.signal == 9
    if last.get("reason") == "OOMKilled" and killed:
        found = replace(found, reason="memory_limit")
    elif late and found.reason in ("lost", "cancelled"):
        found = replace(found, reason="wall_limit")
    elif found.reason == "cancelled" and not cancelled:
        # The cluster ended it: preempted, evicted, its node drained.
        found = replace(found, reason="lost")
    return found, "" if found.reason in ("finished", "failed") else _told(pod) or detail


def _made(pod: Object) -> str:
    return str(pod["metadata"].get("creationTimestamp", ""))


def _keeper(pod: Object | None) -> Outcome:
    """How the task ended by its keeper in this pod; lost where none told, or not yet."""
    last = _terminated(pod)
    if not last:
        return Outcome("lost")
    wall_s = _seconds(last.get("startedAt", ""), last.get("finishedAt", ""))
    return parcel.outcome(last["exitCode"], said=str(last.get("message") or ""), wall_s=wall_s)


def _failure(job: Object) -> Object:
    for each in job["status"].get("conditions") or ():
        if each["type"] == "Failed" and each["status"] == "True":
            return dict(each)
    return {}


def _told(pod: Object | None) -> str:
    """The cluster's own words on a pod's end."""
    about = (pod or {}).get("status", {})
    parts = [str(about.get(key) or "") for key in ("reason", "message")]
    parts += [
        f"{each.get('reason', '')}: {each.get('message', '')}"
        for each in about.get("conditions") or ()
        if each["type"] == "DisruptionTarget" and each["status"] == "True"
    ]
    last = _terminated(pod)
    if last.get("reason") not in (None, "Error", "Completed"):
        parts.append(str(last["reason"]))
    return "; ".join(part for part in parts if part)


def _why(job: Object, pod: Object | None) -> str:
    """Why it waits."""
    if job["spec"].get("suspend"):
        return "held in the queue"
    waiting = (_container(pod).get("state") or {}).get("waiting") or {}
    parts = [str(waiting.get(key) or "") for key in ("reason", "message")]
    parts += [
        str(each.get("message") or each.get("reason") or "")
        for each in (pod or {}).get("status", {}).get("conditions") or ()
        if each["type"] == "PodScheduled" and each["status"] == "False"
    ]
    return ": ".join(part for part in parts if part)


def _phase(pod: Object | None) -> str:
    return str(pod["status"].get("phase", "")) if pod else ""


def _container(pod: Object | None) -> Object:
    for each in (pod or {}).get("status", {}).get("containerStatuses") or ():
        if each["name"] == "task":
            return dict(each)
    return {}


def _terminated(pod: Object | None) -> Object:
    return dict((_container(pod).get("state") or {}).get("terminated") or {})


def _seconds(begin: str, end: str) -> float:
    if not begin or not end:
        return 0.0
    span = datetime.fromisoformat(end) - datetime.fromisoformat(begin)
    return max(span.total_seconds(), 0.0)
