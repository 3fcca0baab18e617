"""An endpoint that fails in every way leaves one clear line, and never shows the key."""

import logging
import socket
from types import SimpleNamespace

import pytest

from qianhang.core.errors import UsageError
from qianhang.plan.proposals import Endpoint, Patience

ASK = [{"role": "user", "content": "?"}]
OVERSIZE = 200, {}, b'{"choices": "' + b"x" * (2 << 20) + b'"}'


@pytest.mark.parametrize(
    ("reply", "code", "told", "times"),
    [
        ((401, {}, b"Incorrect API key: sk-not-to-be-seen-41"), "QH841", "401 Unauthorized", 1),
        ((403, {}, b""), "QH841", "403 Forbidden", 1),
        ((404, {}, b""), "QH841", "404 Not Found", 1),
        ((429, {"Retry-After": "0"}, b""), "QH841", "429 Too Many Requests", 3),
        ((500, {}, b"sk-not-to-be-seen-41"), "QH841", "500 Internal Server Error", 3),
        ((302, {"Location": "http://127.0.0.1:9/"}, b""), "QH841", "302 Found", 1),
        ((799, {}, b""), "QH841", "answers 799;", 1),
        (OVERSIZE, "QH842", "more than 1,048,576 bytes", 1),
        ((200, {}, b"<html>"), "QH842", "no chat completion", 1),
        ((200, {}, b'{"choices": []}'), "QH842", "no chat completion", 1),
        ((200, {}, b'{"choices": [{"message": {"content": null}}]}'), "QH842", "no chat", 1),
        ((200, {}, b"[NaN]"), "QH842", "no chat completion", 1),
        ((200, {"Content-Encoding": "gzip"}, b"no gzip"), "QH841", "breaks off", 3),
    ],
)
def test_a_bad_reply_is_one_line_without_the_key(
    model, endpoint, caplog, capfd, reply, code, told, times
):
    caplog.set_level(logging.DEBUG)
    model.replies = [reply]
    with pytest.raises(UsageError) as caught:
        endpoint.ask(ASK)
    message = str(caught.value)
    assert (caught.value.code, "\n" in message, len(model.asked)) == (code, False, times)
    assert told in message
    assert "nothing was kept" in message
    shown = message + repr(endpoint) + caplog.text + "".join(capfd.readouterr())
    assert model.key not in shown
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("passing", [429, 500, 503])
def test_a_status_that_passes_is_asked_again(model, endpoint, passing):
    model.says("good")
    model.replies.insert(0, (passing, {}, b""))
    assert endpoint.ask(ASK) == "good"
    assert len(model.asked) == 2


@pytest.mark.parametrize(
    "text",
    [
        "I cannot do that.", "[]", '{"items": {}}', '{"items": [1, 2', "[" * 100_000,
        '{"items": [{"value": NaN}]}', '{"items": [' + "9" * 5000 + "]}",
        '{"items": [' + ",".join("0" * 101) + "]}", '{"items": []} and more',
    ],
)  # fmt: skip
def test_an_answer_out_of_form_is_refused_whole_after_a_second_try(ledger, model, ask, text):
    model.says(text)
    before = len(list(ledger.entries()))
    with pytest.raises(UsageError, match="QH842 section -: the model answered"):
        ask()
    assert (len(model.asked), len(list(ledger.entries()))) == (2, before)


@pytest.mark.parametrize(
    "text", ['{"items": []}', '```json\n{"items": []}\n```', '<think>20个?</think>\n{"items": []}']
)
def test_thinking_and_fences_around_the_json_are_taken_off(model, ask, text):
    model.says("no", text)
    assert ask(sections=["1"]).items == ()
    assert len(model.asked) == 2


def test_a_refused_connection_is_one_line():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    endpoint = Endpoint(f"http://127.0.0.1:{port}/v1", "m", patience=Patience(1, 1, 2, 0.001))
    with pytest.raises(UsageError, match=rf"QH841 endpoint 127\.0\.0\.1:{port}: cannot be reached"):
        endpoint.ask(ASK)


def test_a_server_that_says_nothing_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        endpoint = Endpoint(url, "m", patience=Patience(1, 0.2, 1, 0))
        with pytest.raises(UsageError, match=r"QH841 .+ no answer within 0\.2 s"):
            endpoint.ask(ASK)


def test_a_server_that_drips_byte_by_byte_is_not_waited_for(monkeypatch, model):
    """The clock jumps past the time allowed after the first bytes."""
    model.says("good")
    ticks = iter([0.0])
    clock = SimpleNamespace(monotonic=lambda: next(ticks, 1e9), sleep=None)
    monkeypatch.setattr("qianhang.plan.proposals.endpoint.time", clock)
    endpoint = Endpoint(model.url, "m", patience=Patience(2, 2, 1, 0))
    with pytest.raises(UsageError, match=r"QH841 .+ no answer within 2 s"):
        endpoint.ask(ASK)


@pytest.mark.parametrize(
    ("url", "key", "told"),
    [
        ("", "", "no endpoint is set"),
        ("ftp://host/v1", "", "no plain http"),
        ("host/v1", "", "no plain http"),
        ("https://me:sk-1@host/v1", "", "no plain http"),
        ("https://host/v1?key=sk-1", "", "no plain http"),
        ("https://host:99999/v1", "", "no plain http"),
        ("https://host/v1\n", "", "no plain http"),
        ("http://[", "", "no plain http"),
        ("https://host/v1", "sk-1\nX: y", "QIANHANG_LLM_KEY holds"),
        ("https://host/v1", "密sk-1", "QIANHANG_LLM_KEY holds"),
        ("http://llm.example.com/v1", "sk-1", "in clear"),
    ],
)
def test_an_address_or_key_that_cannot_be_used_is_refused_before_anything_is_sent(url, key, told):
    with pytest.raises(UsageError, match="QH840") as caught:
        Endpoint(url, "m", key)
    assert told in str(caught.value)
    assert "sk-1" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://10.1.2.3/v1", "http://localhost"])
def test_a_key_goes_over_plain_http_to_near_addresses_only(url):
    assert Endpoint(url, "m", "sk-1").host == url.split("/")[2]


def test_no_key_sends_no_authorization_not_even_the_users_netrc(model, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    model.says("good")
    assert Endpoint(model.url, "m").ask(ASK) == "good"
    assert "Authorization" not in model.asked[0][1]


def test_settings_name_endpoint_and_model_and_the_key_comes_from_the_environment(tmp_path):
    path = tmp_path / "qianhang.toml"
    path.write_text('llm_endpoint = "https://from-file/v1"\nllm_model = "m-file"\n')
    env = {"QIANHANG_LLM_MODEL": "m-env", "QIANHANG_LLM_KEY": "sk-1"}
    found = Endpoint.load(environ=env, folder=tmp_path)
    assert (found.host, found.model, found.key) == ("from-file", "m-env", "sk-1")
    given = Endpoint.load("https://given/v1", "m-given", environ=env, folder=tmp_path)
    assert (given.host, given.model) == ("given", "m-given")
    with pytest.raises(UsageError, match="QIANHANG_OFFLINE"):
        Endpoint.load(environ=env | {"QIANHANG_OFFLINE": "1"}, folder=tmp_path)
