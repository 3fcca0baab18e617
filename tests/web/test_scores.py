"""Tables scored from the console and by the API: asked, carried out, seen, taken home."""

import io
import os
import time
from datetime import timedelta

import pandas as pd
import pytest

from qianhang import models
from qianhang.core.pack import find
from qianhang.core.spec import make
from qianhang.runs import asks, carrier, claims, record
from qianhang.runs.scoring import asked as scoring

from .conftest import now

SCENARIO = "health.cvd_risk"
PATH = "/api/v1/scores"


@pytest.fixture(scope="module")
def fitted():
    """(pack, model) of the pack's own sample."""
    pack = find(SCENARIO)
    spec = make(pack.manifest, pack.manifest.find_case(), seed=0, params={})
    return pack, pack.code.fit(pack.code.sample(3).table, spec=spec)


@pytest.fixture
def kept(site, fitted):
    """A version of its model that was accepted."""
    pack, model = fitted
    case = pack.manifest.find_case()
    asking = {"seed": 0, "params": {}}
    run = record.begin(
        site.store, key="k", scenario=pack.id, case=case.name, request=asking, now=now()
    )
    sha = models.save(site.store.files, model, local=pack.code)
    card = models.Card({"zh": "风险", "en": "risk"})
    with site.store.write() as tx:
        new = models.NewModel(pack.id, "accepted", sha, run.id, card)
        models.register(tx, new, at=now())
        record.close(tx, run, state="failed", result={}, now=now())
    record.let_go(run)


@pytest.fixture
def table(fitted):
    """200 people as a Parquet file, one of them of an age that nobody has."""
    people = fitted[0].code.sample(5).table.drop(columns=["follow_up", "event"]).iloc[:200].copy()
    people["age"] = people["age"].astype(float)
    people.iloc[7, people.columns.get_loc("age")] = 400.0
    out = io.BytesIO()
    people.to_parquet(out)
    return out.getvalue()


def carried_out(site, ask_id, monkeypatch):
    """As the dispatcher's carrier does it, in this process."""
    monkeypatch.setenv("QIANHANG_HOME", str(site.home))
    chosen = claims.claim(site.store, slots=9, now=now())
    assert chosen.id == ask_id
    monkeypatch.setattr(carrier.signal, "signal", lambda *_: None)
    assert carrier.main(ask_id) == 0


@pytest.mark.slow
def test_a_table_is_scored_from_the_form_to_the_answers(site, signed, kept, table, monkeypatch):
    developer = signed("developer")
    form = developer.get(f"/scenarios/{SCENARIO}").text
    assert f'action="/scenarios/{SCENARIO}/scores"' in form
    files = {"table": ("people.parquet", table)}
    page = developer.post(f"/scenarios/{SCENARIO}/scores", files=files, data={"jobs": "1"})
    (put,) = asks.asks(site.store, None, work="score")
    assert (page.status_code, str(page.url).endswith(f"/runs/asks/{put.id}")) == (200, True)
    carried_out(site, put.id, monkeypatch)
    page = developer.get(f"/runs/asks/{put.id}").text
    assert f"/runs/scores/{put.id}/rejects/download" in page
    got = developer.get(f"/runs/scores/{put.id}/answers/download")
    assert got.headers["content-disposition"].startswith("attachment")
    answers = pd.read_parquet(io.BytesIO(got.content))
    assert len(answers) == 199
    assert answers["risk"].between(0, 1).all()
    told = developer.get(f"{PATH}/{put.id}").json()
    sums = told["sums"]
    assert (told["state"], sums["rows"], sums["answers"], sums["rejects"]) == (
        "finished", 200, 199, 1,
    )  # fmt: skip
    assert sums["peak_mb"] > 50
    assert "400" in developer.get(f"{PATH}/{put.id}/rejects").text
    events = developer.get(f"/api/v1/asks/{put.id}/events").json()["items"]
    assert ("score", "progress", 1, 1) in [
        (e["step"], e["state"], e["done"], e["total"]) for e in events
    ]
    assert f"/runs/asks/{put.id}" in developer.get(f"/scenarios/{SCENARIO}").text
    assert developer.get("/api/v1/asks").json()["items"] == []  # a run was never asked for


