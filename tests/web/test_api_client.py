"""The client against the console as it runs, over a socket of its own."""

import threading
import typing
from datetime import timedelta

import pytest
import uvicorn

from qianhang.access import SCOPES
from qianhang.client import (
    ApiProblem,
    Client,
    admin_shapes,
    application_shapes,
    artefact_shapes,
    billing_shapes,
    compute_shapes,
    detail_shapes,
    office_shapes,
    overview_shapes,
    people_shapes,
    plan_shapes,
    score_shapes,
    shapes,
    study_shapes,
    target_shapes,
)
from qianhang.client.wire import Wire
from qianhang.compute.artefacts import gather
from qianhang.compute.door import jobs, plant
from qianhang.compute.door.supervisor import Supervisor
from qianhang.core.day import day_of
from qianhang.runs.studies import desk
from qianhang.safety import complaints
from qianhang.testing.door_bed import network
from qianhang.web.described import described
from qianhang.web.site import now

from .browser.money import LOG, POOLS
from .conftest import SAMPLE


@pytest.fixture
def served(site):
    """The address at which the console answers; it says so itself once it does."""
    config = uvicorn.Config(site.app, port=0, log_level="error", lifespan="off")
    server, up = uvicorn.Server(config), threading.Event()
    started = server.startup

    async def startup(sockets=None):
        await started(sockets)
        up.set()

    server.startup = startup
    thread = threading.Thread(target=server.run)
    thread.start()
    assert up.wait(60)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def client(served, signed):
    key = signed(
        "developer", "programme_office", "administrator", scopes=["read", "run", "plan", "data"]
    ).headers["authorization"]
    with Client(served, key.removeprefix("Bearer ")) as opened:
        yield opened


def test_what_people_do_in_a_day(site, client, tmp_path):
    run = site.run()
    site.plan(confirm=False)
    assert "run" in client.me()["scopes"]
    assert {s["industry"] for s in client.scenarios(industry="water")} == {"water"}
    assert client.scenario("energy.load_forecast")["columns"]["load"]["unit"] == "MW"
    assert [r["id"] for r in client.runs()] == [run.id]
    assert client.run(run.id)["scores"] == {"mae": 1.5}
    assert len(list(client.table(run.id, "plan"))) == 120
    assert client.table_csv(run.id, "plan").startswith(b"step,load")
    assert b"<html" in client.report(run.id, lang="en")
    path = tmp_path / "june.csv"
    path.write_text("a,b\n1,2\n")
    assert client.upload(path)["size"] == 8
    item = next(i for i in client.items("P1", kind="target") if i["code"] == "T1")
    assert client.review(item, "edit", values={"low": 5})["state"] == "edited"
    assert [t["low"] for t in client.targets("P1")] == [5.0]
    assert [p["ref"] for p in client.plans()] == ["P1"]
    assert list(client.bulletins("P1")) == []
    assert list(client.models()) == []
    assert len(list(client.accounts())) == 1
    assert len(list(client.datasets())) > 10


def test_what_money_is_told(client):
    assert list(client.prices()) == []
    assert list(client.statements(month="2026-03")) == []
    assert client.statement("root", "2026-03")["due"] == 0
    assert client.balance("root")["open"] == 0
    assert client.focus("root", "2026-03").startswith(b"BilledCost")
    assert list(client.usage_records()) == []
    shelf = {p["id"]: p for p in client.voucher_programmes()}
    assert shelf["henan-2025"]["percents"] == [20]
    assert client.voucher_programme("henan-2025")["rules"][0]["sources"] == [1]
    assert (list(client.vouchers()), list(client.claims()), list(client.batches())) == ([], [], [])
    with pytest.raises(ApiProblem, match="QH862"):
        client.voucher(1)
    with pytest.raises(ApiProblem, match="QH862"):
        client.usage_record("a/0/0")
    with pytest.raises(ApiProblem, match="QH908"):
        client.gather("henan-2025")


