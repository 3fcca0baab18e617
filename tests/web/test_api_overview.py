"""The API tells what the overview, safety and the portal show, to whom they show it."""

import hashlib
import io
import json
import shutil

import pandas as pd
from starlette.testclient import TestClient

from qianhang.plan import boundary
from qianhang.safety import CODES
from qianhang.store import Settings
from qianhang.web.app import create_app
from qianhang.web.site import now

SQUARE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": "浙江省"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[118, 27], [123, 27], [123, 31], [118, 27]]],
            },
        }
    ],
}


def read(client, place, **query):
    answer = client.get(f"/api/v1/{place}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_overview_counts_what_the_page_counts(site, signed):
    """One plan, its confirmed targets counted from the ledger; one run begun a moment ago."""
    plan = site.plan()
    run = site.run()
    viewer = signed("viewer")
    told = read(viewer, "overview")
    targets = read(viewer, f"plans/{plan.ref}/targets", limit=200)["items"]
    assert told["plans"] == 1
    assert told["targets"]["total"] == len(targets) == sum(told["targets"]["states"].values())
    assert told["runs_today"] == {"finished": 1}
    shelf = told["scenarios"]
    assert shelf["total"] == sum(shelf["tiers"].values())
    assert shelf["total"] == sum(one["total"] for one in shelf["industries"])
    assert told["late"] == sum(t["state"] in ("overdue", "behind") for t in targets)
    assert len(told["latest"]) == min(told["late"], 12)
    assert told["compute"]["threads"] >= told["compute"]["threads_free"] >= 0
    changes = read(viewer, "overview/changes")["items"]
    assert {c["run"] for c in changes if c["kind"] == "runs"} <= {"", run.id}
    assert sum(told["changes"].values()) == len(changes) > 0
    one = read(viewer, "overview/changes", kind="confirmed")["items"]
    assert {c["kind"] for c in one} == {"confirmed"}


def test_changes_come_in_whole_pages(site, signed):
    for name in ("root", site.org("east"), site.org("west")):
        site.plan(org=name)
    viewer, found, cursor = signed("viewer"), [], ""
    every = read(viewer, "overview/changes")["items"]
    while cursor is not None:
        page = read(viewer, "overview/changes", limit=1, cursor=cursor)
        found += page["items"]
        cursor = page["next"]
    assert found == every
    assert len(found) == 3


def test_the_map_opens_a_province_and_shows_what_its_city_reached(site, signed):
    """A plan of Hangzhou counts for the city, and for Zhejiang around it, and nowhere else."""
    plan = site.plan()
    office = signed("programme_office")
    seen = read(office, f"plans/{plan.ref}")["revision"]
    heading = {"revision": seen, "region": "杭州市"}
    place = f"/api/v1/plans/{plan.ref}/heading"
    assert office.post(place, json=heading).status_code == 200
    country = read(office, "overview/map")
    assert len(country["provinces"]) == 34
    assert (country["cities"], country["province"], country["boundary"]) == ([], None, None)
    assert [t["name"] for t in country["provinces"] if t["plans"]] == ["浙江"]
    opened = read(office, "overview/map", province="浙江省")
    assert opened["province"] == "浙江"
    (city,) = [t for t in opened["cities"] if t["plans"]]
    assert city["name"].startswith("杭州")
    assert city["targets"] == read(office, "overview")["targets"]["total"]
    nowhere = office.get("/api/v1/overview/map", params={"province": "亚特兰蒂斯"})
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "QH862")


def test_the_operators_own_map_comes_with_its_approval_number(site, signed):
    viewer = signed("viewer")
    assert viewer.get("/api/v1/overview/map/boundary").status_code == 404
    raw = json.dumps(SQUARE).encode()
    boundary.keep(site.store, raw, approval="GS(2024)0650号", by="t", at=now())
    told = read(viewer, "overview/map")["boundary"]
    assert told["approval"] == "GS(2024)0650号"
    drawn = viewer.get("/api/v1/overview/map/boundary")
    assert drawn.headers["content-type"] == "application/geo+json"
    assert hashlib.sha256(drawn.content).hexdigest() == told["sha256"]


