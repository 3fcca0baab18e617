"""The Job that goes to the cluster: no rights, one start, the chips by the makers' names."""

from pathlib import Path

import pytest

from qianhang.compute import Limits, Task
from qianhang.compute.drivers.kubernetes import KubernetesSettings
from qianhang.compute.drivers.kubernetes.manifest import job_name, manifest
from qianhang.core.errors import PoolUnavailable, UsageError


def settings(**more):
    return KubernetesSettings("k8s", "/no/config", "registry.example/task:1", "runs", **more)


def task(**more):
    return Task("t1", ("/bin/true",), Path("/tmp"), {}, Limits(wall_s=60.5, memory_mb=1000), **more)


def test_a_pod_has_no_rights_and_is_started_once():
    made = manifest(task(), settings())
    spec, pod = made["spec"], made["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "privileged": False,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False
    assert (pod["restartPolicy"], spec["backoffLimit"]) == ("Never", 0)
    assert [rule["action"] for rule in spec["podFailurePolicy"]["rules"]] == ["FailJob", "FailJob"]
    assert spec["activeDeadlineSeconds"] == 61 + 900
    assert spec["suspend"] is False
    assert made["metadata"]["name"] == "qh-t1"
    assert container["resources"]["limits"] == {"cpu": "1", "memory": "1064Mi"}


def test_with_kueue_the_job_is_held_and_names_its_queue():
    made = manifest(task(), settings(queue="city"))
    assert made["spec"]["suspend"] is True
    assert made["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "city"


@pytest.mark.parametrize(
    ("alias", "resource"),
    [
        ("ascend", "huawei.com/Ascend910"),
        ("hygon", "hygon.com/dcu"),
        ("nvidia", "nvidia.com/gpu"),
        ("cambricon", "cambricon.com/mlu"),
        ("example.com/npu", "example.com/npu"),
    ],
)
def test_a_flavour_asks_for_the_resource_of_its_maker(alias, resource):
    labels = {"chip": "x"}
    made = manifest(task(chips={"f": 8}), settings(chips={"f": alias}, chip_labels={"f": labels}))
    pod = made["spec"]["template"]["spec"]
    asked = pod["containers"][0]["resources"]
    assert asked["limits"][resource] == asked["requests"][resource] == "8"
    assert pod["nodeSelector"] == labels


@pytest.mark.parametrize("chips", [{"g": 1}, {"f": 0.5}])
def test_a_chip_that_is_not_there_or_a_part_of_one_is_refused(chips):
    with pytest.raises(PoolUnavailable, match="QH548"):
        manifest(task(chips=chips), settings(chips={"f": "ascend"}))


def test_several_machines_are_refused():
    many = Task("t1", ("/bin/true",), Path("/tmp"), limits=Limits(nodes=2))
    with pytest.raises(PoolUnavailable, match=r"QH548.*one machine"):
        manifest(many, settings())


def test_two_flavours_of_one_resource_need_labels():
    with pytest.raises(UsageError, match=r"QH547.*huawei.com/Ascend910"):
        settings(chips={"a": "ascend", "b": "huawei.com/Ascend910"})
    chips = {"a": "ascend", "b": "ascend"}
    assert settings(chips=chips, chip_labels={"a": {"x": "1"}, "b": {"x": "2"}}).resource("b")


def test_a_name_is_allowed_for_every_token_and_no_two_tokens_share_one():
    tokens = ["a", "A", "a.b", "a-b", "a_b", "x" * 80, "x" * 79 + "y", "a" * 57, "run-2026.01_Z-"]
    names = [job_name(token) for token in tokens]
    assert len(set(names)) == len(tokens)
    for name in names:
        assert len(name) <= 63
        assert name.replace("-", "").isalnum()
        assert name == name.lower()
        assert name[-1] != "-"
