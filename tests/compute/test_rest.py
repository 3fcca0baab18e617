"""Asking over HTTP: what counts as an answer, and what never gets out."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from qianhang.compute.drivers.rest import Access, Rest
from qianhang.core.errors import PoolUnavailable


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append(dict(self.headers))
        status, headers, body = self.server.answers.pop(0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.answers, made.seen = [], []
    made.url = f"http://127.0.0.1:{made.server_address[1]}"
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def test_the_token_is_read_anew_for_each_request(server, tmp_path):
    file = tmp_path / "token"
    rest = Rest(Access(server.url, token_file=str(file)))
    for token in ("one", "two\n"):
        file.write_text(token)
        server.answers.append((200, {}, b"{}"))
        assert rest.ask("GET", "/").mapping() == {}
    assert [seen["Authorization"] for seen in server.seen] == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize("content", [None, "", "two\nlines", "令牌"])
def test_a_file_without_a_token_is_named_and_nothing_is_sent(server, tmp_path, content):
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content, encoding="utf8")
    with pytest.raises(PoolUnavailable, match=r"QH546.*holds no token") as refused:
        Rest(Access(server.url, token_file=str(file))).ask("GET", "/")
    assert "two" not in str(refused.value)
    assert server.seen == []


def test_neither_a_netrc_nor_a_proxy_of_this_user_comes_between(server, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("default login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    server.answers.append((200, {}, b"{}"))
    assert Rest(Access(server.url)).ask("GET", "/").status == 200
    assert "Authorization" not in server.seen[0]


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("7", 7),
        ("86400", 300),
        ("Fri, 31 Dec 2199 23:59:59 GMT", 300),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0),
        ("soon", 0),
    ],
)
def test_a_server_is_left_alone_for_as_long_as_it_asked(server, header, wait_s):
    now = [1000.0]
    rest = Rest(Access(server.url), clock=lambda: now[0])
    server.answers = [(503, {"Retry-After": header}, b""), (200, {}, b"{}"), (200, {}, b"{}")]
    with pytest.raises(PoolUnavailable, match="QH545"):
        rest.ask("GET", "/")
    if wait_s:
        now[0] += wait_s - 0.5
        with pytest.raises(PoolUnavailable, match="wait"):
            rest.ask("GET", "/")
        assert len(server.seen) == 1
        now[0] += 0.6
    assert rest.ask("GET", "/").status == 200


def test_an_answer_without_end_is_given_up(server):
    server.answers.append((200, {}, b"x" * (3 << 20)))
    with pytest.raises(PoolUnavailable, match="more than 2 MiB"):
        Rest(Access(server.url, most_mb=2)).ask("GET", "/")


def test_an_answer_that_drips_is_given_up(server):
    server.answers.append((200, {}, b"x" * 10))
    with pytest.raises(PoolUnavailable, match="no whole answer"):
        Rest(Access(server.url, whole_s=-1.0)).ask("GET", "/")


def test_a_server_that_is_not_there_is_named(server):
    with pytest.raises(PoolUnavailable, match=r"QH545 GET http://127.0.0.1:1/x: ConnectionError"):
        Rest(Access("http://127.0.0.1:1")).ask("GET", "/x")


@pytest.mark.parametrize(
    "body", ["NaN", '{"a": NaN}', '{"a": -Infinity}', '{"a": 1e999}', "[" * 99999]
)
def test_numbers_without_end_and_nests_without_bottom_are_no_answer(server, body):
    server.answers = [(200, {}, body.encode()), (500, {}, body.encode())]
    rest = Rest(Access(server.url))
    answer = rest.ask("GET", "/")
    with pytest.raises(PoolUnavailable, match="QH545"):
        answer.mapping()
    with pytest.raises(PoolUnavailable, match="QH545"):
        rest.ask("GET", "/")


def test_a_server_that_says_nothing_is_given_up(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        rest = Rest(Access(f"http://127.0.0.1:{silent.getsockname()[1]}", read_s=0.1))
        with pytest.raises(PoolUnavailable, match=r"QH545.*Timeout"):
            rest.ask("GET", "/")
