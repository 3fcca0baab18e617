"""Pages and API of the compute network: pools, jobs, quotas, as far as the reader sees them."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from qianhang.compute.door import attempts, jobs, plant, quotas, taskfile
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.job import Want
from qianhang.runs import quoting
from qianhang.testing.door_bed import Engine, network, put, until_over

from .conftest import now

TASK = "name: try\nresources: {cpus: 1}\nestimate: 1m\nrun: echo out"


class Ticking:
    """The time of day, moved on as a test asks."""

    def __init__(self):
        self.late = timedelta()

    def __call__(self, seconds=0.0):
        self.late += timedelta(seconds=seconds)
        return now() + self.late


@pytest.fixture
def engine(monkeypatch):
    """The engine of every pool, in memory: it ends what the test says."""
    from qianhang.compute.door import engines

    made = Engine("p1")
    monkeypatch.setattr(engines, "driver_of", lambda *_, **__: made)
    return made


@pytest.fixture
def pools(site, tmp_path):
    """Two pools of four cores each, of the operator `op`, in a city of the map."""
    found = network(tmp_path, "p1", "p2")
    placed = tuple(replace(one, city="杭州市") for one in found.pools)
    plant.add(site.store, replace(found, pools=placed), by="t", at=now())
    return site.store


@pytest.fixture
def two(site, pools):
    """A job of each of two companies, the first of which runs on p1."""
    for org in ("alpha", "beta"):
        site.org(org, kind="company")
    return {org: put(pools, now, org=org, name=f"of {org}") for org in ("alpha", "beta")}


def test_without_a_pool_the_page_says_how_one_joins(signed):
    page = signed("viewer").get("/compute")
    assert page.status_code == 200
    assert "qianhang compute pool add pools.toml" in page.text
    assert "ascend-910b" in page.text


def test_a_pools_stock_use_and_queue_stand_on_the_map_and_in_the_table(site, signed, pools, engine):
    """Three of p1's and p2's eight cores are taken by one job; another, of nine, fits nowhere."""
    put(pools, now, org="root", want=Want(3))
    Supervisor(pools, site.home).tick(now())
    put(pools, now, org="root", want=Want(1))
    page = signed("viewer").get("/compute?province=浙江").text
    assert "杭州市" in page
    assert ">38%</text>" in page  # 3 / 8
    told = signed("viewer").get("/api/v1/compute/pools").json()["items"]
    assert sum(one["busy"] for one in told) == 3
    assert [one["queue"] for one in told] == [1, 1]
    assert {one["health"] for one in told} == {"up"}
    assert "folder" not in json.dumps(told)


def test_the_table_of_pools_comes_as_a_file(signed, pools):
    text = signed("viewer").get("/compute/pools.csv").content.decode("utf-8-sig")
    assert text.count("\r\n") == 3
    assert "p1" in text


def test_a_silent_pool_is_an_alarm_on_its_page_and_on_the_overview(signed, pools, engine, site):
    engine.fault = ConnectionError("10.0.0.7 refused")
    clock = Ticking()
    door = Supervisor(pools, site.home)
    for _ in range(4):
        door.tick(clock(400.0))
    viewer = signed("viewer")
    assert "失联" in viewer.get("/compute").text
    overview = viewer.get("/").text
    assert 'href="/compute/pools/p1"' in overview
    assert "失联" in overview
    assert "10.0.0.7" not in viewer.get("/compute/pools/p1").text
    assert "10.0.0.7" in signed("pool_operator").get("/compute/pools/p1").text


@pytest.mark.parametrize(("value", "told"), [(1.25, []), (1.253, ["p1"])])
def test_a_site_whose_meters_tell_too_high_a_pue_is_an_alarm(signed, pools, value, told):
    site = plant.held(pools, "p1").pool.place
    meters = {"value": value, "source": "电表 (12/12)", "start": "2025-01-01", "end": "2025-12-31"}
    with pools.write() as tx:
        plant.set_pue(tx, {site: meters | {"kind": "metered"}}, by="t", at=now())
    viewer = signed("viewer")
    assert viewer.get("/api/v1/overview").json()["network"]["above"] == told
    assert ("PUE 1.253，高于 1.25（电表 (12/12)）" in viewer.get("/").text) == bool(told)


def test_the_overview_counts_cards_in_use_and_jobs_that_wait(signed, pools, engine, site):
    put(pools, now, org="root", want=Want(3))
    Supervisor(pools, site.home).tick(now())
    put(pools, now, org="root")
    told = signed("viewer").get("/api/v1/overview").json()["network"]
    assert told == {
        "pools": 2, "cards": 8, "busy": 3.0, "waiting": 1, "running": 1, "away": [],
        "above": [],
    }  # fmt: skip
    page = signed("viewer").get("/").text
    assert '3<span class="of"> / 8</span>' in page


# Rights


@pytest.mark.parametrize(
    "path",
    [
        "/compute/jobs/{id}", "/compute/jobs/{id}/events", "/compute/jobs/{id}/download",
        "/api/v1/compute/jobs/{id}", "/api/v1/compute/jobs/{id}/why",
        "/api/v1/compute/jobs/{id}/log", "/api/v1/compute/jobs/{id}/stream",
    ],
)  # fmt: skip
def test_no_address_opens_the_job_of_another_company(signed, two, path):
    """What is another's answers as what is nowhere, but for the id that was asked for."""
    client = signed("developer", "viewer", org="alpha")
    other = client.get(path.format(id=two["beta"]))
    nowhere = client.get(path.format(id="j000000000000"))
    assert (other.status_code, nowhere.status_code) == (404, 404)
    assert "QH595" in other.text
    assert "of beta" not in other.text


