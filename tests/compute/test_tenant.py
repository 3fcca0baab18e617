"""As whom a task of somebody else runs on this machine: what it can read, and what it cannot."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from qianhang.compute.driver import follow
from qianhang.compute.drivers import driver_of
from qianhang.compute.drivers.tenant import DYNAMIC, SERVICE, chosen, tenant
from qianhang.compute.task import Task
from qianhang.core.errors import PoolUnavailable, UsageError

ROOT = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root becomes somebody else"
)


@pytest.fixture
def place():
    """A folder that everybody may pass, as pytest's own are not."""
    found = Path(tempfile.mkdtemp())
    found.chmod(0o755)
    yield found
    shutil.rmtree(found)


@pytest.fixture
def home(place):
    """A store's folder that was left open to everybody."""
    found = place / "home"
    found.mkdir(mode=0o755)
    (found / "qianhang.db").write_text("secret")
    (found / "qianhang.db").chmod(0o644)
    return found


def pool(place, home, *, user="", inside="pool"):
    settings = {"folder": str(place / inside), "threads": 2, "user": user}
    return driver_of("local", settings, folder=place / "none", name="p", home=home)


def ran(driver, job, script, *, own=False, token=""):
    """What the script printed, run as the job of this name."""
    work = driver.folder / "jobs" / job
    work.mkdir(parents=True, exist_ok=True)
    task = Task(token or f"{job}.1", ("/bin/bash", "-c", script), work, own=own)
    follow(driver, driver.submit(task))
    return driver.log(task.token).decode().split()


@ROOT
def test_what_is_submitted_reads_neither_the_store_nor_another_jobs_files(place, home):
    driver = pool(place, home, user=DYNAMIC)
    assert ran(driver, "one", "echo own > mine; cat mine; id -u > /dev/stdout")[0] == "own"
    other = driver.folder / "jobs" / "one" / "mine"
    plan = driver.folder / "one.1" / "job.json"
    script = "\n".join(
        f"cat {path} 2>/dev/null || echo shut"
        for path in (home / "qianhang.db", other, plan, driver.folder / "one.1" / "log.txt")
    )
    assert ran(driver, "two", script) == ["shut"] * 4
    assert (home / "qianhang.db").read_text() == "secret"


@ROOT
def test_each_job_has_a_user_of_its_own_and_the_same_at_each_go(place, home):
    driver = pool(place, home, user=DYNAMIC)
    ids = [ran(driver, job, "id -u; id -G; id -g", token=f"{job}.{go}")
           for job, go in (("one", 1), ("two", 1), ("one", 2))]  # fmt: skip
    assert ids[0] == ids[2] != ids[1]
    assert all(uid == groups == gid != "0" for uid, groups, gid in ids)


@ROOT
def test_its_work_is_there_for_the_next_go_and_closed_in_between(place, home):
    driver = pool(place, home, user=DYNAMIC)
    ran(driver, "one", "umask 077; echo far > checkpoint")
    assert (driver.folder / "jobs" / "one").stat().st_uid == 0
    assert ran(driver, "one", "cat checkpoint", token="one.2") == ["far"]


@ROOT
def test_programs_that_carry_rights_give_it_none(place, home):
    driver = pool(place, home, user=DYNAMIC)
    shutil.copy(shutil.which("cat"), place / "cat")
    (place / "cat").chmod(0o4755)
    assert ran(driver, "one", f"{place}/cat {home}/qianhang.db 2>&1 || echo shut")[-1] == "shut"


@ROOT
def test_a_named_user_runs_it_and_the_platforms_own_work_runs_as_the_service(place, home):
    driver = pool(place, home, user="nobody")
    assert ran(driver, "one", "id -un") == ["nobody"]
    assert ran(driver, "two", "id -u; echo $HOME", own=True)[0] == "0"
    assert ran(pool(place, home, user=SERVICE), "three", "id -u") == ["0"]


@ROOT
@pytest.mark.parametrize("inside", ["home/pools/p", "closed/pool"])
def test_no_script_runs_where_it_could_only_run_as_the_service(place, home, inside):
    (place / "closed").mkdir(mode=0o700)
    driver = pool(place, home, user=DYNAMIC, inside=inside)
    with pytest.raises(PoolUnavailable, match="does not run as the service's own user") as told:
        ran(driver, "one", "true")
    assert told.value.code == "QH502"
    assert not (driver.folder / "one.1" / "started").exists()


@ROOT
def test_a_pool_that_says_nothing_goes_by_the_setting_and_a_root_service_by_dynamic(monkeypatch):
    monkeypatch.setenv("QIANHANG_POOL_USER", "nobody")
    assert driver_of("local", {}, folder=Path("/none")).user == "nobody"
    monkeypatch.delenv("QIANHANG_POOL_USER")
    assert driver_of("local", {}, folder=Path("/none")).user == DYNAMIC


@ROOT
@pytest.mark.parametrize("user", ["root", "0", "no-such-user"])
def test_root_and_nobody_known_are_refused(user):
    with pytest.raises(UsageError) as told:
        chosen(user)
    assert told.value.code == "QH547"


def test_a_service_that_is_not_root_runs_jobs_as_itself_and_promises_no_other(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert chosen("") == SERVICE
    assert tenant(SERVICE, "one") is None
    with pytest.raises(UsageError, match="is not root"):
        chosen("nobody")
