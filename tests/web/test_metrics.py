"""What the operator's tools read: metrics, readiness, the access log."""

import json
import logging
import shutil
import subprocess

import pytest

from qianhang.core.errors import StoreError
from qianhang.web.log_lines import Lines

parser = pytest.importorskip("prometheus_client.parser")


@pytest.fixture
def text(site):
    site.run()
    site.client.get("/sign-in")
    site.client.get('/no"such\\thing')
    answer = site.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text


def test_metrics_are_what_prometheus_reads(text):
    families = {f.name: f for f in parser.text_string_to_metric_families(text)}
    assert {f.type for f in families.values()} == {"counter", "gauge", "histogram"}
    assert all(f.documentation for f in families.values())
    steps = [s for s in families["qianhang_request_seconds"].samples if s.name.endswith("bucket")]
    of_one = [s.value for s in steps if s.labels["route"] == "/sign-in"]
    assert of_one == sorted(of_one)
    assert of_one[-1] == 1


@pytest.mark.promtool
def test_promtool_finds_nothing_to_say(text):
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (apt-get install prometheus)")
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_metrics_count_runs_asks_records_and_bytes(site, text):
    found = {
        (s.name, s.labels.get("state", "")): s.value
        for f in parser.text_string_to_metric_families(text)
        for s in f.samples
    }
    assert found["qianhang_store_up", ""] == 1
    assert found["qianhang_runs", "finished"] == 1
    assert found["qianhang_asks", "queued"] == found["qianhang_asks", "running"] == 0
    assert found["qianhang_log_records", ""] == site.store.entries()[-1].seq
    assert found["qianhang_database_bytes", ""] > 0
    assert found["process_cpu_seconds_total", ""] > 0
    assert found["process_resident_memory_bytes", ""] > 10**6


def test_the_store_is_counted_once_in_a_while_however_often_it_is_asked(site, text):
    site.run()
    assert 'qianhang_runs{state="finished"} 1' in site.client.get("/metrics").text


def test_a_store_that_is_away_is_told_and_the_server_lives(site, monkeypatch):
    assert site.client.get("/readyz").status_code == 200
    away = site.home.rename(site.home.with_name("away"))
    answer = site.client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "QH701\n")
    assert site.client.get("/healthz").status_code == 200
    away.rename(site.home)
    assert site.client.get("/readyz").status_code == 200


def test_metrics_without_a_store_say_so(site, monkeypatch):
    def away(_):
        raise StoreError("QH701", "away")

    monkeypatch.setattr("qianhang.web.meters.load", away)
    answer = site.client.get("/metrics")
    assert answer.status_code == 200
    assert "\nqianhang_store_up 0\n" in answer.text


def test_every_line_of_the_access_log_is_json_with_the_id_of_the_answer(site, caplog):
    caplog.set_level("INFO", logger="qianhang.web.access")
    written = Lines()
    for path in ("/sign-in", '/a"b%0Ac', "/runs?secret=1"):
        answer = site.client.get(path, headers={"X-Request-ID": "given-by-proxy"})
        line = json.loads(written.format(caplog.records[-1]))
        assert line["request"] == answer.headers["X-Request-ID"] == "given-by-proxy"
        assert (line["method"], line["status"]) == ("GET", answer.status_code)
        assert line["ms"] >= 0
        assert (line["at"][-6:], line["level"]) == ("+00:00", "info")
        assert "secret" not in json.dumps(line)


def test_a_fault_is_one_line_with_its_trace_and_the_id_of_the_answer(site, caplog, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("first\nsecond")

    monkeypatch.setattr("qianhang.web.asked.identified", fails)
    answer = site.client.get("/runs")
    (record,) = [r for r in caplog.records if r.levelname == "ERROR"]
    text = Lines().format(record)
    line = json.loads(text)
    assert "\n" not in text
    assert (line["request"], line["level"]) == (answer.headers["X-Request-ID"], "error")
    assert "RuntimeError: first\nsecond" in line["error"]
    plain = logging.makeLogRecord({"name": "door", "msg": "pool %s is away", "args": ("a",)})
    assert json.loads(Lines().format(plain)).items() >= {"message": "pool a is away"}.items()
