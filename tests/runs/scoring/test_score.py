"""Tables scored in blocks: nothing lost, nothing twice, nothing half-written, one order."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest
from click.testing import CliRunner

from qianhang.cli.score import score_command
from qianhang.compute.door import attempts, jobs, plant
from qianhang.core.errors import ContractError, ModelError, PoolUnavailable, UsageError
from qianhang.runs import open_store, predict
from qianhang.runs.scoring import carry, work
from qianhang.runs.scoring.blocks import Folder, Plan
from qianhang.runs.scoring.score import Ask, score
from qianhang.testing.door_bed import network

CARRY = carry.carry


@pytest.fixture
def ask(pack, table, tmp_path):
    return Ask(str(pack.folder), table, tmp_path / "out.parquet", version=1, rows=128)


@pytest.fixture
def here(monkeypatch):
    """The job's work in this very process: its way through a pool has tests of its own."""

    def carried(order, folder, store, settings, *, look):
        work._work(folder, 0, order.members, "local")
        look()
        return carry.Carried(("local",), 0.0)

    monkeypatch.setattr(carry, "carry", carried)


def test_blocks_answer_what_predict_answers_of_the_whole(here, store_of, ask, tmp_path):
    """The other way is `predict` on the same file in one piece."""
    done = score(ask, settings=store_of)
    whole = predict(ask.scenario, ask.table, settings=store_of, version=1)
    answers = pd.read_parquet(ask.out)
    assert answers["risk"].to_numpy() == pytest.approx(whole.answers["risk"].to_numpy(), rel=1e-12)
    refused = {11, 501, 701}
    assert list(answers["row"]) == [row for row in range(2, 1002) if row not in refused]
    rejects = pd.read_csv(tmp_path / "out.rejects.csv")
    expected = whole.rejects.drop(columns="input")
    assert rejects["row"].tolist() == expected["row"].tolist() == sorted(refused)
    assert rejects["code"].tolist() == expected["code"].tolist()
    sums = (done.sums.rows, done.sums.answers, done.sums.rejects, done.sums.blocks)
    assert sums == (1000, 997, 3, 8)
    assert sorted(one.name for one in tmp_path.iterdir() if one.name.startswith(".")) == []


def test_a_parquet_file_gives_the_same_answers(here, store_of, ask):
    score(ask, settings=store_of)
    answers = pd.read_parquet(ask.out).set_index("row")["risk"]
    score(replace(ask, table=ask.table.with_suffix(".parquet")), settings=store_of)
    other = pd.read_parquet(ask.out).set_index("row")["risk"].rename(lambda row: row + 1)
    assert other.drop(701).equals(answers)  # its rows count from 1, and none of them is ragged


def test_rejects_of_an_earlier_table_do_not_stay_beside_a_result_without_any(
    here, store_of, ask, tmp_path
):
    score(ask, settings=store_of)
    clean = pd.read_parquet(tmp_path / "t.parquet").drop([9, 499])
    clean.to_parquet(tmp_path / "clean.parquet")
    score(replace(ask, table=tmp_path / "clean.parquet"), settings=store_of)
    assert not (tmp_path / "out.rejects.csv").exists()


def test_a_pack_that_answers_in_another_order_is_put_in_the_tables(
    here, store_of, pack, ask, tmp_path, monkeypatch
):
    code = pack.code
    plain = code.predict
    score(ask, settings=store_of)
    straight = pd.read_parquet(ask.out)
    monkeypatch.setattr(code, "predict", lambda *a, **k: plain(*a, **k).sort_values())
    monkeypatch.setattr(work, "Ticket", _Held(pack))
    score(replace(ask, again=True), settings=store_of)
    assert pd.read_parquet(ask.out).equals(straight)
    monkeypatch.setattr(code, "predict", lambda *a, **k: plain(*a, **k).iloc[1:])
    with pytest.raises(UsageError, match="one answer for each of") as caught:
        score(replace(ask, again=True), settings=store_of)
    assert caught.value.code == "QH816"


class _Held:
    """A ticket for the pack as this process holds it."""

    def __init__(self, pack):
        self.pack = pack

    def read(self, folder):
        return self

    def resolve(self):
        from qianhang.core.spec import make

        case = self.pack.manifest.find_case()
        return self.pack, case, make(self.pack.manifest, case, seed=0, params={})


def test_a_scenario_whose_answers_read_rows_together_is_refused(store_of, ask):
    with pytest.raises(UsageError, match="forecast") as caught:
        score(replace(ask, scenario="energy.load_forecast"), settings=store_of)
    assert caught.value.code == "QH816"


