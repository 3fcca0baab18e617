"""The command line as a user types it, in processes of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from qianhang.cli import _COMMANDS
from qianhang.testing import write_pack


def qianhang(
    *arguments: str, cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "qianhang", *arguments]
    environ = {**os.environ, **env}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env=environ, timeout=300
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_help_lists_every_command_in_both_languages(lang):
    done = qianhang("--lang", lang, "--help")
    assert done.returncode == 0
    for name in _COMMANDS:
        assert re.search(rf"^  {name}\b", done.stdout, re.MULTILINE)
    assert ("场景" in done.stdout) == (lang == "zh")


@pytest.mark.parametrize("command", list(_COMMANDS))
def test_every_command_has_help(command):
    done = qianhang(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_mistyped_command_is_answered_with_the_nearest():
    done = qianhang("--lang", "en", "lits")
    assert done.returncode == 2
    assert "did you mean list?" in done.stderr


def test_list_filters_and_prints_json(home):
    rows = json.loads(qianhang("list", "--json").stdout)
    assert {"id", "industry", "task", "tier", "title", "covers", "broken"} <= set(rows[0])
    assert [r for r in rows if r["broken"]] == []
    some = rows[0]
    same = json.loads(qianhang("list", "--json", "--industry", some["industry"]).stdout)
    assert {r["industry"] for r in same} == {some["industry"]}
    by_text = json.loads(qianhang("list", "--json", some["title"]).stdout)
    assert some["id"] in [r["id"] for r in by_text]


def test_an_unknown_scenario_is_one_line_with_the_nearest_and_no_traceback(home):
    done = qianhang("run", "health.cvd_rsk")
    assert done.returncode == 1
    assert "health.cvd_risk" in done.stderr
    assert "Traceback" not in done.stderr


def test_from_nothing_to_a_result_on_ones_own_csv(home, tmp_path):
    """New pack, check, run, runs, show, compare, report, predict, verify: a newcomer's afternoon."""
    folder = write_pack(tmp_path, industry="industry", name="fault", task="classify")
    done = qianhang("pack", "check", str(folder))
    assert done.returncode == 0, done.stdout
    from qianhang.core.pack import load_pack

    data = tmp_path / "faults.csv"
    load_pack(folder).code.sample(3).table.to_csv(data, index=False)
    done = qianhang("run", str(folder), "--data", str(data))
    assert done.returncode == 0, done.stderr
    assert "ROC" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    (row,) = json.loads(qianhang("runs", "--json").stdout)
    assert row["state"] == "finished"
    assert row["id"] in qianhang("runs").stdout
    assert "ROC" in qianhang("show", "last").stdout
    assert json.loads(qianhang("show", row["id"][:15], "--json").stdout)["id"] == row["id"]
    same = json.loads(qianhang("compare", "last", row["id"], "--json").stdout)
    assert same["differences"] == []
    page = tmp_path / "r.html"
    assert qianhang("report", "last", "--out", str(page)).returncode == 0
    text = page.read_text(encoding="utf8")
    assert "<svg" in text
    assert 'src="http' not in text
    body = tmp_path / "r.json"
    assert qianhang("report", "last", "--json", "--out", str(body)).returncode == 0
    assert json.loads(body.read_text(encoding="utf8"))["tables"]["calibration"]
    out = tmp_path / "out.csv"
    done = qianhang("predict", str(folder), "--data", str(data), "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert len(out.read_text().splitlines()) == 401
    done = qianhang("verify")
    assert done.returncode == 0
    tier = next(r for r in json.loads(qianhang("runs", "--json").stdout))["verdict"]
    assert tier == "met"


def test_verify_names_the_record_that_was_edited_by_hand(home, tmp_path):
    import sqlite3

    folder = write_pack(tmp_path, industry="industry", name="fault", task="optimise")
    assert qianhang("pack", "check", str(folder)).returncode == 0
    with sqlite3.connect(home / "qianhang.db") as database:
        for trigger in ("log_no_update", "log_no_delete"):
            database.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        database.execute(
            "UPDATE log SET payload = replace(payload, 'bronze', 'silver') WHERE seq = 1"
        )
    done = qianhang("--lang", "en", "verify")
    assert done.returncode == 1
    assert "record 1" in done.stderr or "1" in done.stderr.split(":")[1]


def test_output_in_a_pipe_that_closes_early_is_no_error(home):
    command = f"{sys.executable} -m qianhang list --json | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stderr == ""
