"""What a cluster has and what is free: from its nodes and pods, else from Kueue's quota."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from qianhang.compute.driver import Probe
from qianhang.compute.drivers.kubernetes.quantity import quantity
from qianhang.compute.drivers.kubernetes.settings import KubernetesSettings
from qianhang.compute.drivers.rest import Rest
from qianhang.core.errors import PoolUnavailable

__all__ = ["capacity"]

_PAGE = "500"
_LIVE = "status.phase!=Succeeded,status.phase!=Failed"


def capacity(rest: Rest, settings: KubernetesSettings) -> Probe:
    """What there is, as far as our rights let us see.

    Raises PoolUnavailable where the cluster cannot be asked, and KeyError, TypeError, ValueError or
    AttributeError where its answers are not as the API has them.
    """
    version = f"Kubernetes {rest.ask('GET', '/version').mapping().get('gitVersion', '?')}"
    return replace(_found(rest, settings, version), clock_s=rest.ahead_s)


def _found(rest: Rest, settings: KubernetesSettings, version: str) -> Probe:
    try:
        return _of_nodes(rest, settings, f"{version}, by its nodes")
    except PoolUnavailable as cause:
        if cause.code != "QH546":
            raise
    if not settings.queue:
        # To run jobs needs no right to see nodes.
        return Probe(True, 0, 0, 0, f"{version}: no right to see its nodes")
    return _of_queue(rest, settings, f"{version}, by the quota of {settings.queue}")


def _of_nodes(rest: Rest, settings: KubernetesSettings, detail: str) -> Probe:
    nodes = {node["metadata"]["name"]: node for node in _pages(rest, "/api/v1/nodes", {})}
    used: dict[str, defaultdict[str, float]] = {name: defaultdict(float) for name in nodes}
    for pod in _pages(rest, "/api/v1/pods", {"fieldSelector": _LIVE}):
        booked = used.get(str(pod["spec"].get("nodeName")))
        if booked is not None:
            for resource, amount in _requests(pod["spec"]).items():
                booked[resource] += amount
    has: defaultdict[str, float] = defaultdict(float)
    free: defaultdict[str, float] = defaultdict(float)
    usable = {name: node for name, node in nodes.items() if _usable(node)}
    for name, node in usable.items():
        allocatable = node["status"]["allocatable"]
        labels = node["metadata"].get("labels") or {}
        for key, resource in _wanted(settings, labels).items():
            amount = quantity(allocatable.get(resource, 0))
            has[key] += amount
            free[key] += max(amount - used[name][resource], 0.0)
    found = _probe(settings, has, free, detail=detail)
    return replace(found, nodes=len(nodes), nodes_up=len(usable))


def _of_queue(rest: Rest, settings: KubernetesSettings, detail: str) -> Probe:
    """The quota of the queue's own cluster queue; what it may borrow is not counted."""
    group = rest.ask("GET", "/apis/kueue.x-k8s.io").mapping()
    root = f"/apis/{group['preferredVersion']['groupVersion']}"
    place = f"{root}/namespaces/{settings.namespace}/localqueues/{settings.queue}"
    whole = rest.ask("GET", place).mapping()["spec"]["clusterQueue"]
    queue = rest.ask("GET", f"{root}/clusterqueues/{whole}").mapping()
    has: defaultdict[str, float] = defaultdict(float)
    free: defaultdict[str, float] = defaultdict(float)
    for resources in queue["spec"].get("resourceGroups") or ():
        for flavour in resources["flavors"]:
            for each in flavour["resources"]:
                has[each["name"]] += quantity(each["nominalQuota"])
    free.update(has)
    for flavour in queue["status"].get("flavorsReservation") or ():
        for each in flavour["resources"]:
            free[each["name"]] -= quantity(each.get("total", 0))
    for chip in settings.chips:
        has[chip], free[chip] = has[settings.resource(chip)], free[settings.resource(chip)]
    return _probe(settings, has, free, detail=detail)


def _probe(
    settings: KubernetesSettings,
    has: Mapping[str, float],
    free: Mapping[str, float],
    *,
    detail: str,
) -> Probe:
    chips = {chip: float(has[chip]) for chip in settings.chips}
    left = {chip: max(float(free[chip]), 0.0) for chip in settings.chips}
    return Probe(
        True,
        int(has["cpu"]),
        max(int(free["cpu"]), 0),
        int(has["memory"]) >> 20,
        detail,
        chips,
        left,
        memory_free_mb=max(int(free["memory"]), 0) >> 20,
    )


def _wanted(settings: KubernetesSettings, labels: Mapping[str, str]) -> dict[str, str]:
    """What to count on a node with these labels -> the resource's name."""
    chips = {
        chip: settings.resource(chip)
        for chip in settings.chips
        if settings.chip_labels.get(chip, {}).items() <= labels.items()
    }
    return {"cpu": "cpu", "memory": "memory", **chips}


def _usable(node: Mapping[str, Any]) -> bool:
    ready = any(
        each["type"] == "Ready" and each["status"] == "True"
        for each in node["status"].get("conditions") or ()
    )
    return ready and not node["spec"].get("unschedulable")


def _requests(spec: Mapping[str, Any]) -> dict[str, float]:
    """What a pod books: its containers together, or its largest first step where that is more."""
    booked: defaultdict[str, float] = defaultdict(float)
    first: defaultdict[str, float] = defaultdict(float)
    steps = [(each, False) for each in spec["containers"]]
    # A first step that always restarts goes on beside the containers.
    steps += [(e, e.get("restartPolicy") != "Always") for e in spec.get("initContainers") or ()]
    for container, passing in steps:
        for name, said in ((container.get("resources") or {}).get("requests") or {}).items():
            if passing:
                first[name] = max(first[name], quantity(said))
            else:
                booked[name] += quantity(said)
    return {name: max(booked[name], first[name]) for name in {*booked, *first}}


def _pages(rest: Rest, path: str, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """Every item of a list, page by page."""
    more = ""
    while True:
        asked = {**query, "limit": _PAGE, **({"continue": more} if more else {})}
        page = rest.ask("GET", path, query=asked).mapping()
        yield from page["items"]
        more = page["metadata"].get("continue") or ""
        if not more:
            return