def test_what_cannot_be_scored_is_said_before_anything_is_written(store_of, ask, tmp_path):
    (tmp_path / "short.csv").write_text("load\n3\n")
    with pytest.raises(ContractError, match="temperature"):
        score(replace(ask, table=tmp_path / "short.csv"), settings=store_of)
    with pytest.raises(ContractError):
        score(replace(ask, table=tmp_path / "none.csv"), settings=store_of)
    with pytest.raises(ModelError, match="does not exist"):
        score(replace(ask, version=7), settings=store_of)
    with pytest.raises(UsageError, match=r"\.parquet"):
        score(replace(ask, out=tmp_path / "out.csv"), settings=store_of)
    with pytest.raises(UsageError, match="expected 1"):
        score(replace(ask, members=2), settings=store_of)
    assert not list(tmp_path.glob(".out*"))


def test_a_result_is_written_by_one_process_and_from_one_table(here, store_of, ask, tmp_path):
    folder = tmp_path / ".out.parquet.score"
    folder.mkdir()
    with (folder / "lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="another process") as caught:
            score(ask, settings=store_of)
    assert caught.value.code == "QH817"
    (folder / "plan.json").write_text(json.dumps({"key": "of another table"}))
    with pytest.raises(UsageError, match="another table") as caught:
        score(ask, settings=store_of)
    assert caught.value.code == "QH817"
    assert score(replace(ask, again=True), settings=store_of).sums.rows == 1000


def test_a_table_that_changes_meanwhile_gives_no_result(here, store_of, ask):
    with pytest.raises(ContractError, match="changed") as caught:
        score(ask, settings=store_of, tell=lambda _: os.utime(ask.table, (1, 1)))
    assert caught.value.code == "QH818"
    assert not ask.out.exists()


def test_the_command_tells_what_it_wrote(here, store_of, ask, monkeypatch, tmp_path):
    monkeypatch.setenv("QIANHANG_HOME", str(store_of.home))
    command = [ask.scenario, str(ask.table), "--out", str(ask.out), "--version", "1"]
    told = CliRunner().invoke(score_command, command)
    assert told.exit_code == 0, told.output
    assert f"1,000 行：997 行答案写入 {ask.out}" in told.output
    assert f"3 行不合数据契约，逐行说明见 {tmp_path / 'out.rejects.csv'}" in told.output
    printed = CliRunner().invoke(score_command, [*command, "--json"]).output
    said = json.loads(printed.splitlines()[-1])  # below what the job says, here in this process
    assert said["sums"] == {"rows": 1000, "answers": 997, "rejects": 3, "blank": 0, "blocks": 1}


def test_a_job_told_to_leave_ends_between_blocks_and_keeps_what_it_has(
    store_of, ask, tmp_path, monkeypatch
):
    monkeypatch.setenv("QIANHANG_FOLDER", str(tmp_path))

    def carried(order, folder, store, settings, *, look):
        put, held = folder.put, []
        monkeypatch.setattr(folder, "put", lambda *given: (put(*given), held.append(1)))
        monkeypatch.setattr(work, "_leave_if_told", lambda: len(held) == 2 and leave())
        work._work(folder, 0, 1, "local")

    leave_if_told = work._leave_if_told

    def leave():
        (tmp_path / "leave").write_text("now")
        leave_if_told()

    monkeypatch.setattr(carry, "carry", carried)
    with pytest.raises(SystemExit) as left:
        score(ask, settings=store_of)
    assert left.value.code == 75
    assert len(list((tmp_path / ".out.parquet.score" / "blocks").glob("*.json"))) == 2


def test_a_machine_that_does_not_see_the_folder_says_so(tmp_path):
    with pytest.raises(PoolUnavailable, match="does not see") as caught:
        work._main(str(tmp_path / "nowhere"), "0", "1")
    assert caught.value.code == "QH819"


def test_jobs_that_wait_are_not_sent_twice_and_are_stopped_for_another_pool(
    store_of, tmp_path, pack
):
    """Nobody decides meanwhile, as when the command was killed right after it had sent them."""
    folder = Folder(tmp_path)
    folder.begin(Plan("k" * 64, pack.id, "m", "s", "t", 10))
    order = carry.Order("k" * 64, "root", pack.id, "p1", 2, 5)
    with open_store(store_of) as store:
        plant.add(store, network(tmp_path, "p1", "p2"), by="test", at=datetime.now(UTC))
        sent = carry._sent(order, folder, store, store_of)
        folder.send({name: v for name, v in folder.round().items() if name != "jobs"})
        assert carry._sent(order, folder, store, store_of) == sent  # killed before that was kept
        assert carry._open(order, folder, store, store_of) == sent
        assert carry._open(replace(order, pool="p2"), folder, store, store_of) == ()
        assert {one.state for one in jobs.listed(store)} == {"cancelled"}
        # The platform's own program: it reads this installation, which a pool's user may not.
        assert all(one.work.own for one in jobs.listed(store))
        again = carry._sent(replace(order, pool="p2"), folder, store, store_of)
        assert not set(again) & set(sent)
        anew = Folder(tmp_path / "anew")  # the same table once more, after its result was written
        anew.begin(folder.plan())
        assert not set(carry._sent(order, anew, store, store_of)) & {*sent, *again}


def test_a_command_killed_on_the_way_goes_on_with_the_blocks_that_are_missing(
    here, store_of, ask, tmp_path, sha, pack
):
    """kill -9 of the command at its third block; a ledger of the pack tells what was scored.

    The other way is the same table with nobody to stop it.
    """
    ledger, mark = tmp_path / "ledger", tmp_path / "died"
    folder = _mortal(
        pack, tmp_path, ledger,
        when=f"len(_seen) == 2 and _first({str(mark)!r})", whom="_parent(os.getppid())",
    )  # fmt: skip
    asked = replace(ask, scenario=str(folder))
    script = f"""
from pathlib import Path
from qianhang.runs.scoring.score import Ask, score
from qianhang.store import Settings
ask = Ask({asked.scenario!r}, Path({str(ask.table)!r}), Path({str(ask.out)!r}), version=1, rows=128)
score(ask, settings=Settings(home=Path({str(store_of.home)!r})))
"""
    killed = subprocess.run([sys.executable, "-c", script], check=False)
    assert killed.returncode == -9
    assert not ask.out.exists()
    done = score(asked, settings=store_of)
    assert (done.found, done.sums.rows, done.sums.blocks) == (2, 1000, 8)
    scored = ledger.read_text().split()
    assert len(scored) == len(set(scored)) == 8
    there = sha(ask.out)
    score(asked, settings=store_of)
    assert sha(ask.out) == there


def test_jobs_of_the_network_survive_their_keepers_and_score_no_block_twice(
    store_of, ask, tmp_path, sha, pack, here
):
    """One job's keeper is killed at its second block; a ledger of the pack tells what was scored.

    Two jobs on two pools of this machine; the other way is this process.
    """
    ledger = tmp_path / "ledger"
    folder = _mortal(
        pack, tmp_path, ledger,
        when=f"_seen and _first({str(tmp_path / 'died')!r})", whom="os.getppid()",
    )  # fmt: skip
    with open_store(store_of) as store:
        plant.add(store, network(tmp_path, "p1", "p2"), by="test", at=datetime.now(UTC))
    asked = replace(ask, scenario=str(folder), pool="auto", members=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(carry, "carry", CARRY)
        done = score(asked, settings=store_of)
    scored = ledger.read_text().split()
    assert len(scored) == len(set(scored)) == done.sums.blocks == 8
    with open_store(store_of) as store:
        found = jobs.listed(store)
        goes = [[a.outcome.reason for a in attempts.of(store, one.job.id)] for one in found]
        assert sorted(goes) == [["finished"], ["lost", "finished"]]
        assert {one.job.scenario for one in found} == {pack.id}
    assert not list(tmp_path.glob("p?/jobs/*"))
    there = sha(ask.out)
    score(ask, settings=store_of)
    assert sha(ask.out) == there


def _mortal(pack, tmp_path, ledger, *, when, whom):
    """The pack, which kills somebody at a block; it writes the first load of each that it answers."""
    folder = tmp_path / "industry" / "fault"
    shutil.copytree(pack.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "pack.py").open("a", encoding="utf8") as file:
        file.write(f"""

import os, signal, time

_plain, _seen = predict, []


def _parent(pid):
    return int(open(f"/proc/{{pid}}/stat").read().rpartition(")")[2].split()[1])


def _first(mark):
    try:
        open(mark, "x").close()
    except FileExistsError:
        return False
    return True


def predict(model, rows, *, spec):
    if {when}:
        os.kill({whom}, signal.SIGKILL)
        time.sleep(60)
    _seen.append(1)
    with open({str(ledger)!r}, "a") as file:
        file.write(f"{{rows['load'].iloc[0]}}\\n")
    return _plain(model, rows, spec=spec)
""")
    return folder