def test_what_an_office_does_with_a_plan(site, client, tmp_path):
    site.plan()
    site.plan(org=site.org("east"))
    assert len(client.compare_plans("P1", "P2")["plans"]) == 2
    assert client.plan_comparison("P1", "P2").startswith(b"PK")
    book = tmp_path / "ledger.xlsx"
    book.write_bytes(client.ledger_workbook("P1"))
    assert client.take_ledger("P1", book, only=True)["written"] is False
    assert client.weigh("P1", {"T1": 2})["weighted"]["weights"] == {"T1": 2.0}
    assert client.ledger("P1")["whole"]["ref"] == "P1"
    system = client.coverage("P1")["systems"][0]["code"]
    client.link("P1", system, kind="scenario", name="water.leak_detection")
    heading = client.edit_heading(next(client.plans()), region="杭州")
    assert heading["region"] == "杭州"
    assert [a["after"] for a in client.acts("P1")][-1] == {"region": "杭州"}
    made = client.set_milestone("P1", "T1", day="2026-12-31", value=3)
    assert list(client.milestones("P1", "T1")) == [made]
    client.override("P1", "T1", "met", reason="已验收", expires="2099-12-31")
    name = client.rule_suggestions("P1", "T1")[0]["name"]
    assert client.set_rule("P1", "T1", name=name)["rule"]["name"] == name
    with pytest.raises(ApiProblem, match="QH825"):
        client.retract("P1", "T1", 1, why="错")
    with pytest.raises(ApiProblem, match="QH862"):
        client.version_changes("P1", 1)
    client.hold_meeting("P1", "调度会", day="2026-03-01")
    seen = client.decide("P1", "补报", owner="李娜", item="T1")
    assert client.close_decision("P1", seen)["state"] == "done"
    assert client.entrust("P1", "T2", "李娜")["item"] == "T2"
    assert client.set_rhythm("P1", office="专班")["office"] == "专班"
    assert client.work("P1")["owners"][0]["person"] == "李娜"
    assert "李娜" in {due["person"] for due in client.timeline("P1")}


def test_what_those_who_answer_do(site, served, signed):
    site.plan()
    roles = ("safety_officer", "data_steward", "programme_office", "administrator")
    key = signed(*roles, scopes=["read", "plan", "data", "safety", "admin"]).headers[
        "authorization"
    ]
    sent = complaints.Sent("advice", "多些公开数据")
    ref = complaints.receive(site.store, sent, now=now()).ref
    with Client(served, key.removeprefix("Bearer ")) as client:
        assert [c["ref"] for c in client.complaints()] == [ref]
        assert client.answer_complaint(ref, "好")["answer"] == "好"
        assert client.complaint(ref)["state"] == "answered"
        assert client.verify_dataset("coal-ash-robena")["name"] == "coal-ash-robena"
        assert "qianhang" in client.settings()["versions"]
        with pytest.raises(ApiProblem, match="QH862"):
            client.publish_bulletin("P1", 1)