def sent(client, table, **more):
    up = client.post("/api/v1/uploads", files={"files": ("t.parquet", table)}).json()["id"]
    return client.post(PATH, json={"scenario": SCENARIO, "upload": up, **more})


def test_what_cannot_be_scored_is_refused_before_anything_waits(site, signed, kept, table):
    developer = signed("developer")
    refused = {
        "QH206": sent(developer, table, scenario="no.such"),
        "QH816": sent(developer, table, scenario="energy.load_forecast"),
        "QH802": sent(developer, table, jobs=3),
        "QH501": sent(developer, table, pool="nowhere"),
        "QH852": developer.post(PATH, json={"scenario": SCENARIO, "upload": "../../x.parquet"}),
        "QH607": sent(developer, table, version=9),
    }
    assert {code: one.json()["code"] for code, one in refused.items()} == {c: c for c in refused}
    short = io.BytesIO()
    pd.DataFrame({"age": [50]}).to_parquet(short)
    answer = sent(developer, short.getvalue())
    assert (answer.status_code, "column" in answer.text) == (422, True)
    assert asks.asks(site.store, None) == []
    page = developer.post(f"/scenarios/{SCENARIO}/scores", files={"table": ("t.csv", b"age\n50\n")})
    assert page.status_code == 422
    assert (
        "energy.load_forecast/scores" not in developer.get("/scenarios/energy.load_forecast").text
    )


def test_a_scoring_is_its_organisations_own(site, signed, kept, table):
    for name in ("alpha", "beta"):
        site.org(name, kind="company")
    own = signed("developer", org="alpha")
    viewer, other = signed("viewer", org="alpha"), signed("developer", org="beta")
    put = sent(own, table).json()["id"]
    assert [one["id"] for one in viewer.get(PATH).json()["items"]] == [put]
    for path in (f"{PATH}/{put}", f"{PATH}/{put}/answers", f"/runs/scores/{put}/answers/download"):
        assert other.get(path).status_code == 404
    assert other.get(PATH).json()["items"] == []
    body = {"scenario": SCENARIO, "upload": own.get(f"{PATH}/{put}").json()["upload"]}
    assert viewer.post(PATH, json=body).status_code == 403
    assert other.post(PATH, json=body).json()["code"] == "QH852"
    assert viewer.post(f"/api/v1/asks/{put}/cancel").status_code == 403
    gone = own.get(f"{PATH}/{put}/answers")
    assert (gone.status_code, gone.json()["code"]) == (404, "QH854")
    assert own.post(f"/api/v1/asks/{put}/cancel").json()["state"] == "cancelled"


def test_the_same_token_scores_once(site, signed, kept, table):
    developer = signed("developer")
    up = developer.post("/api/v1/uploads", files={"files": ("t.parquet", table)}).json()["id"]
    body, key = {"scenario": SCENARIO, "upload": up}, {"Idempotency-Key": "one"}
    ids = {developer.post(PATH, json=body, headers=key).json()["id"] for _ in range(2)}
    assert len(ids) == 1
    other = developer.post(PATH, json=body | {"version": 1}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "QH867")


def test_answers_are_forgotten_after_their_days_and_one_that_fails_leaves_nothing(
    site, signed, kept, table, monkeypatch
):
    developer = signed("developer")
    put = sent(developer, table).json()
    upload = site.home / "uploads" / "root" / put["upload"]
    upload.write_bytes(b"no table any more")
    carried_out(site, put["id"], monkeypatch)
    told = developer.get(f"{PATH}/{put['id']}").json()
    assert (told["state"], told["sums"]) == ("failed", None)
    assert told["error"]["code"].startswith("QH1")
    assert not list((site.home / "scores").glob("*"))
    old, new = site.home / "scores" / "a", site.home / "scores" / "b"
    for folder in (old, new):
        folder.mkdir()
        (folder / "answers.parquet").write_bytes(b"x")
    then = time.time() - timedelta(days=31).total_seconds()
    for path in (old / "answers.parquet", old):
        os.utime(path, (then, then))
    assert scoring.forget(site.home, before=time.time() - 30 * 86400) == 1
    assert (old.exists(), new.exists()) == (False, True)
