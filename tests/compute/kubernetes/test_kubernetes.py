"""The driver against the tests' own API server: conflicts, faults, second starts, what we may see.

The server was written after the published API; no real cluster was asked.
"""

import json
import sys
import time

import pytest

from qianhang.compute import Limits, Task, follow
from qianhang.compute.drivers.kubernetes import KubernetesDriver, KubernetesSettings
from qianhang.core.errors import PoolUnavailable
from qianhang.testing.apiserver import ApiServer


@pytest.fixture
def server(tmp_path):
    made = ApiServer(tmp_path)
    made.start()
    made.write_kubeconfig(tmp_path / "config")
    yield made
    made.close()


@pytest.fixture
def pool(server, tmp_path):
    return driver(tmp_path)


def driver(folder, **more):
    (folder / "runs").mkdir(exist_ok=True)
    settings = KubernetesSettings(
        "k8s",
        str(folder / "config"),
        "registry.example/task:1",
        "runs",
        run_dir=str(folder / "runs"),
        python=sys.executable,
        message_path=str(folder / "last-words"),
        **more,
    )
    return KubernetesDriver(settings, folder=folder / "kept")


@pytest.fixture
def task(tmp_path):
    def make(code="pass", *, token="t1", **more):
        return Task(token, (sys.executable, "-c", code), tmp_path, {}, Limits(**more))

    return make


@pytest.fixture
def long(tmp_path):
    """Code that says it began and goes on until the file `go` is there."""
    began, go = str(tmp_path / "began"), str(tmp_path / "go")
    return (
        f"import os, time\nopen({began!r}, 'a').write('x')\nprint('begun', flush=True)\n"
        f"while not os.path.exists({go!r}): time.sleep(0.01)\nprint('over')"
    )


def wait_for(claim, patience_s=30.0):
    until = time.monotonic() + patience_s
    while not claim():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.01)


def test_a_job_waits_in_the_queue_until_it_is_admitted(server, task, tmp_path):
    server.admits = False
    pool = driver(tmp_path, queue="city")
    ref = pool.submit(task())
    assert (pool.poll(ref).phase, pool.poll(ref).detail) == ("waiting", "held in the queue")
    server.admits = True
    assert follow(pool, ref).ok


def test_a_job_that_waits_can_be_cancelled_and_is_never_run(server, task, tmp_path):
    server.admits = False
    pool = driver(tmp_path, queue="city")
    ref = pool.submit(task("print('x')"))
    pool.cancel(ref)
    outcome = follow(pool, ref)
    assert (outcome.reason, outcome.usage.wall_s) == ("cancelled", 0.0)
    assert server.jobs == {}
    assert pool.submit(task("print('x')")) == pool.find("t1") == ref
    assert server.jobs == {}


def test_a_second_pod_of_a_job_runs_nothing_and_tells_how_the_first_ended(
    server, pool, task, long, tmp_path
):
    """The Job controller's own page warns that a program may be started twice."""
    ref = pool.submit(task(long))
    wait_for((tmp_path / "began").exists)
    server.start_again(ref)
    (tmp_path / "go").touch()
    outcome = follow(pool, ref)
    assert (outcome.reason, outcome.code) == ("finished", 0)
    assert outcome.usage.processes >= 1
    assert (tmp_path / "began").read_text() == "x"
    assert pool.log(ref) == b"begun\nover\n"


def test_a_job_that_was_removed_by_others_runs_no_second_time(server, pool, task, tmp_path):
    code = f"open({str(tmp_path / 'ran')!r}, 'a').write('x'); print('said')"
    first = follow(pool, pool.submit(task(code)))
    with server.lock:
        server.jobs.clear()
        server.pods.clear()
    assert pool.poll("qh-t1").knowledge == "absent"
    assert pool.find("t1") is None
    again = follow(pool, pool.submit(task(code)))
    assert again == first
    assert pool.log("qh-t1") == b"said\n"
    assert (tmp_path / "ran").read_text() == "x"


@pytest.mark.parametrize(("fate", "reason"), [("Evicted", "lost"), ("OOMKilled", "memory_limit")])
def test_a_pod_that_is_killed_from_outside(server, pool, task, long, tmp_path, fate, reason):
    ref = pool.submit(task(long))
    wait_for((tmp_path / "began").exists)
    server.lose(ref, reason=fate, oom=fate == "OOMKilled")
    assert follow(pool, ref).reason == reason
    assert fate in pool.poll(ref).detail


def test_a_keeper_that_hangs_is_ended_by_the_clusters_deadline(server, task, long, tmp_path):
    pool = driver(tmp_path, start_s=-59)
    ref = pool.submit(task(long, wall_s=60))
    assert follow(pool, ref).reason == "wall_limit"