def test_what_an_administrator_does_in_a_day(site, served, signed):
    run = site.run()
    site.plan()
    key = signed("administrator", "programme_office", scopes=SCOPES).headers["authorization"]
    with Client(served, key.removeprefix("Bearer ")) as client:
        assert client.overview()["plans"] == 1
        assert [c["run"] for c in client.overview_changes("runs")] == []
        assert client.overview_map("浙江")["province"] == "浙江"
        assert client.safety()["judged"] == 1
        assert {g["risk"] for g in client.grades("high")} == {"high"}
        assert client.run_log(run.id) == "done"
        assert isinstance(list(client.figures(run.id)), list)
        assert client.preview_bulletin("P1", "2026", on="2026-03-31")["on"] == "2026-03-31"
        assert client.issue_bulletin("P1", "2026")["id"] == 1
        assert client.plan_text("P1")["start"] == 0
        assert client.dataset("coal-ash-robena")["name"] == "coal-ash-robena"
        assert client.verify_log()["ok"]
        assert client.log_state()["ok"]
        assert [r["seq"] for r in client.log()][:2] == [1, 2]
        assert client.log_lines().count(b"\n") == len(list(client.log()))
        assert client.change_me(name="李娜")["name"] == "李娜"
        east = client.create_organisation("east", kind="county")["id"]
        assert client.change_organisation(east, name="东")["name"] == "东"
        made = client.create_account("wang", name="王", org=east)["account"]["id"]
        assert client.grant(made, "viewer", org=east)["grants"][0]["role"] == "viewer"
        client.revoke_grant(made, "viewer", org=east)
        assert client.change_account(made, name="汪")["name"] == "汪"
        assert [a["id"] for a in client.accounts(text="汪")] == [made]
        assert client.invite(made)["link"]
        assert client.set_account_state(made, "disable")["state"] == "disabled"
        assert list(client.sessions(made)) == list(client.keys(made)) == []
        assert list(client.sessions()) == []
        own = client.create_key("二", ["read"])["key"]["id"]
        client.end_key(own)
        assert own not in [key["id"] for key in client.keys()]  # noqa: SIM118 - no dictionary
        assert list(client.shown_scenarios()) == list(client.public_bulletins()) == []
        assert list(client.open_datasets()) == list(client.datasets())
        assert client.ask_policy("问")["available"] is False
        ref = client.complain("advice", "好")["ref"]
        assert client.complaint_standing(ref)["state"] == "received"
        with pytest.raises(ApiProblem, match="QH862"):
            client.end_session("3f1b2c4d5e6f")


def test_an_ask_is_followed_to_its_end(client):
    ask = client.ask("energy.load_forecast", seed=3)
    assert client.asked(ask["id"])["state"] == "queued"
    client.cancel(ask["id"])
    assert [e["state"] for e in client.events(ask["id"])] == ["cancelled"]
    assert client.wait(ask["id"])["state"] == "cancelled"
    assert [a["seed"] for a in client.asks()] == [3]


def test_a_table_is_asked_to_be_scored(client, tmp_path):
    (tmp_path / "t.csv").write_text("age\n50\n")
    upload = client.upload(tmp_path / "t.csv")["id"]
    with pytest.raises(ApiProblem, match="QH608"):
        client.ask_score("health.cvd_risk", upload)
    assert list(client.scores()) == []
    for call in (client.score, client.wait_score):
        with pytest.raises(ApiProblem, match="QH850"):
            call("20260301-080000-0123456789")
    with pytest.raises(ApiProblem, match="QH850"):
        client.download_score("20260301-080000-0123456789", tmp_path / "a.parquet")


def test_what_a_developer_does_with_jobs(site, served, signed, tmp_path):
    plant.add(site.store, network(tmp_path, "p1"), by="t", at=now())
    roles = ("developer", "pool_operator", "administrator")
    key = signed(*roles, scopes=SCOPES).headers["authorization"]
    with Client(served, key.removeprefix("Bearer ")) as client:
        assert [p["chips"] for p in client.pools()] == [4]
        quoted = client.quote_task("run: echo 你好", project="一")
        assert {one["pool"] for one in [*quoted["pools"], *quoted["refused"]]} == {"p1"}
        assert client.pool_use("p1")["chips"] == 4
        (job,) = client.submit_job("run: echo 你好", project="一")
        assert [j["id"] for j in client.jobs(state="open", mine=True)] == [job]
        assert client.why(job)["ahead"] == 0
        assert list(client.job_log(job, follow=False)) == []
        assert client.cancel_job(job)["cancel"]
        door = Supervisor(site.store, site.home)
        door.tick(now())
        assert client.wait_job(job)["state"] == "cancelled"
        assert client.turn_pool("p1", "draining")["state"] == client.pool("p1")["state"]
        assert client.set_quota("root", 8, reason="训练", project="一")["chips"] == 8
        assert [q["project"] for q in client.quotas()] == ["一"]
        assert client.set_quota("root", 0, reason="够了", project="一")["chips"] == 0
        with pytest.raises(ApiProblem, match="QH597") as told:
            client.submit_job("run: a\nestimate: soon")
        assert "estimate" in str(told.value)


