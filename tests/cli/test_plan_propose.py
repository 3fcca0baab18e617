"""`qianhang plan propose`: a local server for the model, a person for the decision."""

import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner

from qianhang.cli import _app
from qianhang.core.errors import UsageError
from qianhang.runs import open_store
from qianhang.store import Settings

KEY = "sk-not-to-be-seen-77"
PLAN = """云泽市“人工智能+”行动方案（2026—2028年）
云泽市人民政府
一、重点任务
（一）模型。到2027年，培育行业模型20个以上，每年开放智算云9朵，让云泽[智脑]服务全市。
"""
SAID = [
    {
        "kind": "target", "quote": "每年开放智算云9朵", "indicator": "智算云", "value": 9,
        "unit": "朵", "deadline": 2027,
    },
    {"kind": "system", "quote": "让云泽[智脑]服务全市", "name": "云泽[智脑]", "verb": ""},
    {"kind": "system", "quote": "建设\x1b[31m月球基地", "name": "月球基地", "verb": "建设"},
]  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(self.headers["Authorization"])
        own = json.loads(sent["messages"][1]["content"])["section"] == "1.1"
        content = json.dumps({"items": SAID if own else []}, ensure_ascii=False)
        answer = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    """A server whose address and model are the settings of the environment."""
    service = HTTPServer(("127.0.0.1", 0), Handler)
    service.asked, service.status = [], 200
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("QIANHANG_LLM_ENDPOINT", f"http://127.0.0.1:{service.server_port}/v1")
    monkeypatch.setenv("QIANHANG_LLM_MODEL", "tiny-model")
    monkeypatch.setenv("QIANHANG_LLM_KEY", KEY)
    yield service
    service.shutdown()
    thread.join()
    service.server_close()


@pytest.fixture(scope="module")
def filled_home(tmp_path_factory):
    """A store with the plan in it."""
    folder = tmp_path_factory.mktemp("home")
    open_store(Settings(home=folder)).close()
    path = folder.with_name("plan.txt")
    path.write_text(PLAN, encoding="utf8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QIANHANG_HOME", str(folder))
        done = CliRunner().invoke(_app(), ["plan", "import", str(path), "--by", "赵一"])
    assert done.exit_code == 0
    return folder


@pytest.fixture
def call(home, monkeypatch, filled_home):
    """call("plan", ...) -> what the command printed, on both streams."""
    shutil.copytree(filled_home, home)
    monkeypatch.setenv("QIANHANG_LANG", "en")

    def run(*arguments, typed=None):
        done = CliRunner().invoke(_app(), list(arguments), input=typed)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    return run


def found(call):
    every = json.loads(call("plan", "show", "P1", "--json"))["items"]
    return {i["values"].get("indicator") or i["values"].get("name"): i for i in every}


def test_proposals_are_shown_as_a_models_until_and_after_a_person_confirms(call, server):
    said = call("plan", "propose", "P1", "--by", "钱二")
    assert "section 1.1 → 127.0.0.1" in said
    assert "2 proposed, 0 known already, 1 refused" in said
    assert "refused 1.1 (the quote is not in that section): 月球基地" in said
    assert "云泽[智脑]" in said
    assert "draft (proposed by a model)" in call("plan", "show", "P1")
    review = call("plan", "review", "P1", "--by", "钱二", "--kind", "target", typed="s\ny\n")
    assert "Proposed by a large model, which may be wrong: tiny-model, 127.0.0.1" in review
    item = found(call)["智算云"]
    assert (item["state"], item["by"], item["read"]["source"]) == ("confirmed", "钱二", "model")
    assert "confirmed (proposed by a model)" in call("plan", "show", "P1")
    assert "2 known already" in call("plan", "propose", "P1", "--by", "钱二")


def test_confirm_all_says_which_proposals_are_left_to_see(call, server):
    call("plan", "propose", "P1", "--by", "钱二")
    said = call("plan", "review", "P1", "--confirm-all", "--by", "钱二")
    assert "2 proposals of a large model are not among them" in said
    assert found(call)["云泽[智脑]"]["state"] == "draft"


def test_a_dry_run_writes_nothing_and_json_is_json(call, server, capfd):
    done = CliRunner().invoke(_app(), ["plan", "propose", "P1", "--dry-run", "--json"])
    told = json.loads(done.stdout)
    assert (told["written"], len(told["proposed"]), told["reasons"]) == (False, 2, {"quote": 1})
    assert "智算云" not in found(call)


def test_the_key_is_sent_and_seen_nowhere(call, server, home):
    said = call("plan", "propose", "P1", "--by", "钱二") + call("plan", "show", "P1", "--json")
    assert set(server.asked) == {f"Bearer {KEY}"}
    server.status = 401
    with pytest.raises(UsageError) as caught:
        call("plan", "propose", "P1")
    assert "401 Unauthorized" in str(caught.value)
    assert KEY not in said + str(caught.value)
    kept = [p.read_bytes() for p in home.rglob("*") if p.is_file()]
    assert kept
    assert not any(KEY.encode() in data for data in kept)


def test_without_an_endpoint_nothing_is_asked(call, server, monkeypatch):
    monkeypatch.delenv("QIANHANG_LLM_ENDPOINT")
    with pytest.raises(UsageError, match="QH840 no endpoint is set"):
        call("plan", "propose", "P1")
    monkeypatch.setenv("QIANHANG_OFFLINE", "1")
    with pytest.raises(UsageError, match="QH840 QIANHANG_OFFLINE"):
        call("plan", "propose", "P1")
    assert server.asked == []
