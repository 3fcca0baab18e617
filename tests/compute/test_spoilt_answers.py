"""True answers of Ray and Kubernetes, each spoilt in one place: no driver breaks or lies."""

import contextlib
import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qianhang.compute.drivers.kubernetes import KubernetesDriver, KubernetesSettings
from qianhang.compute.drivers.ray import RayDriver, RaySettings
from qianhang.compute.drivers.rest import Answer
from qianhang.core.errors import PoolUnavailable

HERE = Path(__file__).parent
RAY = json.loads((HERE / "ray-2.60.0.json").read_text("utf8"))
CASES = [
    json.loads(path.read_text("utf8")) for path in (HERE / "kubernetes/fixtures").glob("*.json")
]
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=3), st.just([]), st.just({}),
    st.just([None]), st.just({"a": 1}), st.just("2026-13-45"), st.just(float("nan")),
)  # fmt: skip


def places(content, path=()):
    """The way to each value within."""
    inner = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in inner:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def spoil(content, draw):
    made = copy.deepcopy(content)
    *way, last = draw(st.sampled_from(list(places(made))))
    place = made
    for key in way:
        place = place[key]
    place[last] = draw(ODD)
    return made


class Fake:
    """In place of the connection: gives the answers that it was told."""

    seen, ahead_s = "2026-05-06T02:00:00+00:00", 0.0

    def __init__(self, answers):
        self.answers = answers

    def ask(self, method, path, **_):
        for part, content in self.answers.items():
            if part in path:
                return Answer(200, json.dumps(content).encode(), path)
        return Answer(200, b"{}", path)


def claims(pool, ref):
    status = pool.poll(ref)
    assert status.knowledge in ("known", "unknown", "absent")
    assert (status.outcome is None) == (status.phase != "ended")
    pool.probe()
    for ask in (lambda: pool.find("t1"), lambda: pool.cancel(ref), lambda: pool.log(ref)):
        with contextlib.suppress(PoolUnavailable):
            ask()


@pytest.fixture(scope="module")
def kubernetes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("k8s")
    user = {"name": "u", "user": {"token": "t"}}
    cluster = {"name": "k", "cluster": {"server": "https://k"}}
    context = {"name": "c", "context": {"cluster": "k", "user": "u"}}
    config = {
        "current-context": "c", "contexts": [context], "clusters": [cluster], "users": [user]
    }  # fmt: skip
    (folder / "config").write_text(json.dumps(config))
    made = KubernetesSettings("k8s", str(folder / "config"), "image", "runs", chips={"f": "ascend"})
    return KubernetesDriver(made, folder=folder / "kept")


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_kubernetes(kubernetes, data):
    case = data.draw(st.sampled_from(CASES))
    spoilt = spoil({"job": case["job"], "pods": {"items": case["pods"]}}, data.draw)
    kubernetes._rest = Fake({"/pods": spoilt["pods"], "/jobs/": spoilt["job"]})
    claims(kubernetes, "qh-t1")
    (kubernetes.folder / "qh-t1.json").unlink(missing_ok=True)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_ray(data):
    status = data.draw(st.sampled_from(["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "STOPPED"]))
    said = {
        "job": {**RAY["job"], "status": status},
        "report": RAY["cluster_status"],
        "log": {"logs": "x"},
    }
    spoilt = spoil(said, data.draw)
    pool = RayDriver(RaySettings("ray", "http://ray", "/runs", chips={"f": "ascend910b"}))
    pool._rest = Fake(
        {"/logs": spoilt["log"], "/api/jobs/": spoilt["job"], "/cluster_status": spoilt["report"]}
    )
    claims(pool, "t1")
