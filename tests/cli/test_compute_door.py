"""`qianhang compute`: from a file of pools to a job's log, over a pool of this machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from qianhang.cli import compute_plant
from qianhang.cli.compute import compute_command
from qianhang.compute.artefacts import gather
from qianhang.compute.door import jobs
from qianhang.compute.door.supervisor import Supervisor
from qianhang.core.errors import PoolUnavailable, StoreError, UsageError
from qianhang.runs import door as door_module
from qianhang.runs import open_store
from qianhang.store import Settings

POOLS = """
[[operators]]
id = "op"
name = {zh = "甲", en = "A"}
[[pools]]
id = "here"
operator = "op"
[[pools.stock]]
flavour = "cpu-core"
nodes = 1
chips_per_node = 4
price_fen = 7200
[engines.here]
threads = 4
"""
TASK = "name: hello\nestimate: 1m\nrun: echo hello from $QIANHANG_POOL\n"


def call(*words, code=0):
    result = CliRunner().invoke(compute_command, words, env={"QIANHANG_LANG": "en"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def carry_out():
    """Look until nothing is open any more, each look half a second later for the door."""
    at = datetime.now(UTC)
    with open_store(Settings.load()) as store:
        door = Supervisor(store, Settings.load().home)
        for _ in range(4000):
            at += timedelta(milliseconds=20)
            door.tick(at)
            if not jobs.listed(store, states=jobs.OPEN, limit=1):
                door.release()
                return
    pytest.fail("jobs are still open")


def test_a_job_from_its_file_to_its_log(home, tmp_path):
    (tmp_path / "pools.toml").write_text(POOLS, encoding="utf8")
    (tmp_path / "task.yaml").write_text(TASK, encoding="utf8")
    (tmp_path / "bad.yaml").write_text("name: bad\nrun: exit 3\n", encoding="utf8")
    assert call("pool", "add", str(tmp_path / "pools.toml")) == "joined: here\n"
    name = call("submit", str(tmp_path / "task.yaml"), "--key", "k").strip()
    again = call("submit", str(tmp_path / "task.yaml"), "--key", "k")
    assert again == f"{name} (submitted before)\n"
    assert f"{name}  waiting  root  hello  1 x 1 cpu-core" in call("ps")
    assert "0 jobs come first" in call("why", name)
    bad = json.loads(call("submit", str(tmp_path / "bad.yaml"), "--json"))[0]["job"]
    carry_out()
    assert call("log", name, "--follow") == "hello from here\n"
    assert "finished" in call("wait", name)
    assert "failed" in call("wait", bad, code=1)
    assert call("ps").startswith("no job waits or runs")
    assert {one["state"] for one in json.loads(call("ps", "--all", "--json"))} == {
        "finished", "failed",
    }  # fmt: skip
    # 72 yuan an hour for the estimated minute, and 5 yuan an hour of waiting.
    told = call("why", name)
    assert "price  1.20" in told
    assert "value of waiting  0.08" in told
    assert "here: 1.28 yuan in all" in told
    assert "here  local  open  up  4 cpu-core" in call("pools")
    assert call("pool", "drain", "here") == "here  draining\n"
    assert call("pool", "leave", "here") == "here  left\n"
    assert call("pools") == ""


def test_quotas_are_set_and_lifted(home):
    given = ("city", "--project", "p", "--reason", "models")
    assert call("quota", "set", *given, "--chips", "8") == "8 chips at once\n"
    assert call("quota", "list") == "city  p  8  models\n"
    assert json.loads(call("quota", "list", "--json"))[0]["chips"] == 8
    assert call("quota", "set", *given, "--chips", "0") == "no limit any more\n"
    assert call("quota", "list") == ""


def test_a_cancelled_job_ends_without_having_run(home, tmp_path):
    (tmp_path / "task.yaml").write_text(TASK, encoding="utf8")
    name = call("submit", str(tmp_path / "task.yaml")).strip()
    assert "waiting" in call("cancel", name)
    carry_out()
    assert "cancelled" in call("wait", name, code=1)


def test_a_quote_names_each_pool_and_why_the_others_do_not_take_the_job(home, tmp_path):
    """72 yuan an hour for the minute that was asked for; one pool, and it is not asked yet."""
    (tmp_path / "pools.toml").write_text(POOLS, encoding="utf8")
    (tmp_path / "task.yaml").write_text(TASK, encoding="utf8")
    nobody = TASK + "resources: {accelerators: {A100: 8}}\n"
    (tmp_path / "nobody.yaml").write_text(nobody, encoding="utf8")
    with pytest.raises(PoolUnavailable, match="no pool has joined"):
        call("quote", str(tmp_path / "task.yaml"))
    call("pool", "add", str(tmp_path / "pools.toml"))
    assert "here: the pool does not answer" in call("quote", str(tmp_path / "task.yaml"), code=1)
    name = call("submit", str(tmp_path / "task.yaml")).strip()
    carry_out()
    told = call("quote", str(tmp_path / "task.yaml"))
    assert told.startswith("1. here  1 x 1 cpu-core  starts 5s / 1.0m (room now, no record yet)")
    assert "1.20 yuan, 1.20 after vouchers (the pool's own list)" in told
    said = json.loads(call("quote", str(tmp_path / "task.yaml"), "--json"))[0]
    assert (said["pools"][0]["yuan"], said["pools"][0]["start"]["p90_s"]) == ("1.20", 60)
    no_chip = call("quote", str(tmp_path / "nobody.yaml"), code=1)
    assert "here: no such chip; found cpu-core, expected nvidia-a100" in no_chip
    assert "the pool does not answer" in call("quote", "--job", name, code=1)
    assert json.loads(call("quote", "--coverage", "--json"))["quoted"] == 1
    assert "give one of a task file" in call("quote", code=2)


def test_what_was_decided_is_decided_again_from_the_store_and_from_its_file(home, tmp_path):
    """A job of one chip for a minute costs 1.20 yuan; with 999 yuan in the file it is found out."""
    (tmp_path / "pools.toml").write_text(POOLS, encoding="utf8")
    (tmp_path / "task.yaml").write_text(TASK, encoding="utf8")
    assert "no decision was recorded" in call("replay", code=1)
    call("pool", "add", str(tmp_path / "pools.toml"))
    call("submit", str(tmp_path / "task.yaml"))
    carry_out()
    path = tmp_path / "live.jsonl"
    out = call("replay", "--out", str(path))
    assert "1 decisions, 1 the same" in out
    assert "each as the door made it" in out
    found = json.loads(call("replay", str(path), "--json"))
    assert (found["alike"], found["decisions"], found["first"]) == (True, 1, None)
    as_log = ("simulate", "--trace", str(path), "--pools", str(tmp_path / "pools.toml"), "--json")
    assert json.loads(call(*as_log))["jobs"] == 1
    text = path.read_text(encoding="utf8")
    assert "[120, 0, " in text
    path.write_text(text.replace("[120, 0, ", "[99900, 0, "), encoding="utf8")
    out = call("replay", str(path), code=1)
    assert "the ways part: the same job and pool, with another run time or other costs" in out
    assert "what differs  price" in out
    assert "--since" in call("replay", str(path), "--since", "2026-05-01T00:00+08:00", code=2)
    later = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%MZ")
    assert "1 decisions" in call("replay", "--since", later), "the period that began before then"


def test_a_store_that_is_full_does_not_end_the_one_who_decides(home, monkeypatch):
    told = iter([StoreError("QH703", "the disk is full"), KeyboardInterrupt()])

    def look(_):
        raise next(told)

    monkeypatch.setattr(door_module, "looks", lambda *_: look)
    monkeypatch.setattr(compute_plant, "_STORE_AWAY_S", 0.0)
    assert "QH703 the disk is full" in call("supervise", "--every", "0.05")
    assert next(told, None) is None


def test_an_application_is_sent_asked_about_and_approved_in_part(home):
    told = ("--project", "roads", "--chips", "8", "--until", "2099-01-01", "--purpose", "roads")
    told += ("--contact", "a@b.example", "--flavour", "Ascend910B", "--by", "ann")
    with pytest.raises(UsageError, match=r"QH523 application, last: .* expected 1096 days at most"):
        call("application", "send", "alpha", *told)
    until = f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%d}"
    told = tuple(until if one == "2099-01-01" else one for one in told)
    name = call("application", "send", "alpha", *told).strip()
    assert "waits for the applicant" in call(
        "application", "ask", name, "--words", "which data?", "--by", "ops"
    )
    call("application", "reply", name, "--words", "open ones", "--by", "ann")
    done = call("application", "approve", name, "--chips", "3", "--by", "ops")
    assert f"{name}  in force  alpha  roads  3/8" in done
    assert "alpha  roads  3" in call("quota", "list")
    assert call("application", "list", "--org", "beta") == ""
    assert "withdrawn" in call("application", "withdraw", name, "--by", "ann")
    steps = [one["act"] for one in json.loads(call("application", "show", name, "--json"))["steps"]]
    assert steps == ["sent", "asked", "replied", "approved", "active", "withdrawn"]
    told = call("application", "show", name)
    assert "sent back  ops  which data?" in told
    assert "+08:00  sent  ann" in told


def test_result_files_are_collected_listed_taken_home_and_deleted(home, tmp_path):
    (tmp_path / "pools.toml").write_text(POOLS, encoding="utf8")
    task = "estimate: 1m\noutputs: {files: [d, b.bin], when: always}\n"
    task += "run: mkdir d && echo one > d/a.txt && ln -s a.txt d/link\n"
    (tmp_path / "task.yaml").write_text(task, encoding="utf8")
    call("pool", "add", str(tmp_path / "pools.toml"))
    name = call("submit", str(tmp_path / "task.yaml")).strip()
    assert call("artefact", "list", name) == "collected once the job has ended\n"
    carry_out()
    assert call("artefact", "collect") == "0 jobs settled\n"  # b.bin may still come
    with open_store(Settings.load()) as store:
        gather.collect(store, Settings.load().home, datetime.now(UTC) + timedelta(seconds=90))
    told = call("artefact", "list", name)
    assert "1  d/a.txt  4 B" in told
    assert "not there: b.bin" in told
    assert "passed over: d/link (a link)" in told
    call("artefact", "get", name, "--to", str(tmp_path / "out"))
    assert (tmp_path / "out" / "d" / "a.txt").read_text() == "one\n"
    assert json.loads(call("artefact", "limits", "--days", "3"))["days"] == 3
    assert call("artefact", "delete", name) == "1 deleted\n"
    assert json.loads(call("artefact", "list", name, "--json"))["state"] == "gone"