def test_the_overview_of_one_organisation_holds_nothing_of_another(site, signed):
    for name in ("east", "west"):
        site.org(name, kind="company")
    plan, run = site.plan(org="east"), site.run(org="east", own="x")
    east, west = signed("viewer", org="east"), signed("viewer", org="west")
    for place in ("overview", "overview/changes", "safety"):
        told = json.dumps(read(west, place), ensure_ascii=False)
        assert run.id not in told, place
        assert f'"{plan.ref}"' not in told, place
    assert read(east, "overview")["plans"] == 1
    assert read(west, "overview")["plans"] == 0
    assert (read(east, "safety")["judged"], read(west, "safety")["judged"]) == (1, 0)


def test_safety_tells_verdicts_grades_and_what_is_refused(site, signed):
    code = min(CODES)
    reason = {"code": code, "blocks": "accepted", "zh": "z", "en": "e"}
    run = site.run(gate={"open": False, "stage": "rejected", "reasons": [reason]})
    viewer = signed("viewer")
    told = read(viewer, "safety")
    assert told["stages"]["rejected"] == 1
    (why,) = told["reasons"]
    assert (why["code"], why["count"], why["runs"]) == (code, 1, [run.id])
    assert told["negative"]
    assert told["negative"][0]["clause"]
    high = read(viewer, "safety/grades", risk="high", limit=200)["items"]
    assert len(high) == min(told["levels"]["high"], 200)
    assert {g["risk"] for g in high} <= {"high"}


def test_a_bulletin_is_looked_at_before_anything_is_frozen(site, signed):
    """The preview's text is what the issued file says, and before it nothing is issued."""
    office, plan = signed("programme_office"), site.plan()
    place = f"/api/v1/plans/{plan.ref}/bulletins"
    wanted = {"period": "2026年第一季度", "issuer": "某市专班", "on": "2026-03-31"}
    seen = office.post(f"{place}/preview", json=wanted)
    assert seen.status_code == 200, seen.text
    told = seen.json()
    assert office.get(place).json()["items"] == []
    assert told["issuer"] == "某市专班"
    kinds = {b["kind"] for b in told["blocks"]}
    assert {"heading", "text"} <= kinds <= {"heading", "text", "grid"}
    first = next(b for b in told["blocks"] if b["kind"] == "heading")
    assert first["ordinal"] == "一、"
    grid = [b for part in (told, *told["annexes"]) for b in part["blocks"] if b["kind"] == "grid"]
    assert all(len(row) == len(b["heads"]) for b in grid for row in b["rows"])
    made = office.post(place, json=wanted).json()
    assert office.get(f"{place}/{made['id']}/txt").text == told["text"]
    late = office.post(f"{place}/preview", json=wanted | {"on": "2999-01-01"})
    assert late.json()["code"] == "QH831"
    assert signed("viewer").post(f"{place}/preview", json=wanted).status_code == 403


def test_the_words_behind_an_item_are_read_where_it_points(site, signed):
    viewer, plan = signed("viewer"), site.plan()
    item = read(viewer, f"plans/{plan.ref}/items/T1")
    size = item["end"] - item["start"]
    part = read(viewer, f"plans/{plan.ref}/text", start=item["start"], most=size)
    assert part["text"] == item["span"]
    whole = read(viewer, f"plans/{plan.ref}/text")
    assert len(whole["text"]) == whole["length"] == whole["end"]


def test_a_runs_log_and_figures_are_read_as_the_page_shows_them(site, signed):
    run, viewer = site.run(), signed("viewer")
    assert read(viewer, f"runs/{run.id}/log") == {"run": run.id, "text": "done"}
    assert read(viewer, f"runs/{run.id}/figures", lang="en")["items"] == []
    none = viewer.get(f"/api/v1/runs/{run.id}/figures/nothing/csv")
    assert (none.status_code, none.json()["code"]) == (404, "QH804")


