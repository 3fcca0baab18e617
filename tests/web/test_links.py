"""Links that are handed out begin with an address of ours, whatever a request says of its host."""

import re
from dataclasses import replace

import pytest
from starlette.requests import Request

from qianhang.access import accounts

from .conftest import now

SPOOFED = ("evil.example", "evil.example:80", "testserver.evil.example", "testserver:8080", "")


def link_on(client, host, account):
    """The one-time link that the page shows to who asks with this Host header."""
    given = {"Host": host, "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    page = client.post(f"/admin/people/{account}/link", headers=given)
    assert page.status_code == 200
    assert "evil.example" not in page.text
    return re.search(r"<pre>(http[^<]*)</pre>", page.text)[1]


@pytest.fixture
def account(site):
    with site.store.write() as tx:
        return accounts.create(tx, "li.na", name="李娜", by="t", at=now()).id


@pytest.mark.parametrize("host", SPOOFED)
def test_a_spoofed_host_stands_in_no_one_time_link(site, signed, account, host):
    client = signed("administrator")
    assert link_on(client, host, account).startswith("http://testserver/ticket/")


@pytest.mark.parametrize("host", SPOOFED)
def test_a_spoofed_host_stands_in_no_invitation(signed, host):
    typed = {"login": "wang.fang", "name": "王芳", "org": "root"}
    page = signed("administrator").post("/admin/people", data=typed, headers={"Host": host})
    assert re.search(r"<pre>(http[^<]*)</pre>", page.text)[1].startswith("http://testserver/ticket")


def test_links_begin_with_the_public_url_whatever_the_host(site, signed, account):
    site.app.state.site = replace(site.app.state.site, public_url="http://ai.example.gov.cn/")
    link = link_on(signed("administrator"), "testserver", account)
    assert link.startswith("http://ai.example.gov.cn/ticket/")


@pytest.mark.parametrize(
    ("server", "host", "address"),
    [
        (("127.0.0.1", 8017), "localhost:8017", "http://localhost:8017"),
        (("127.0.0.1", 8017), "localhost", "http://127.0.0.1:8017"),
        (("127.0.0.1", 8017), "10.0.0.5:8017", "http://127.0.0.1:8017"),
        (("10.0.0.5", 8017), "localhost:8017", "http://10.0.0.5:8017"),
        (("10.0.0.5", 8017), "ai-box:8017", "http://ai-box:8017"),
        (("10.0.0.5", 8017), "AI-Box:8017", "http://ai-box:8017"),
        (("10.0.0.5", 8017), "ai-box:9999", "http://10.0.0.5:8017"),
        (("10.0.0.5", 8017), "10.0.0.5:8017@evil.example", "http://10.0.0.5:8017"),
        (("10.0.0.5", 8017), "ai-box:8017/../evil", "http://10.0.0.5:8017"),
        (("::ffff:10.0.0.5", 80), "evil.example", "http://10.0.0.5"),
        (("::1", 8017), "[::1]:8017", "http://[::1]:8017"),
        (("/run/qianhang.sock", None), "evil.example", "http://ai-box"),
        (None, "evil.example", "http://ai-box"),
    ],
)
def test_only_another_name_of_the_address_served_begins_a_link(
    site, monkeypatch, server, host, address
):
    monkeypatch.setattr("qianhang.web.site._machine", lambda: "ai-box")
    headers = [(b"host", host.encode())]
    scope = {"type": "http", "scheme": "http", "server": server, "headers": headers}
    assert site.app.state.site.address(Request(scope)) == address