def test_what_those_do_who_move_money(site, served, signed):
    key = signed("administrator", "programme_office", scopes=SCOPES).headers["authorization"]
    with Client(served, key.removeprefix("Bearer ")) as client:
        assert client.top_up("root", 5000, reference="slip")["wallet"] == 5000
        with pytest.raises(ApiProblem, match="QH563"):
            client.pay_statement("root", "2026-03")
        funded = client.fund_programme("henan-2025", year=2026, fen=1_000_000)
        assert (funded["version"], funded["funds"][0]["free"]) == (1, 1_000_000)
        with pytest.raises(ApiProblem):
            client.grant_voucher("henan-2025", {"applicant": {"id": "root"}})
        assert client.expire_vouchers() == []
        assert list(client.owed_operators()) == list(client.settlement_months()) == []
        assert client.settlement_month("2026-03")["over"]
        assert client.issue_month("2026-03")["operators"] == []
        assert client.settle_month("2026-03")["transfers"] == []
        with pytest.raises(ApiProblem, match="QH862"):
            client.batch(1)
        assert client.organisation("root")["id"] == "root"


def test_what_a_study_is_asked_and_read_with(site, client, tmp_path, monkeypatch):
    monkeypatch.setattr(desk, "launch", lambda settings, store, study: None)
    log, pools = tmp_path / "log.csv", tmp_path / "p.toml"
    log.write_bytes(LOG)
    pools.write_bytes(POOLS)
    made = client.ask_study(trace=log, pools=pools, first=5, down=["a"])
    assert made["changes"] == [{"kind": "down", "pool": "a"}]
    assert [s["id"] for s in client.studies()] == [made["id"]]
    with site.store.write() as tx:
        desk.close(tx, made["id"], now=now(), error={"code": "QH564", "message": "m", "hint": ""})
    assert client.wait_study(made["id"])["error"]["code"] == "QH564"
    with pytest.raises(ApiProblem, match="QH804"):
        client.study_table(made["id"], "waits")
    bare = client.ask_study(green_fen_kwh=60)
    assert client.study(bare["id"])["files"] == {"trace": "", "pools": ""}


def test_a_plan_from_its_document_to_a_targets_readings(site, client, tmp_path):
    run, other = site.run(), site.run(own="b")
    text = tmp_path / "plan.txt"
    text.write_bytes(SAMPLE.read_bytes())
    (came,) = client.import_plans(text, region="杭州")
    assert (came["version"], came["error"]) == (1, None)
    assert client.confirm_items(came["ref"]) > 0
    told = client.plan(came["ref"])
    assert sum(told["targets"].values()) == len(list(client.targets(came["ref"])))
    assert client.item(came["ref"], "T1")["state"] == "confirmed"
    recorded = client.state_evidence(came["ref"], "T1", 3.5, on="2026-03-01")
    detail = client.target(came["ref"], "T1")
    assert recorded["seq"] in [c["seq"] for c in detail["components"]]
    read = client.target_readings(came["ref"], "T1")
    assert (read["ref"], read["unit"]) == (detail["ref"], detail["unit"])
    made = client.issue_bulletin(came["ref"], "2026")
    assert client.issued_bulletin(came["ref"], made["id"]) == made
    assert client.compare_runs(run.id, other.id)["scores"][0]["change"] == 0


