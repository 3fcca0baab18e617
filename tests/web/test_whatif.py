"""What-if over HTTP: a form becomes a study of one's own, its figures a page and files."""

import csv
import io
import json

import pytest

from qianhang.runs.studies import carrier, desk

POOLS = b"""[[pools]]
id = "a"
operator = "x"
stock = [{ flavour = "nvidia-v100", nodes = 1, chips_per_node = 8, price_fen = 1000 }]
"""
LOG = b"job,submit_s,run_s,procs,req_time_s,user,group\n1,0,3600,8,3600,1,1\n2,0,3600,8,3600,1,1\n"
FORM = {"title": "<b>t</b>", "more": "1", "flavour": "nvidia-v100", "nodes": "1",
        "chips_per_node": "8", "first": "10"}  # fmt: skip


def files(pools=POOLS, log=LOG):
    return {"trace": ("log.csv", log), "pools": ("p.toml", pools)}


@pytest.fixture
def unlaunched(monkeypatch):
    """Studies are kept and not started, so that a test carries them out itself."""
    monkeypatch.setattr(desk, "launch", lambda settings, store, study: None)


def test_a_study_from_the_form_to_its_files(site, signed, unlaunched):
    """Two jobs that fill the pool: 0 and 1 h, with a second pool 0 and 0."""
    site.org("o1")
    own = signed("developer", org="o1")
    put = own.post("/whatif", data=FORM, files=files(), follow_redirects=False)
    assert put.status_code == 303
    where = put.headers["location"]
    assert "every 2s" in own.get(where).text
    (study,) = desk.listed(site.store, {"o1"})
    with site.store.write() as tx:
        desk.close(tx, study.id, now=study_time(study), result=carrier.carried(site.store, study))
    page = own.get(where).text
    assert "30 分钟" in page
    assert "-100.0%" in page
    assert "&lt;b&gt;t&lt;/b&gt;" in page
    body = own.get(f"{where}/figures.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body)))
    assert [float(r["平均等待（h）"]) for r in rows] == [0.5, 0.0]
    assert own.get(f"{where}/waits.xlsx").content.startswith(b"PK")
    for path in ("", "/figures.csv", "/waits.csv"):
        assert (
            signed("developer", org=site.org(f"x{len(path)}")).get(where + path).status_code == 404
        )


def study_time(study):
    from datetime import datetime

    return datetime.fromisoformat(study.asked)


@pytest.mark.parametrize(
    ("change", "sent", "code"),
    [
        ({"more": ""}, {}, "QH880"),
        ({"first": "0"}, {}, "QH880"),
        ({"first": "1e9"}, {}, "QH880"),
        ({"nodes": "nan"}, {}, "QH880"),
        ({"flavour": "<x>"}, {}, "QH880"),
        ({"area_power": "-1"}, {}, "QH880"),
        ({"org": "root"}, {}, "QH862"),
        ({}, {"trace": ("log.exe", LOG)}, "QH883"),
        ({"trace_of": "20260101-000000-00000000"}, {"trace": ("", b"")}, "QH566"),
    ],
)
def test_a_form_that_cannot_be_is_told_so(site, signed, unlaunched, change, sent, code):
    site.org("o1")
    answer = signed("developer", org="o1").post("/whatif", data=FORM | change, files=files() | sent)
    assert answer.status_code in (404, 422)
    assert code in answer.text
    assert desk.listed(site.store, None) == []


def test_who_only_looks_starts_nothing(site, signed):
    site.org("o1")
    assert signed("viewer", org="o1").post("/whatif", data=FORM, files=files()).status_code == 403


# The same by the API


def asked(client, study, **sent):
    return client.post(
        "/api/v1/whatif", data={"study": json.dumps(study)}, files=files() | sent,
    )  # fmt: skip


MORE = {"title": "t", "first": 10, "more": [{"flavour": "nvidia-v100", "nodes": 1}]}


def test_a_study_by_the_api_has_the_figures_and_the_plots_numbers(site, signed, unlaunched):
    """As by the form: 0 and 1 h, so 0.5 h on average; with a second pool none."""
    site.org("o1")
    own = signed("pool_operator", org="o1", scopes=["read", "run"])
    put = asked(own, MORE)
    assert (put.status_code, put.json()["state"]) == (202, "running")
    assert put.json()["files"] == {"trace": "log.csv", "pools": "p.toml"}
    (study,) = desk.listed(site.store, {"o1"})
    with site.store.write() as tx:
        desk.close(tx, study.id, now=study_time(study), result=carrier.carried(site.store, study))
    (line,) = own.get("/api/v1/whatif").json()["items"]
    at = f"/api/v1/whatif/{line['id']}"
    told = own.get(at).json()
    assert {n: told[n] for n in line} == line
    assert [c["figures"]["mean_wait_s"] for c in told["cases"]] == [1800.0, 0.0]
    curves, wait = told["plots"][:2]
    assert [s["y"][-1] for s in curves["series"]] == [1.0, 0.0]
    assert curves["series"][0]["x"] == [100 * s for s in told["shares"]]
    assert (wait["series"][0]["y"], wait["y"]["unit"]) == ([0.5, 0.0], "h")
    assert len(wait["x"]["categories"]) == 2
    assert own.get(f"{at}/waits/csv").content.decode("utf-8-sig").startswith("作业占比（%）")
    assert own.get(f"{at}/figures/xlsx?lang=en").content.startswith(b"PK")
    again = own.post("/api/v1/whatif", data={"study": json.dumps(MORE | {"trace_of": line["id"]})})
    assert again.json()["files"] == {"trace": "log.csv", "pools": ""}
    ids = {s["id"] for s in own.get("/api/v1/whatif").json()["items"]}  # asked at one moment
    assert ids == {line["id"], again.json()["id"]}
    stranger = signed("pool_operator", org=site.org("o2"), scopes=["read", "run"])
    assert stranger.get(at).status_code == stranger.get(f"{at}/waits/csv").status_code == 404
    assert stranger.get("/api/v1/whatif").json()["items"] == []
    theirs = stranger.post(
        "/api/v1/whatif", data={"study": json.dumps(MORE | {"trace_of": line["id"]})}
    )
    assert theirs.json()["code"] == "QH566"


@pytest.mark.parametrize(
    ("study", "code"),
    [
        ({}, "QH880"),
        ({"knobs": {"none": 1}}, "QH880"),
        ({"knobs": {"area_power": 9}}, "QH880"),
        ({"more": [{"flavour": "<x>"}]}, "QH880"),
        ({"down": ["a"], "first": 0}, "QH880"),
        ({"down": ["a"], "org": "root"}, "QH862"),
        ({"down": ["a"], "title": "\0"}, "QH880"),
        ({"down": ["a"], "unknown": 1}, "QH880"),
    ],
)
def test_a_study_that_cannot_be_is_a_problem(site, signed, unlaunched, study, code):
    site.org("o1")
    answer = asked(signed("developer", org="o1", scopes=["run"]), study)
    assert (answer.json()["code"], answer.status_code in (404, 422)) == (code, True)
    assert desk.listed(site.store, None) == []


def test_a_key_without_the_scope_or_the_role_asks_for_no_study(site, signed, unlaunched):
    assert asked(signed("developer", scopes=["read"]), MORE).json()["code"] == "QH908"
    assert asked(signed("viewer", scopes=["run"]), MORE).json()["code"] == "QH906"
