"""What-if over HTTP: a form becomes a study of one's own, its figures a page and files."""

import csv
import io

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