def test_nobody_cancels_another_companys_job(site, signed, two):
    client = signed("developer", org="alpha")
    for path in ("/compute/jobs/{}/cancel", "/api/v1/compute/jobs/{}/cancel"):
        assert client.post(path.format(two["beta"])).status_code == 404
    assert not jobs.get(site.store, two["beta"]).cancel
    assert client.post(f"/compute/jobs/{two['alpha']}/cancel").status_code == 200
    assert jobs.get(site.store, two["alpha"]).cancel


def test_a_viewer_sees_its_companys_jobs_and_may_do_nothing_to_them(site, signed, two):
    viewer = signed("viewer", org="alpha")
    for path in ("/compute/jobs", "/compute/pools/p1", "/api/v1/compute/jobs", "/compute/mine"):
        assert two["beta"] not in viewer.get(path).text
    assert two["alpha"] in viewer.get("/compute/jobs").text
    page = viewer.get(f"/compute/jobs/{two['alpha']}").text
    assert "/cancel" not in page
    for path in (f"/compute/jobs/{two['alpha']}/cancel", "/compute/jobs", "/compute/quotas"):
        assert viewer.post(path, data={"task": TASK}).status_code == 403
    assert not jobs.get(site.store, two["alpha"]).cancel


def test_filters_name_no_other_company(signed, two):
    client = signed("developer", org="alpha")
    for query in ("org=beta", "state=any&org=beta", "pool=p1&org=beta"):
        assert two["beta"] not in client.get(f"/compute/jobs?{query}").text
        assert (
            client.get(f"/api/v1/compute/jobs?{query.replace('state=any&', '')}").json()["items"]
            == []
        )


def test_why_a_job_waits_names_no_job_of_another_company(site, signed, pools, engine):
    """A job of beta, over its age, reserves a pool; a job of alpha waits behind it."""
    for org in ("alpha", "beta"):
        site.org(org, kind="company")
    first = put(pools, now, org="beta", want=Want(4), pools=("p1",), estimate_s=9e5)
    door = Supervisor(pools, site.home)
    door.tick(now())
    second = put(pools, now, org="beta", want=Want(4), pools=("p1",), max_wait_s=0.0)
    mine = put(pools, now, org="alpha", want=Want(1), pools=("p1",))
    page = signed("viewer", org="alpha").get(f"/compute/jobs/{mine}").text
    assert "p1" in page
    told = signed("viewer", org="alpha").get(f"/api/v1/compute/jobs/{mine}/why").text
    for other in (first, second):
        assert other not in page + told


def test_a_job_is_not_submitted_for_another_company(site, signed, two):
    client = signed("developer", org="alpha")
    page = client.post("/compute/jobs", data={"task": TASK, "org": "beta"})
    assert page.status_code == 404
    told = client.post("/api/v1/compute/jobs", json={"task": TASK, "org": "beta"})
    assert told.status_code == 404
    assert len(jobs.listed(site.store)) == 2


def test_another_site_cannot_submit_or_cancel(site, signed, two):
    client = signed("developer", org="alpha")
    client.headers["Sec-Fetch-Site"] = "cross-site"
    for path in ("/compute/jobs", f"/compute/jobs/{two['alpha']}/cancel", "/compute/quotas"):
        assert client.post(path, data={"task": TASK}).status_code == 403
    assert not jobs.get(site.store, two["alpha"]).cancel
    assert len(jobs.listed(site.store)) == 2


