"""The way of a run, from asked to kept."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pandas as pd
import pytest

from qianhang import compute, models
from qianhang.core.errors import ContractError, JobFailed, ModelError, UsageError
from qianhang.core.pack import load_pack
from qianhang.runs import (
    Request,
    carry_out,
    compare,
    get,
    page,
    predict,
    predict_file,
    read_store,
    recent,
    tables_of,
    view,
)
from qianhang.runs import record as records
from qianhang.runs.steps import NAMES
from qianhang.store import Settings


@pytest.fixture
def settings(home) -> Settings:
    return Settings.load()


def ask(pack, data, **more) -> Request:
    return Request(str(pack.folder), data=data, **more)


@pytest.fixture(scope="module")
def finished(pack, faults, tmp_path_factory):
    """One finished run in a store that the tests of this module share."""
    environ = {**os.environ, "QIANHANG_HOME": str(tmp_path_factory.mktemp("shared"))}
    settings = Settings.load(environ=environ)
    events = []
    record, found = carry_out(ask(pack, faults), settings=settings, listen=events.append)
    return record, found, events, settings


def test_a_run_goes_through_every_step_in_order_and_leaves_everything(finished):
    record, found, events, settings = finished
    assert not found
    assert [e.step for e in events if e.state == "end"] == list(NAMES)
    body = record.as_dict()
    for field in ("pack_hash", "data", "seed", "versions", "pool", "wall_s", "cpu_s", "peak_mb",
                  "folds", "bars", "verdict", "gate", "model", "evidence", "log"):  # fmt: skip
        assert field in body, field
    assert body["cpu_s"] > 0
    assert body["peak_mb"] > 50
    with read_store(settings) as store:
        assert store.verify().ok
        assert models.newest(store, "industry.fault").run == record.id
        assert set(tables_of(store, record)) >= {"calibration", "performance"}
        assert "<html" in page(store, record)
    assert not (settings.home / "work" / record.id).exists()


def test_the_same_run_asked_again_is_found_and_another_seed_is_not(finished, pack, faults):
    record, _, _, settings = finished
    again, found = carry_out(ask(pack, faults), settings=settings)
    assert found
    assert again.id == record.id


def test_again_repeats_another_seed_differs_and_compare_says_so(finished, pack, faults):
    record, _, _, settings = finished
    other, found = carry_out(ask(pack, faults, seed=1), settings=settings)
    assert not found
    differences = compare(record, other)["differences"]
    assert {"field": "seed", "first": 0, "second": 1} in differences
    repeated, found = carry_out(ask(pack, faults, again=True), settings=settings)
    assert not found
    assert repeated.id != record.id
    assert repeated.result["scores"] == record.result["scores"]
    assert compare(record, repeated)["differences"] == []


def test_prediction_in_a_fresh_process_equals_the_training_process(
    finished, pack, faults, tmp_path
):
    _, _, _, settings = finished
    here = predict(str(pack.folder), faults, settings=settings).answers
    out = tmp_path / "out.csv"
    count, rejects = predict_file(str(pack.folder), faults, out=out, settings=settings)
    assert (count, rejects) == (400, 0)
    there = pd.read_csv(out, float_precision="round_trip")
    assert there["risk"].tolist() == here["risk"].tolist()


def test_rows_that_break_the_contract_are_rejected_one_by_one(finished, pack, faults, tmp_path):
    _, _, _, settings = finished
    lines = faults.read_text().splitlines()
    lines[3] = "0,warm,60"
    lines[7] = "0,50,9999"
    bad = tmp_path / "bad.csv"
    bad.write_text("\n".join(lines))
    out = tmp_path / "out.csv"
    answers, rejects = predict_file(str(pack.folder), bad, out=out, settings=settings)
    assert (answers, rejects) == (398, 2)
    table = pd.read_csv(tmp_path / "out.rejects.csv")
    assert table["row"].tolist() == [4, 8]
    assert table["field"].tolist() == ["load", "temperature"]


def test_nothing_is_predicted_without_an_accepted_model(pack, faults, settings):
    with pytest.raises(ModelError, match="no accepted model"):
        predict(str(pack.folder), faults, settings=settings)


def test_wrong_data_fail_with_their_own_error_and_the_run_says_so(pack, settings, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("fault,load\n0,5\n1,6\n")
    with pytest.raises(ContractError, match=r"bad\.csv.*temperature"):
        carry_out(ask(pack, bad), settings=settings)
    with read_store(settings) as store:
        (failed,) = recent(store, state="failed")
        error = failed.result["error"]
        assert error["code"] == "QH103"
        assert "temperature" in error["message"]
        assert (error["place"]["file"], error["place"]["column"]) == ("bad.csv", "temperature")
        assert store.verify().ok


def test_a_file_that_is_not_there_is_named(pack, settings, tmp_path):
    with pytest.raises(ContractError, match=r"nothing\.csv"):
        carry_out(ask(pack, tmp_path / "nothing.csv"), settings=settings)


def test_an_unknown_parameter_is_refused_before_anything_runs(pack, faults, settings):
    with pytest.raises(UsageError, match="amount"):
        carry_out(ask(pack, faults, params={"amount": "3"}), settings=settings)
    with read_store(settings) as store:
        assert recent(store) == []


@pytest.mark.parametrize(
    ("fit", "limits", "says"),
    [
        ("import os; os.kill(os.getpid(), 11)", {}, "signal|SIGSEGV|11"),
        ("bytearray(3 * 10**9); import time; time.sleep(60)", {"memory_mb": 900}, "memory"),
        ("exec('while True: pass')", {"cpu_s": 8}, "CPU|cpu"),
        ("import time; time.sleep(600)", {"wall_s": 12}, "wall|time|12"),
        ("raise RuntimeError('the kiln is cold')", {}, "the kiln is cold"),
    ],
)
def test_a_crashing_or_greedy_pack_hurts_only_its_own_run(
    faults, settings, with_fit, fit, limits, says
):
    folder = with_fit(fit)
    asked = Request(str(folder), data=faults)
    given = dataclasses.replace(compute.Limits(), **limits)
    with pytest.raises(JobFailed, match=says):
        carry_out(asked, settings=settings, limits=given)
    with read_store(settings) as store:
        assert [r.state for r in recent(store)] == ["failed"]
        assert store.verify().ok


def test_a_pack_that_is_no_better_than_its_baseline_is_not_accepted(faults, settings, with_fit):
    folder = with_fit("pass")
    source = folder / "pack.py"
    source.write_text(
        source.read_text(encoding="utf8")
        + "\n\ndef fit(train, *, spec):\n    return Logistic().fit(train[_FEATURES] * 0, train['fault'])\n"
        "\n\ndef predict(model, rows, *, spec):\n    return pd.Series(0.3, index=rows.index)\n"
        "\n\ndef baseline(train, rows, *, spec):\n    return pd.Series(0.3, index=rows.index)\n",
        encoding="utf8",
    )
    record, _ = carry_out(Request(str(folder), data=faults), settings=settings)
    assert record.result["gate"]["stage"] == "rejected"
    assert "no_better_than_baseline" in [r["code"] for r in record.result["gate"]["reasons"]]


def test_two_runs_at_once_on_one_fresh_store_both_finish(pack, faults, home):
    code = (
        "import sys, json; from pathlib import Path;"
        "from qianhang.runs import Request, carry_out; from qianhang.store import Settings;"
        "r, f = carry_out(Request(sys.argv[1], data=Path(sys.argv[2]), seed=int(sys.argv[3])),"
        " settings=Settings.load()); print(json.dumps([r.id, r.state, f]))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(pack.folder), str(faults), str(seed)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for seed in (1, 2)
    ]  # fmt: skip
    ended = [p.communicate(timeout=180) for p in started]
    assert [p.returncode for p in started] == [0, 0], ended
    with read_store(Settings.load()) as store:
        for out, _ in ended:
            run_id, state, found = json.loads(out)
            assert (state, found) == ("finished", False)
            assert get(store, run_id).state == "finished"
        assert store.verify().ok
        assert models.newest(store, load_pack(pack.folder).id).version == 2


def test_made_up_data_are_marked_and_never_become_evidence(settings):
    """A contract pack runs on its own sample: no evidence, no accepted model, tier contract."""
    from qianhang.core.pack import find
    from qianhang.runs import keep_conformance
    from qianhang.runs.workplace import open_store

    record, _ = carry_out(Request("traffic.road_ice"), settings=settings)
    body = record.as_dict()
    assert body["source"] == "sample"
    assert body["gate"]["stage"] == "rejected"
    assert body["evidence"] == []
    with read_store(settings) as store:
        marks = view(store, record)[0]["marks"]
    assert marks == ["sample"]
    with open_store(settings) as store:
        passed = [{"check": "manifest_is_whole", "state": "passed"}]
        tier = keep_conformance(store, find("traffic.road_ice"), passed, now=datetime.now(UTC))
    assert tier == "contract"


def test_a_run_that_another_process_ended_meanwhile_is_found_not_repeated(
    finished, pack, faults, monkeypatch
):
    """It was still under way when we looked, and had ended when we began."""
    record, _, _, settings = finished
    monkeypatch.setattr(records, "finished", lambda *_, **__: None)
    same, found = carry_out(ask(pack, faults), settings=settings)
    assert (same.key, found) == (record.key, True)
    with read_store(settings) as store:
        assert {r.key for r in recent(store, state="running")} == set()
        assert store.verify().ok