def test_a_run_folder_that_is_not_there_runs_nothing(server, task, tmp_path):
    pool = driver(tmp_path)
    (tmp_path / "runs").rmdir()
    ref = pool.submit(task("print('x')"))
    assert follow(pool, ref).reason == "lost"
    assert b"cannot be used" in pool.log(ref)


def test_a_name_that_is_another_ones_is_not_taken_for_ours(server, pool, task):
    pool.submit(task())
    server.jobs["qh-t1"]["metadata"]["annotations"] = {}
    for ask in (lambda: pool.submit(task()), lambda: pool.find("t1")):
        with pytest.raises(PoolUnavailable, match=r"QH548.*not ours"):
            ask()


def test_a_job_that_ends_while_it_is_cancelled_keeps_its_outcome(
    server, pool, task, long, tmp_path
):
    ref = pool.submit(task(long))
    wait_for((tmp_path / "began").exists)
    wait_for(lambda: pool.poll(ref).phase == "running")
    true_remove = server.remove

    def late(name, options):
        (tmp_path / "go").touch()
        wait_for(lambda: "conditions" in server.jobs[name]["status"])
        return true_remove(name, options)

    server.remove = late
    pool.cancel(ref)
    assert follow(pool, ref).ok


def test_a_cancelled_job_keeps_its_log_and_how_long_it_ran(server, pool, task, long, tmp_path):
    ref = pool.submit(task(long))
    wait_for(lambda: pool.log(ref) == b"begun\n")
    server.pods[next(iter(server.pods))]["status"]["containerStatuses"][0]["state"] = {
        "running": {"startedAt": "2020-01-01T00:00:00Z"}
    }
    pool.cancel(ref)
    assert follow(pool, ref).usage.wall_s > 1e6
    assert pool.log(ref, start=2) == b"gun\n"


@pytest.mark.parametrize(
    "fault",
    [
        (500, {}, b"oops"),
        (502, {}, b"<html>bad gateway</html>"),
        (429, {}, b"{}"),
        (401, {}, b"{}"),
        (403, {}, b'{"message": "jobs.batch is forbidden"}'),
        (404, {}, b"404 page not found"),
        (404, {}, b'{"kind": "Status", "reason": "Expired"}'),
        (302, {"Location": "http://127.0.0.1:1/"}, b""),
        (200, {}, b""),
        (200, {}, b"[]"),
        (200, {}, b'{"kind": "Job"}'),
        (200, {}, b'{"kind": "Job", "metadata": {}, "status": {"conditions": [1]}}'),
        (200, {"Content-Encoding": "gzip"}, b"no gzip"),
    ],
    ids=str,
)
def test_an_answer_that_cannot_be_relied_on_makes_a_job_unknown(server, pool, task, long, fault):
    ref = pool.submit(task(long))
    server.faults.append(fault)
    assert pool.poll(ref).knowledge == "unknown"
    assert pool.poll(ref).knowledge == "known"
    for ask in (lambda: pool.find("t1"), lambda: pool.cancel(ref)):
        server.faults.append(fault)
        with pytest.raises(PoolUnavailable):
            ask()
    assert pool.poll(ref).knowledge == "known"


def test_a_server_that_asks_for_patience_is_left_alone(server, pool, task):
    ref = pool.submit(task())
    server.faults.append((429, {"Retry-After": "120"}, b"{}"))
    assert pool.poll(ref).knowledge == "unknown"
    asked = len(server.asked)
    assert "asked to wait 1" in pool.poll(ref).detail
    assert not pool.probe().up
    assert len(server.asked) == asked


def test_an_answer_lost_on_its_way_leaves_one_job(server, pool, task, tmp_path):
    code = f"open({str(tmp_path / 'ran')!r}, 'a').write('x')"
    true_create = server.create

    def lost(job):
        true_create(job)
        return 504, {}

    server.create = lost
    with pytest.raises(PoolUnavailable, match="QH545"):
        pool.submit(task(code))
    server.create = true_create
    ref = pool.find("t1")
    assert pool.submit(task(code)) == ref
    assert follow(pool, ref).ok
    assert (tmp_path / "ran").read_text() == "x"


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        (403, "cannot create resource jobs", "QH546"),
        (403, "exceeded quota: city, requested: cpu=64", "QH548"),
        (422, "spec: Invalid value", "QH548"),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(server, pool, task, status, said, code):
    server.faults.append((status, {}, json.dumps({"message": said}).encode()))
    with pytest.raises(PoolUnavailable, match=code) as refused:
        pool.submit(task())
    assert said in str(refused.value)
    assert server.token not in str(refused.value)