def test_a_figure_of_a_run_comes_as_an_option_to_draw_and_as_a_whole_table(site, signed):
    """A fan of 2,500 hours, of which two weeks are drawn; the file has all of them."""
    hours = pd.date_range("2024-01-01", periods=2500, freq="h", tz="Asia/Shanghai", name="time")
    load = [100.0 + i % 24 for i in range(2500)]
    rows = io.BytesIO()
    pd.DataFrame({"p50": load, "actual": load}, index=hours).to_parquet(rows)
    tables = {"forecast": site.store.files.put(rows.getvalue())}
    run = site.run(scenario="energy.load_forecast", case="vic", tables=tables)
    viewer = signed("viewer")
    figures = read(viewer, f"runs/{run.id}/figures", lang="en")["items"]
    (fan,) = [f for f in figures if f["kind"] == "fan"]
    assert {"series", "xAxis", "yAxis"} <= fan["option"].keys()
    answer = viewer.get(f"/api/v1/runs/{run.id}/figures/{fan['key']}/csv")
    assert answer.status_code == 200
    assert (fan["rows"], answer.text.count("\n")) == (14 * 24, 2500 + 1)


# The portal


def test_anybody_sees_what_is_public_and_complains(site, signed):
    stranger, office = site.client, signed("programme_office")
    site.plan()
    assert read(stranger, "portal/bulletins")["items"] == []
    made = office.post("/api/v1/plans/P1/bulletins", json={"period": "2026"}).json()
    file = f"/api/v1/portal/bulletins/{made['id']}/txt"
    assert stranger.get(file).status_code == 404
    decide = f"/api/v1/plans/P1/bulletins/{made['id']}/publication"
    assert office.post(decide, json={"public": True}).status_code == 200
    (one,) = read(stranger, "portal/bulletins")["items"]
    assert hashlib.sha256(stranger.get(file).content).hexdigest() == one["files"]["txt"]
    assert read(stranger, "portal/scenarios")["items"] == []
    asked = read(stranger, "portal/answers", q="数据出境要做安全评估吗")
    assert (asked["available"], asked["passages"]) == (False, [])
    sent = {"kind": "error", "text": "图中单位有误", "contact": "138", "once": "a"}
    first = stranger.post("/api/v1/portal/complaints", json=sent)
    assert first.status_code == 201
    again = stranger.post("/api/v1/portal/complaints", json=sent)
    assert again.json() == first.json()
    ref = first.json()["ref"]
    told = stranger.get(f"/api/v1/portal/complaints/{ref}")
    assert told.json()["state"] == "received"
    assert "图中单位有误" not in told.text
    assert "138" not in told.text


def test_an_address_that_complains_too_often_is_told_to_wait(site):
    sent = {"kind": "advice", "text": "多些公开数据"}
    answers = [site.client.post("/api/v1/portal/complaints", json=sent) for _ in range(6)]
    assert [a.status_code for a in answers] == [201] * 5 + [429]
    assert answers[-1].json()["code"] == "QH873"
    assert int(answers[-1].headers["retry-after"]) > 0
    # The console's form counts with it.
    form = site.client.post("/open/complaint", data=sent, follow_redirects=False)
    assert form.status_code == 429


def test_no_complaint_is_sent_by_another_sites_page(site):
    answer = site.client.post(
        "/api/v1/portal/complaints", json={"kind": "advice", "text": "a"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (403, "QH887")


# Limits over several workers


def test_two_workers_over_one_store_let_a_limit_through_once(tmp_path, empty_home):
    """Four requests a minute: four pass, whichever worker they meet, and each tells the limit."""
    home = shutil.copytree(empty_home, tmp_path / "home")
    apps = [create_app(Settings(home=home), slots=0, rate=4, workers=2) for _ in range(2)]
    with TestClient(apps[0]) as one, TestClient(apps[1]) as two:
        answers = [client.get("/api/v1/me") for client in (one, two, two, one, two, one)]
    assert [a.status_code for a in answers] == [401] * 4 + [429] * 2
    assert [a.headers["ratelimit-remaining"] for a in answers] == ["3", "2", "1", "0", "0", "0"]
    assert {a.headers["ratelimit-limit"] for a in answers} == {"4"}