def test_what_a_team_and_the_office_do_with_an_application(site, served, signed):
    """8 cards asked for, sent back, added to, 4 granted, withdrawn; another rejected."""
    today = day_of(now())
    days = {"first": f"{today}", "last": f"{today + timedelta(30)}"}
    team = signed("developer", scopes=SCOPES).headers["authorization"].removeprefix("Bearer ")
    office = signed("programme_office", scopes=SCOPES).headers["authorization"]
    told = {"purpose": "a model of roads", "contact": "roads@team.example", **days}
    with Client(served, team) as mine, Client(served, office.removeprefix("Bearer ")) as other:
        name = mine.send_application("roads", 8, flavours=["ascend-910b"], **told)["id"]
        assert other.question_application(name, "which data?")["state"] == "asked"
        assert mine.reply_application(name, "open ones")["state"] == "applied"
        done = other.approve_application(name, chips=4)
        assert (done["state"], done["granted_chips"], done["chips"]) == ("active", 4, 8)
        assert mine.withdraw_application(name, "done early")["used_card_hours"] == 0
        assert [step["act"] for step in mine.application(name)["steps"]] == [
            "sent", "asked", "replied", "approved", "active", "withdrawn",
        ]  # fmt: skip
        second = mine.send_application("speech", 8, **told)["id"]
        assert other.reject_application(second, "full")["reason"] == "full"
        assert {one["id"] for one in mine.applications()} == {name, second}


def test_what_a_developer_does_with_result_files(site, served, signed, tmp_path):
    """A task on this machine, its one output taken home and deleted."""
    plant.add(site.store, network(tmp_path, "p1"), by="t", at=now())
    key = signed("developer", scopes=SCOPES).headers["authorization"]
    with Client(served, key.removeprefix("Bearer ")) as client:
        (job,) = client.submit_job("outputs: [d/*.txt]\nrun: mkdir d && printf 你好 > d/a.txt")
        assert client.artefacts(job)["state"] == "wanted"
        door, at = Supervisor(site.store, site.home), now()
        while jobs.get(site.store, job).open:
            at += timedelta(milliseconds=20)
            door.tick(at)
        gather.collect(site.store, site.home, at)
        (path,) = client.download_artefacts(job, tmp_path / "home")
        assert path.relative_to((tmp_path / "home").resolve()).as_posix() == "d/a.txt"
        assert path.read_text(encoding="utf8") == "你好"
        with pytest.raises(ApiProblem, match="QH527"):
            client.collect_artefacts(job)
        client.delete_artefacts(job)
        assert client.artefacts(job)["state"] == "gone"
        assert client.download_artefacts(job, tmp_path / "again") == []


def test_a_refusal_is_an_error_with_its_code_and_status(client):
    with pytest.raises(ApiProblem, match="QH804") as told:
        client.run("nothing")
    assert told.value.status == 404
    with pytest.raises(ApiProblem, match="QH880") as told:
        client.ask("energy.load_forecast", seed=-1)
    assert told.value.errors[0]["where"] == "body.seed"
    with pytest.raises(ApiProblem, match="QH608"):
        client.predict("energy.load_forecast", rows=[{"time": "2026-03-01 00:00", "load": 1.0}])


def test_a_busy_server_is_asked_again_with_the_same_key(monkeypatch):
    """429 with Retry-After 7, a lost connection, then the answer: three sends, one key."""
    import requests

    sent, waits = [], []

    def answer(self, method, url, **more):
        sent.append(more["headers"]["Idempotency-Key"])
        if len(sent) == 2:
            raise requests.ConnectionError
        made = requests.Response()
        made.status_code = 429 if len(sent) == 1 else 200
        made.headers["Retry-After"] = "7"
        made._content = b'{"code": "QH884", "title": "t"}'
        return made

    monkeypatch.setattr(requests.Session, "request", answer)
    monkeypatch.setattr("time.sleep", waits.append)
    Wire("http://x", "k").write("POST", "/asks", json={})
    assert len(sent) == 3
    assert len(set(sent)) == 1
    assert waits == [7.0, 1.0]


def test_the_clients_shapes_are_those_of_the_description(site):
    told = described(site.app)["components"]["schemas"]
    modules = (
        shapes, plan_shapes, office_shapes, admin_shapes, detail_shapes, overview_shapes,
        people_shapes, billing_shapes, compute_shapes, application_shapes,
        artefact_shapes,
        people_shapes, billing_shapes, compute_shapes, study_shapes, target_shapes,
            score_shapes,
    )  # fmt: skip
    for module in modules:
        for name in module.__all__:
            shape = getattr(module, name)
            assert set(typing.get_type_hints(shape)) == set(told[name]["properties"]), name