def test_a_wrong_token_is_told_without_showing_it(server, pool, task):
    server.token = "another"
    assert pool.poll("qh-t1").knowledge == "unknown"
    with pytest.raises(PoolUnavailable, match="QH546") as refused:
        pool.find("t1")
    assert "a-token" not in repr(refused.value)


def node(name, *, chips="8", ready="True", labels=None, cordoned=False):
    allocatable = {"cpu": "15800m", "memory": "32Gi", "huawei.com/Ascend910": chips}
    status = {"allocatable": allocatable, "conditions": [{"type": "Ready", "status": ready}]}
    spec = {"unschedulable": True} if cordoned else {}
    return {"metadata": {"name": name, "labels": labels or {}}, "spec": spec, "status": status}


def pod(where, *containers, first=()):
    spec = {
        "containers": [{"resources": {"requests": each}} for each in containers],
        "initContainers": [{"resources": {"requests": each}} for each in first],
    }
    return {"spec": {**spec, "nodeName": where} if where else spec}


def test_free_is_what_ready_nodes_allocate_less_what_pods_request(server, tmp_path):
    """By hand: 2 x 15.8 threads - (2.5 on n1, where the first step of 2 is the smaller) - 1 on n2;
    chips 16 - 3; the broken and the cordoned node and the pod that waits count for nothing."""
    ascend = "huawei.com/Ascend910"
    server.fixed["/api/v1/nodes"] = {
        "metadata": {},
        "items": [node("n1"), node("n2"), node("n3", ready="False"), node("n4", cordoned=True)],
    }
    pods = [
        pod("n1", {"cpu": "2", ascend: "3"}, {"cpu": "500m"}, first=[{"cpu": "2"}]),
        pod("n2", {"cpu": "100m"}, first=[{"cpu": "1"}]),
        pod("n4", {"cpu": "9", ascend: "8"}),
        pod(None, {"cpu": "9", ascend: "8"}),
    ]
    server.fixed["/api/v1/pods"] = {"metadata": {}, "items": pods}
    found = driver(tmp_path, chips={"f": "ascend"}).probe()
    assert (found.threads, found.threads_free, found.memory_mb) == (31, 28, 65536)
    assert (found.chips, found.chips_free) == ({"f": 16.0}, {"f": 13.0})
    assert (found.nodes, found.nodes_up, found.memory_free_mb) == (4, 2, 65536)
    assert abs(found.clock_s) < 60


def test_flavours_that_share_a_resource_are_told_apart_by_their_nodes(server, tmp_path):
    items = [node("n1", labels={"gen": "b"}), node("n2", chips="16", labels={"gen": "c"})]
    server.fixed["/api/v1/nodes"] = {"metadata": {}, "items": items}
    server.fixed["/api/v1/pods"] = {"metadata": {}, "items": []}
    labels = {"b": {"gen": "b"}, "c": {"gen": "c"}}
    pool = driver(tmp_path, chips={"b": "ascend", "c": "ascend"}, chip_labels=labels)
    assert pool.probe().chips == {"b": 8.0, "c": 16.0}


def test_without_the_right_to_see_nodes_the_queues_quota_is_what_there_is(server, tmp_path):
    server.forbidden.add("/api/v1/nodes")
    root = "/apis/kueue.x-k8s.io"
    quota = [
        {"name": "cpu", "nominalQuota": 40},
        {"name": "huawei.com/Ascend910", "nominalQuota": "8"},
    ]
    held = [{"name": "cpu", "total": "12"}, {"name": "huawei.com/Ascend910", "total": "3"}]
    server.fixed |= {
        root: {"preferredVersion": {"groupVersion": "kueue.x-k8s.io/v1beta2"}},
        f"{root}/v1beta2/namespaces/default/localqueues/city": {"spec": {"clusterQueue": "all"}},
        f"{root}/v1beta2/clusterqueues/all": {
            "spec": {"resourceGroups": [{"flavors": [{"name": "f", "resources": quota}]}]},
            "status": {"flavorsReservation": [{"name": "f", "resources": held}]},
        },
    }
    found = driver(tmp_path, queue="city", chips={"f": "ascend"}).probe()
    assert (found.up, found.threads, found.threads_free) == (True, 40, 28)
    assert (found.chips, found.chips_free) == ({"f": 8.0}, {"f": 5.0})
    blind = driver(tmp_path).probe()
    assert (blind.up, blind.threads) == (True, 0)
    assert "no right" in blind.detail


@pytest.mark.parametrize("path", ["/version", "/api/v1/nodes"])
def test_a_probe_that_gets_garbage_says_that_the_pool_is_down(server, tmp_path, path):
    server.fixed |= {"/api/v1/nodes": {"metadata": {}, "items": []}, path: [1]}
    assert not driver(tmp_path).probe().up
