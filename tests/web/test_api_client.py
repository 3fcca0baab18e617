"""The client against the console as it runs, over a socket of its own."""

import threading
import typing

import pytest
import uvicorn

from qianhang.client import ApiProblem, Client, plan_shapes, shapes
from qianhang.client.wire import Wire
from qianhang.web.described import described


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


def test_an_ask_is_followed_to_its_end(client):
    ask = client.ask("energy.load_forecast", seed=3)
    assert client.asked(ask["id"])["state"] == "queued"
    client.cancel(ask["id"])
    assert [e["state"] for e in client.events(ask["id"])] == ["cancelled"]
    assert client.wait(ask["id"])["state"] == "cancelled"
    assert [a["seed"] for a in client.asks()] == [3]


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
    for module in (shapes, plan_shapes):
        for name in module.__all__:
            shape = getattr(module, name)
            assert set(typing.get_type_hints(shape)) == set(told[name]["properties"]), name
