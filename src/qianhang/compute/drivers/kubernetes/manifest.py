"""The Job that a task becomes: one pod, started once, without rights."""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any

from qianhang.compute.drivers import parcel
from qianhang.compute.drivers.kubernetes.settings import KubernetesSettings
from qianhang.compute.task import Task
from qianhang.core.errors import PoolUnavailable

__all__ = ["TOKEN", "job_name", "manifest"]

TOKEN = "qianhang/token"  # noqa: S105  # an annotation's name
_KEEPER_MB = 64
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LONGEST = 57  # with the prefix 60, so that the pod's label still holds it


def job_name(token: str) -> str:
    """The Job's name: `qh-` and the token, or what is left of it and its digest."""
    if len(token) <= _LONGEST and _NAME.fullmatch(token):
        return f"qh-{token}"
    slug = re.sub(r"[^a-z0-9]+", "-", token.lower()).strip("-")[:40].rstrip("-")
    digest = hashlib.sha256(token.encode()).hexdigest()[:16]
    return f"qh-{slug}-{digest}"


def manifest(task: Task, settings: KubernetesSettings) -> dict[str, Any]:
    """The Job for the API.

    Raises PoolUnavailable for a chip that the pool lacks, part of one, or several machines.
    """
    if task.limits.nodes > 1:
        message = f"pool {settings.name} runs a job on one machine, asked for {task.limits.nodes}"
        raise PoolUnavailable("QH548", message, hint="ask a Slurm pool")
    name = job_name(task.token)
    labels = {"app.kubernetes.io/managed-by": "qianhang"}
    queued = {"kueue.x-k8s.io/queue-name": settings.queue} if settings.queue else {}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": settings.namespace,
            "labels": {**labels, **queued},
            "annotations": {TOKEN: task.token},
        },
        "spec": {
            "suspend": bool(settings.queue),
            "completions": 1,
            "parallelism": 1,
            "backoffLimit": 0,
            "activeDeadlineSeconds": math.ceil(task.limits.wall_s) + settings.start_s,
            "ttlSecondsAfterFinished": settings.kept_s,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {"rules": _rules()},
            "template": {"metadata": {"labels": labels}, "spec": _pod(task, settings)},
        },
    }


def _rules() -> list[dict[str, Any]]:
    """No pod is started again: not for a second start's exit code, nor for a lost node."""
    codes = {"containerName": "task", "operator": "In", "values": [parcel.SECOND]}
    disrupted = {"type": "DisruptionTarget", "status": "True"}
    return [
        {"action": "FailJob", "onExitCodes": codes},
        {"action": "FailJob", "onPodConditions": [disrupted]},
    ]


def _pod(task: Task, settings: KubernetesSettings) -> dict[str, Any]:
    labels: dict[str, str] = {}
    for chip in task.chips:
        labels |= settings.chip_labels.get(chip, {})
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 10,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": settings.user_id,
            "runAsGroup": settings.user_id,
            "fsGroup": settings.user_id,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(task, settings)],
        "volumes": [{"name": "runs", "persistentVolumeClaim": {"claimName": settings.claim}}],
    }
    if labels:
        pod["nodeSelector"] = labels
    if settings.tolerations:
        pod["tolerations"] = [dict(each) for each in settings.tolerations]
    if settings.pull_secret:
        pod["imagePullSecrets"] = [{"name": settings.pull_secret}]
    return pod


def _container(task: Task, settings: KubernetesSettings) -> dict[str, Any]:
    sent = parcel.pack(
        task,
        run_dir=settings.run_dir,
        python=settings.python,
        shown_mb=settings.shown_mb,
        told=settings.message_path,
    )
    amounts = {
        "cpu": str(task.limits.threads),
        "memory": f"{task.limits.memory_mb + _KEEPER_MB}Mi",
        **_chips(task, settings),
    }
    return {
        "name": "task",
        "image": settings.image,
        "command": list(sent.argv),
        "env": [{"name": name, "value": value} for name, value in sent.env.items()],
        "resources": {"requests": amounts, "limits": amounts},
        "securityContext": {
            "privileged": False,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "runs", "mountPath": settings.run_dir}],
        "terminationMessagePath": settings.message_path,
        "terminationMessagePolicy": "File",
    }


def _chips(task: Task, settings: KubernetesSettings) -> dict[str, str]:
    amounts: dict[str, str] = {}
    for chip, count in task.chips.items():
        if chip not in settings.chips:
            message = f"pool {settings.name} has no {chip}"
            raise PoolUnavailable("QH548", message, hint="see the pool's chips")
        resource = settings.resource(chip)
        if count != int(count) or resource in amounts:
            message = f"pool {settings.name}: {count} of {chip}, expected whole ones of one flavour"
            raise PoolUnavailable("QH548", message, hint="ask for whole chips")
        amounts[resource] = str(int(count))
    return amounts