def test_a_pool_is_drained_by_whoever_runs_it_and_by_nobody_else(site, signed, pools):
    site.org("op", kind="company")
    site.org("rival", kind="company")
    turn = {"state": "draining"}
    assert signed("developer").post("/compute/pools/p1/turn", data=turn).status_code == 403
    rival = signed("pool_operator", org="rival")
    assert rival.post("/compute/pools/p1/turn", data=turn).status_code == 403
    assert rival.post("/api/v1/compute/pools/p1/turn", json=turn).status_code == 403
    assert plant.held(pools, "p1").state == "open"
    own = signed("pool_operator", org="op")
    assert own.post("/compute/pools/p1/turn", data=turn).status_code == 200
    assert plant.held(pools, "p1").state == "draining"
    assert own.post("/compute/pools/p1/turn", data={"state": "left"}).status_code == 422
    assert (
        signed("pool_operator").post("/compute/pools/p1/turn", data={"state": "open"}).status_code
        == 200
    )
    assert plant.held(pools, "p1").state == "open"
    assert own.post("/compute/pools/nowhere/turn", data=turn).status_code == 404


# Submitting


def test_a_task_becomes_a_job_once_however_often_the_form_is_sent(site, signed, pools):
    client = signed("developer")
    sent = {"task": TASK, "key": "one", "project": "p"}
    pages = [client.post("/compute/jobs", data=sent, follow_redirects=False) for _ in range(2)]
    assert len({page.headers["location"] for page in pages}) == 1
    (kept,) = jobs.listed(site.store)
    assert (kept.job.name, kept.job.project, kept.account) == ("try", "p", client.account)
    assert client.get(pages[0].headers["location"]).status_code == 200
    assert kept.job.id in client.get("/compute/mine").text
    assert kept.job.id not in signed("developer").get("/compute/mine").text


def test_an_api_request_sent_again_is_the_same_job(site, signed, pools):
    client = signed("developer", scopes=["run", "read"])
    head = {"Idempotency-Key": "k1"}
    told = [
        client.post("/api/v1/compute/jobs", json={"task": TASK}, headers=head) for _ in range(2)
    ]
    assert [one.status_code for one in told] == [202, 202]
    assert told[0].json() == told[1].json()
    assert len(jobs.listed(site.store)) == 1


def test_the_same_key_of_two_people_is_two_jobs(site, signed, pools):
    for client in (signed("developer"), signed("developer")):
        head = {"Idempotency-Key": "k1"}
        client.post("/api/v1/compute/jobs", json={"task": TASK}, headers=head)
    assert len(jobs.listed(site.store)) == 2


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("run: [1", "row 1"),
        ("name: x\nresources: {accelerators: V100:x}\nrun: a", "resources.accelerators"),
        ("run: a\nestimate: soon", "estimate"),
        ("", "name, resources"),
        ("run: a\nenvs: {A: \"x\\0y\"}", "envs.A"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nrun: *b", "alias"),
        ("a: &a {b: c}\nd: {<<: [*a, *a]}\nrun: x", "alias"),
        ("[" * 5000, "nested"),
        ('run: "\\ud800"', "half of a pair"),
        ("run: a\ndeadline: 2026-99-99", "a value that cannot be read"),
        ("run: a\narray: 1001", "at most 1,000"),
        ("run: " + "x" * 200_001, "at most 200,000"),
    ],
)  # fmt: skip
def test_a_bad_task_is_told_with_the_form_and_what_was_typed(site, signed, task, said):
    page = signed("developer").post("/compute/jobs", data={"task": task, "project": "kept"})
    assert page.status_code == 422
    assert said in page.text
    assert 'value="kept"' in page.text
    assert jobs.listed(site.store) == ()


def test_a_task_comes_as_a_file_too_and_markup_in_it_is_text(site, signed, pools):
    client = signed("developer")
    file = {"file": ("t.yaml", TASK.replace("echo out", "echo '<script>1</script>'").encode())}
    page = client.post("/compute/jobs", data={"task": ""}, files=file)
    assert page.status_code == 200
    assert "&lt;script&gt;" in page.text
    assert "<script>1" not in page.text
    wrong = {"file": ("t.yaml", b"\xff\xfe\x00")}
    assert client.post("/compute/jobs", files=wrong).status_code == 422


