"""Result files of jobs on the page and by the API: for whoever sees the job, never shown inline."""

from dataclasses import replace

import pytest

from qianhang.compute.artefacts import gather, shelf
from qianhang.compute.artefacts.outputs import Outputs
from qianhang.compute.door import engines, jobs, plant
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.job import Job, Want
from qianhang.testing.door_bed import Engine, network

from .conftest import now

PAGE = b"<html><script>alert(document.cookie)</script>"


@pytest.fixture
def made(site, tmp_path, monkeypatch):
    """made(org, files, *outputs) -> id of a job that ended, its outputs collected."""
    engine = Engine("p1")
    monkeypatch.setattr(engines, "driver_of", lambda *_, **__: engine)
    plant.add(site.store, network(tmp_path, "p1"), by="t", at=now())
    door = Supervisor(site.store, site.home)

    def make(org, files, *outputs):
        job = Job(jobs.new_id(), org, Want(1), submitted=0.0, estimate_s=60.0, name=f"of {org}")
        work = jobs.Work("true", outputs=Outputs(outputs or ("*",)))
        with site.store.write() as tx:
            jobs.admit(tx, jobs.Asked(job, work), at=now())
        door.tick(now())
        for name, content in files.items():
            (tmp_path / "p1" / "jobs" / job.id / name).write_bytes(content)
        engine.end(f"{job.id}.1")
        door.tick(now())
        gather.collect(site.store, site.home, now())
        return job.id

    return make


def test_a_file_is_listed_and_taken_home_as_an_attachment(signed, made):
    """HTML too: whoever made it is a stranger to the reader's session."""
    job = made("root", {"page.html": PAGE, "结果 1.csv": b"a,b"})
    client = signed("viewer")
    page = client.get(f"/compute/jobs/{job}").text
    assert f"/compute/jobs/{job}/artefacts/1/download" in page
    assert "结果 1.csv" in page
    for path in (
        f"/compute/jobs/{job}/artefacts/1/download",
        f"/api/v1/compute/jobs/{job}/artefacts/1",
    ):
        got = client.get(path)
        assert got.content == PAGE
        assert got.headers["content-type"] == "application/octet-stream"
        assert got.headers["content-disposition"].startswith(
            "attachment; filename*=UTF-8''page.html"
        )
        assert got.headers.get_list("x-content-type-options") == ["nosniff"]
        assert "default-src 'self'" in got.headers["content-security-policy"]
        assert got.headers["cache-control"] == "private, no-store"
    told = client.get(f"/api/v1/compute/jobs/{job}/artefacts").json()
    assert (told["state"], [one["path"] for one in told["items"]]) == (
        "kept", ["page.html", "结果 1.csv"],
    )  # fmt: skip
    name = client.get(f"/api/v1/compute/jobs/{job}/artefacts/2").headers["content-disposition"]
    assert name.endswith("''%E7%BB%93%E6%9E%9C%201.csv")


def test_no_address_opens_another_companys_files(site, signed, made):
    for org in ("alpha", "beta"):
        site.org(org, kind="company")
    theirs, mine = made("beta", {"a": b"secret"}), made("alpha", {"a": b"mine"})
    client = signed("developer", "administrator", org="alpha")
    here = "/api/v1/compute/jobs/{}/artefacts"
    for path in (here, f"{here}/1", "/compute/jobs/{}/artefacts/1/download"):
        assert client.get(path.format(mine)).status_code == 200
        other, nowhere = client.get(path.format(theirs)), client.get(path.format("j0"))
        assert (other.status_code, nowhere.status_code) == (404, 404)
        assert "QH595" in other.text
        assert "secret" not in other.text
    assert client.delete(here.format(theirs)).status_code == 404
    assert client.post(f"/compute/jobs/{theirs}/artefacts/delete").status_code == 404
    viewer = signed("viewer", org="beta")
    assert viewer.delete(here.format(theirs)).status_code == 403
    assert viewer.post(f"/compute/jobs/{theirs}/artefacts/delete").status_code == 403
    assert viewer.get(f"{here.format(theirs)}/1").content == b"secret"


@pytest.mark.parametrize("number", ["0", "2", "x", "1e3", "99999999999", "١"])
def test_a_number_that_is_none_is_nothing(signed, made, number):
    job = made("root", {"a": b"x"})
    page = signed("viewer").get(f"/compute/jobs/{job}/artefacts/{number}/download")
    assert page.status_code == 404


def test_files_are_deleted_and_collected_again_by_the_jobs_people(site, signed, made):
    client = signed("developer")
    shelf.set_limits(site.store, replace(shelf.Limits(), files=1), by="t", at=now())
    job = made("root", {"a": b"x", "b": b"y"})
    assert client.get(f"/api/v1/compute/jobs/{job}/artefacts").json()["state"] == "too_much"
    assert f"/compute/jobs/{job}/artefacts/collect" in client.get(f"/compute/jobs/{job}").text
    shelf.set_limits(site.store, shelf.Limits(), by="t", at=now())
    told = client.post(f"/api/v1/compute/jobs/{job}/artefacts/collect").json()
    assert told["state"] == "wanted"
    gather.collect(site.store, site.home, now())
    assert client.post(f"/compute/jobs/{job}/artefacts/delete").status_code == 200
    assert client.get(f"/compute/jobs/{job}/artefacts/1/download").status_code == 404
    assert client.delete(f"/api/v1/compute/jobs/{job}/artefacts").status_code == 204
    assert client.get(f"/api/v1/compute/jobs/{job}/artefacts").json()["state"] == "gone"
    assert "已删除" in client.get(f"/compute/jobs/{job}").text


def test_bytes_that_changed_are_an_error_and_no_file(site, signed, made):
    job = made("root", {"a": b"good"})
    found = shelf.listed(site.store, job)[0]
    (site.home / "files-artefacts" / found.sha[:2] / found.sha).write_bytes(b"evil")
    got = signed("viewer").get(f"/api/v1/compute/jobs/{job}/artefacts/1")
    assert (got.status_code, got.json()["code"]) == (500, "QH706")


def test_a_task_that_names_no_outputs_says_so(signed, made, site):
    job = Job(jobs.new_id(), "root", Want(1), submitted=0.0, estimate_s=60.0)
    with site.store.write() as tx:
        jobs.admit(tx, jobs.Asked(job, jobs.Work("true")), at=now())
    client = signed("viewer")
    told = client.get(f"/api/v1/compute/jobs/{job.id}/artefacts")
    assert (told.status_code, told.json()["code"]) == (404, "QH527")
    assert 'id="artefacts"' not in client.get(f"/compute/jobs/{job.id}").text


def test_an_odd_name_is_text_on_the_page(signed, made):
    job = made("root", {"<b>x&y": b"x"})
    page = signed("viewer").get(f"/compute/jobs/{job}").text
    assert "&lt;b&gt;x&amp;y" in page
    assert "<b>x" not in page


def test_a_file_whose_bytes_stayed_behind_is_told_as_absent_and_no_fault(site, signed, made):
    """As in a store that was restored: a backup has the rows, and none of the bytes."""
    job = made("root", {"a": b"good"})
    (kept,) = [one for one in (site.home / "files-artefacts").rglob("*") if one.is_file()]
    kept.unlink()
    client = signed("viewer")
    got = client.get(f"/api/v1/compute/jobs/{job}/artefacts/1")
    assert (got.status_code, got.json()["code"]) == (404, "QH527")
    assert client.get(f"/compute/jobs/{job}/artefacts/1/download").status_code == 404
