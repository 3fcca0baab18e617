"""A small API server of Kubernetes for tests: Jobs, each pod a process of this machine.

It answers as the published API does for what a driver of Jobs asks: names and conflicts, Jobs held
by a queue, deadlines, how pods end, logs, removal in the foreground. A real cluster does more.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from qianhang.testing.container import Container

__all__ = ["ApiServer"]

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_JOBS = re.compile(r"/apis/batch/v1/namespaces/([^/]+)/jobs(?:/([^/]+))?")
_PODS = re.compile(r"/api/v1/namespaces/([^/]+)/pods(?:/([^/]+)/log)?")
_TICK_S = 0.01


class ApiServer:
    """The server, its state, and what may happen to it.

    faults : answers to give instead of true ones, first to last: status, headers, body
    fixed : path -> what it holds, for what no Job changes
    asked : method and path of each request
    """

    token = "a-token"  # noqa: S105  # of the tests

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs: dict[str, dict[str, Any]] = {}
        self.pods: dict[str, dict[str, Any]] = {}
        self.faults: list[tuple[int, dict[str, str], bytes]] = []
        self.fixed: dict[str, Any] = {"/version": {"gitVersion": "v1.34.0"}}
        self.asked: list[tuple[str, str]] = []
        self.forbidden: set[str] = set()
        self.admits = True
        self.open: set[socket.socket] = set()
        self.lock = threading.RLock()
        self._runs: dict[str, Container] = {}
        self._count = 0
        self._http: ThreadingHTTPServer | None = None
        self._port = 0
        self._stopping = False
        self._loop = threading.Thread(target=self._control, daemon=True)

    def start(self) -> None:
        """Listen, at the same address as before."""
        handler = type("Handler", (_Handler,), {"api": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", self._port), handler)
        self._port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(_TICK_S,), daemon=True).start()
        if not self._loop.is_alive():
            self._loop.start()

    def vanish(self) -> None:
        """Stop listening and drop all connections; what runs goes on."""
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None
            for each in list(self.open):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop everything."""
        self.vanish()
        self._stopping = True
        self._loop.join()
        for run in self._runs.values():
            run.kill()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def write_kubeconfig(self, path: Path) -> None:
        """Put a kubeconfig for this server there, as JSON."""
        content = {
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": {"server": self.url}}],
            "users": [{"name": "u", "user": {"token": self.token}}],
        }
        path.write_text(json.dumps(content), encoding="utf8")

    def start_again(self, name: str) -> None:
        """A second pod for a Job, which the Job controller warns can happen."""
        with self.lock:
            self._start_pod(self.jobs[name])

    def lose(self, name: str, *, reason: str = "Evicted", oom: bool = False) -> None:
        """Kill the Job's pod from outside: its node was lost, or the kernel ended it."""
        with self.lock:
            pod = self._pod_of(name)
            pod["fate"] = "OOMKilled" if oom else reason
            self._runs[pod["metadata"]["name"]].kill()

    # What the API does.

    def create(self, job: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Take a Job as POST does."""
        name = job["metadata"]["name"]
        wrong = _wrong(job)
        if wrong:
            return 422, _status(422, "Invalid", f'Job.batch "{name}" is invalid: {wrong}')
        with self.lock:
            if name in self.jobs:
                return 409, _status(409, "AlreadyExists", f'jobs.batch "{name}" already exists')
            made = {**job, "status": {}}
            made["metadata"] |= {"uid": self._number(), "creationTimestamp": _now()}
            self.jobs[name] = made
            self._touch(made)
            return 201, _copy(made)

    def remove(self, name: str, options: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Begin to remove a Job as DELETE in the foreground does."""
        with self.lock:
            job = self.jobs.get(name)
            if job is None:
                return 404, _status(404, "NotFound", f'jobs.batch "{name}" not found')
            for key, value in (options.get("preconditions") or {}).items():
                if job["metadata"][key] != value:
                    return 409, _status(409, "Conflict", "the object has been modified")
            job["metadata"]["deletionTimestamp"] = _now()
            self._touch(job)
            for pod in self._pods_of(name):
                self._runs[pod["metadata"]["name"]].ask_to_end(10.0)
            return 200, _copy(job)

    def look(self, path: str, query: Mapping[str, list[str]]) -> tuple[int, Any]:
        """What GET shows: an object, or bytes for a log."""
        with self.lock:
            if path in self.fixed:
                return 200, _copy(self.fixed[path])
            found = _JOBS.fullmatch(path)
            if found and found[2]:
                job = self.jobs.get(found[2])
                missing = _status(404, "NotFound", f'jobs.batch "{found[2]}" not found')
                return (200, _copy(job)) if job else (404, missing)
            found = _PODS.fullmatch(path)
            if found and found[2]:
                return self._log(found[2])
            if found:
                label = query.get("labelSelector", [""])[0].partition("job-name=")[2]
                return 200, {"kind": "PodList", "items": _copy(self._pods_of(label))}
            return 404, _status(404, "NotFound", "the server could not find the resource")

    # What its controllers do.

    def _control(self) -> None:
        while not self._stopping:
            with self.lock:
                for job in list(self.jobs.values()):
                    self._reconcile(job)
            time.sleep(_TICK_S)

    def _reconcile(self, job: dict[str, Any]) -> None:
        name, about, spec = job["metadata"]["name"], job["status"], job["spec"]
        pods = self._pods_of(name)
        for pod in pods:
            self._observe(pod)
        live = [pod for pod in pods if pod["status"]["phase"] in ("Pending", "Running")]
        if job["metadata"].get("deletionTimestamp"):
            if not live:
                self.pods = {k: v for k, v in self.pods.items() if v not in pods}
                del self.jobs[name]
            return
        if about.get("conditions"):
            return
        if spec.get("suspend"):
            spec["suspend"] = not self.admits
            return
        if not pods:
            about["startTime"] = _now()
            self._start_pod(job)
            live = self._pods_of(name)
        counts = {"active": len(live), "ready": len(live)}
        if any(about.get(key) != value for key, value in counts.items()):
            about.update(counts)
            self._touch(job)
        limit_s = spec["activeDeadlineSeconds"]
        if live and _age(about["startTime"]) > limit_s:
            for pod in live:
                self._runs[pod["metadata"]["name"]].ask_to_end(10.0)
                self.pods.pop(pod["metadata"]["name"])
            self._end(job, "Failed", "DeadlineExceeded")
        elif not live:
            self._conclude(job, pods)

    def _conclude(self, job: dict[str, Any], pods: list[dict[str, Any]]) -> None:
        done = any(pod["status"]["phase"] == "Succeeded" for pod in pods)
        disrupted = any(pod.get("fate") not in (None, "OOMKilled") for pod in pods)
        reason = "PodFailurePolicy" if disrupted else "BackoffLimitExceeded"
        self._end(job, "Complete" if done else "Failed", "" if done else reason)

    def _end(self, job: dict[str, Any], how: str, reason: str) -> None:
        about = job["status"]
        about.update({"active": 0, "ready": 0})
        about["succeeded" if how == "Complete" else "failed"] = 1
        if how == "Complete":
            about["completionTime"] = _now()
        about["conditions"] = [
            {"type": how, "status": "True", "reason": reason, "lastTransitionTime": _now()}
        ]
        self._touch(job)

    def _start_pod(self, job: dict[str, Any]) -> None:
        name = f"{job['metadata']['name']}-{self._number()}"
        container = job["spec"]["template"]["spec"]["containers"][0]
        run = Container(container, self.folder / f"{name}.log")
        self._runs[name] = run
        state = {"running": {"startedAt": _now()}}
        self.pods[name] = {
            "metadata": {
                "name": name,
                "labels": {"job-name": job["metadata"]["name"]},
                "creationTimestamp": f"{_now()}.{self._count:06d}",
            },
            "spec": job["spec"]["template"]["spec"],
            "status": {
                "phase": "Running",
                "containerStatuses": [{"name": container["name"], "state": state}],
            },
        }

    def _observe(self, pod: dict[str, Any]) -> None:
        """Take over how the pod's process is."""
        run = self._runs[pod["metadata"]["name"]]
        run.press()
        code = run.process.poll()
        if code is None or pod["status"]["phase"] != "Running":
            return
        code = 128 - code if code < 0 else code
        fate = pod.get("fate")
        pod["status"]["phase"] = "Failed" if code else "Succeeded"
        container = pod["status"]["containerStatuses"][0]
        if fate in (None, "OOMKilled"):
            container["state"] = {
                "terminated": {
                    "exitCode": code,
                    "reason": fate or ("Error" if code else "Completed"),
                    "message": run.last_words(),
                    "startedAt": container["state"]["running"]["startedAt"],
                    "finishedAt": _now(),
                }
            }
        else:
            pod["status"] |= {"reason": fate, "message": "the node was low on memory"}
            pod["status"].pop("containerStatuses")

    def _log(self, pod: str) -> tuple[int, Any]:
        if pod not in self.pods:
            return 404, _status(404, "NotFound", f'pods "{pod}" not found')
        return 200, (self.folder / f"{pod}.log").read_bytes()

    def _pods_of(self, job: str) -> list[dict[str, Any]]:
        return [pod for pod in self.pods.values() if pod["metadata"]["labels"]["job-name"] == job]

    def _pod_of(self, job: str) -> dict[str, Any]:
        return self._pods_of(job)[-1]

    def _touch(self, job: dict[str, Any]) -> None:
        job["metadata"]["resourceVersion"] = self._number()

    def _number(self) -> str:
        self._count += 1
        return str(self._count)


class _Handler(BaseHTTPRequestHandler):
    api: ApiServer
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        """One connection, which ends with the server."""
        self.api.open.add(self.connection)
        with contextlib.suppress(OSError):
            super().handle()
        self.api.open.discard(self.connection)

    def do_GET(self) -> None:
        """Show."""
        parts = urlsplit(self.path)
        self._answer(lambda _: self.api.look(parts.path, parse_qs(parts.query)))

    def do_POST(self) -> None:
        """Create a Job."""
        self._answer(self.api.create)

    def do_DELETE(self) -> None:
        """Remove a Job."""
        name = self.path.rpartition("/")[2]
        self._answer(lambda options: self.api.remove(name, options))

    def _answer(self, act: Callable[[dict[str, Any]], tuple[int, Any]]) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        self.api.asked.append((self.command, path))
        if self.api.faults:
            self._send(*self.api.faults.pop(0))
            return
        if self.headers.get("Authorization") != f"Bearer {self.api.token}":
            status, content = 401, _status(401, "Unauthorized", "Unauthorized")
        elif path in self.api.forbidden:
            status, content = 403, _status(403, "Forbidden", f"cannot get {path}")
        else:
            status, content = act(json.loads(sent or b"{}"))
        if isinstance(content, bytes):
            self._send(status, {"Content-Type": "text/plain"}, content)
        else:
            self._send(status, {"Content-Type": "application/json"}, json.dumps(content).encode())

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _wrong(job: Mapping[str, Any]) -> str:
    """What the API would refuse of this Job."""
    name, spec = job["metadata"]["name"], job["spec"]
    pod = spec["template"]["spec"]
    if not _NAME.fullmatch(name) or len(name) > 63:
        return f"metadata.name: Invalid value: {name!r}"
    if pod.get("restartPolicy") != "Never":
        return "spec.template.spec.restartPolicy: Unsupported value"
    for container in pod["containers"]:
        asked = container["resources"]
        for resource, amount in asked["requests"].items():
            if "/" in resource and not str(amount).isdigit():
                return f"{resource}: Invalid value: must be an integer"
            if "/" in resource and asked["limits"].get(resource) != amount:
                return f"{resource}: Limit must be set for non overcommitable resources"
    return ""


def _status(code: int, reason: str, message: str) -> dict[str, Any]:
    about = {"status": "Failure", "reason": reason, "message": message, "code": code}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, **about}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _age(stamp: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds()


def _copy(content: Any) -> Any:
    return json.loads(json.dumps(content))