def test_an_array_is_so_many_jobs_and_its_list_has_pages_of_fifty(site, signed, pools):
    client = signed("developer")
    assert client.post("/compute/jobs", data={"task": f"{TASK}\narray: 51"}).status_code == 200
    first = client.get("/compute/jobs").text
    assert first.count('<th scope="row"><a href="/compute/jobs/j') == 50
    more = first.split('class="pager"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    assert client.get(f"/compute/jobs{more}").text.count('<th scope="row"><a') == 1
    told = client.get("/api/v1/compute/jobs?limit=50").json()
    rest = client.get("/api/v1/compute/jobs", params={"limit": 50, "cursor": told["next"]}).json()
    assert (len(told["items"]), len(rest["items"]), rest["next"]) == (50, 1, None)


def test_a_quote_names_every_pool_and_submits_nothing(site, signed, pools, engine):
    """p1 and p2 take a job of one core; neither takes one that names a third."""
    Supervisor(pools, site.home).tick(now())
    client = signed("developer")
    page = client.post("/compute/quote", data={"task": TASK, "project": "kept"})
    assert page.status_code == 200
    told = page.text.split('id="quote"')[1].split("</section>")[0]
    assert told.count('<th scope="row"') == 2
    assert 'value="kept"' in page.text
    nowhere = client.post("/compute/quote", data={"task": TASK.replace("1}", "1, pools: [p9]}")})
    assert "没有池能接这个作业" in nowhere.text
    assert client.post("/compute/quote", data={"task": "run: [1"}).status_code == 422
    assert signed("viewer").post("/compute/quote", data={"task": TASK}).status_code == 403
    assert jobs.listed(site.store) == ()


def test_a_quote_by_the_api_is_what_the_service_answers(site, signed, pools, engine):
    """The same offers and refusals as `qianhang compute quote` writes as JSON."""
    Supervisor(pools, site.home).tick(now())
    client = signed("developer", scopes=["run"])
    task = TASK.replace("1}", "1, pools: [p1]}")
    told = client.post("/api/v1/compute/quotes", json={"task": task}).json()
    job = taskfile.read_text(task, name="task", org="root", account="a")[0].job
    made = datetime.fromisoformat(told["made"])
    shown = quoting.quote(site.store, job, made).shown()
    assert told == {name: shown[name] for name in told}
    assert [p["pool"] for p in told["pools"]] == ["p1"]
    assert {r["pool"] for r in told["refused"]} == {"p2"}
    assert jobs.listed(site.store) == ()
    wrong = client.post("/api/v1/compute/quotes", json={"task": "run: [1"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "QH597")
    stranger = client.post("/api/v1/compute/quotes", json={"task": task, "org": "other"})
    assert stranger.json()["code"] == "QH862"
    assert signed("viewer", scopes=["run"]).post(
        "/api/v1/compute/quotes", json={"task": task}
    ).json()["code"] == "QH906"  # fmt: skip


def test_a_quote_where_no_pool_has_joined_is_a_conflict_and_no_fault_of_the_server(signed):
    client = signed("developer", scopes=["run"])
    answer = client.post("/api/v1/compute/quotes", json={"task": TASK})
    assert (answer.status_code, answer.json()["code"]) == (409, "QH501")


def test_the_use_of_a_pool_by_the_hour_is_that_of_its_page(site, signed, pools, engine):
    told = signed("viewer", scopes=["read"]).get("/api/v1/compute/pools/p1/use").json()
    assert (told["pool"], told["chips"], len(told["hours"])) == ("p1", 4, 168)
    assert {hour["chips"] for hour in told["hours"]} == {0.0}
    assert signed("viewer").get("/api/v1/compute/pools/none/use").status_code == 404


# A job's page and its log


def test_a_job_that_ran_tells_why_there_and_what_it_printed(site, signed, pools, engine):
    job = put(pools, now, org="root")
    clock = Ticking()
    door = Supervisor(pools, site.home)
    door.tick(clock())
    (made,) = attempts.of(pools, job)
    client = signed("viewer")
    waiting = client.get(f"/compute/jobs/{job}").text
    assert 'hx-get="/compute/jobs' in waiting
    engine.end(made.token)
    until_over(door, clock)
    page = client.get(f"/compute/jobs/{job}").text
    for text in (
        "缘由",
        "选中",
        "可用，没有选中",
        "完成",
        f'data-live="/compute/jobs/{job}',
    ):
        assert text in page
    why = client.get(f"/api/v1/compute/jobs/{job}/why").json()
    assert [p["id"] for p in why["pools"] if p["chosen"]] == [made.pool]
    told = client.get(f"/api/v1/compute/jobs/{job}/log").json()
    assert (told["text"], told["next"], told["attempt"]) == ("out\n", 4, 1)
    after = client.get(f"/api/v1/compute/jobs/{job}/log?start=4").json()
    assert (after["text"], after["open"]) == ("", False)
    assert client.get(f"/compute/jobs/{job}/download").text == "out\n"


def events(answer):
    """(id, told) of each event of a stream that has ended."""
    found = []
    for block in answer.text.split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in block.splitlines() if not line.startswith(":")
        )
        if "data" in fields:
            found.append((int(fields.get("id", 0)), json.loads(fields["data"])))
    return found


def test_a_stream_goes_on_where_its_reader_stopped(site, signed, pools, engine):
    """The whole text, then for a reader who has all of it no text again."""
    job = put(pools, now, org="root")
    clock = Ticking()
    door = Supervisor(pools, site.home)
    door.tick(clock())
    engine.end(attempts.of(pools, job)[0].token)
    until_over(door, clock)
    client = signed("viewer")
    told = events(client.get(f"/compute/jobs/{job}/events"))
    (last,) = [number for number, one in told if one["step"] == "text"]
    assert [one["note"] for _, one in told if one["step"] == "text"] == ["out\n"]
    assert told[-1][1] == {"step": "job", "state": "finished", "away": False, "over": True}
    back = client.get(f"/compute/jobs/{job}/events", headers={"Last-Event-ID": str(last)})
    assert [one["step"] for _, one in events(back)] == ["job", "job"]


def test_a_log_is_cut_between_characters_and_only_its_end_is_sent_at_first(
    site, signed, pools, engine, monkeypatch
):
    """Three bytes a character, 100,000 of them: 300,000 bytes, of which the last 65,536 come."""
    text = ("字" * 100_000).encode()
    monkeypatch.setattr(engine, "log", lambda _, start=0: text[start:])
    job = put(pools, now, org="root")
    clock = Ticking()
    door = Supervisor(pools, site.home)
    door.tick(clock())
    engine.end(attempts.of(pools, job)[0].token)
    until_over(door, clock)
    client = signed("viewer")
    (first,) = [
        one for _, one in events(client.get(f"/compute/jobs/{job}/events")) if "note" in one
    ]
    assert first["skipped"] == 300_000 - 65_536
    assert set(first["note"].lstrip("\N{REPLACEMENT CHARACTER}")) == {"字"}
    pieces, start = [], 0
    while (told := client.get(f"/api/v1/compute/jobs/{job}/log?start={start}").json())["text"]:
        pieces.append(told["text"])
        start = told["next"]
    assert "".join(pieces) == "字" * 100_000


def test_a_pool_that_is_away_is_told_and_the_log_comes_later(site, signed, pools, engine):
    from qianhang.testing.door_bed import unavailable

    job = put(pools, now, org="root")
    Supervisor(pools, site.home).tick(now())
    client = signed("viewer")

    def away(*_, **__):
        raise unavailable("QH542")

    engine.log = away
    assert client.get(f"/api/v1/compute/jobs/{job}/log").json()["away"]
    assert client.get(f"/compute/jobs/{job}/download").status_code == 503
    del engine.log
    assert client.get(f"/api/v1/compute/jobs/{job}/log").json()["text"] == "out\n"


# Quotas


def test_a_quota_is_set_by_the_platform_alone(site, signed):
    site.org("alpha", kind="company")
    form = {"org": "alpha", "project": "p", "chips": "8", "reason": "训练"}
    developer, own = signed("developer", org="alpha"), signed("administrator", org="alpha")
    for nobody in (developer, own):
        assert nobody.post("/compute/quotas", data=form).status_code in (403, 404)
        body = {**form, "chips": 8}
        assert nobody.post("/api/v1/compute/quotas", json=body).status_code in (403, 404)
    assert quotas.listed(site.store) == ()
    platform = signed("administrator")
    assert platform.post("/compute/quotas", data=form).status_code == 200
    assert "训练" in platform.get("/compute/quotas").text
    assert "训练" in developer.get("/compute/quotas").text
    assert "训练" not in signed("developer", org="root").get("/compute/quotas").text
    too_large = {"task": "resources: {cpus: 9}\nrun: a", "org": "alpha", "project": "p"}
    refused = developer.post("/compute/jobs", data=too_large)
    assert (refused.status_code, "QH598" in refused.text) == (422, True)
    lifted = platform.post("/compute/quotas", data={**form, "chips": "0"})
    assert "已不再限制" in lifted.text
    assert quotas.listed(site.store) == ()


def test_a_quota_that_makes_no_sense_comes_back_with_the_form(site, signed):
    platform = signed("administrator")
    form = {"org": "root", "chips": "-3", "reason": "想要"}
    page = platform.post("/compute/quotas", data=form)
    assert (page.status_code, "QH598" in page.text, "想要" in page.text) == (422, True, True)
    nowhere = {**form, "chips": "3", "org": "nobody"}
    assert platform.post("/compute/quotas", data=nowhere).status_code == 404
    assert quotas.listed(site.store) == ()
