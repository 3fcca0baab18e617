"""`qianhang account`: what an office that locked itself out needs."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from qianhang.access import accounts, signing, tickets
from qianhang.cli.account import account_command
from qianhang.runs import open_store
from qianhang.store import Settings

pytest.importorskip("argon2")
PASSWORD = "a long and quiet sentence"


def call(*words: str, fails: bool = False) -> str:
    result = CliRunner().invoke(account_command, words, env={"QIANHANG_LANG": "en"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert bool(result.exit_code) == fails, result.output
    return result.output


def secret(said: str) -> str:
    found = re.search(r"/ticket/(\S+)", said)
    assert found, said
    return found[1]


def test_from_the_first_link_to_a_colleague_and_back_in_after_a_lock(home: Path) -> None:
    now = datetime.now(UTC)
    assert "no account yet" in call("list")
    first = secret(call("ticket"))
    with open_store(Settings.load()) as store:
        tickets.set_up(store, first, login="li", name="李", password=PASSWORD, now=now)
    assert "accounts already" in call("ticket", fails=True)
    invitation = secret(call("add", "wang", "--name", "王五", "--role", "developer"))
    with open_store(Settings.load()) as store:
        tickets.accept(store, invitation, password=PASSWORD, now=now)
    shown = json.loads(call("list", "--json"))
    assert [(a["login"], a["state"]) for a in shown] == [("li", "active"), ("wang", "active")]
    assert shown[1]["grants"] == [{"org": "root", "role": "developer"}]
    assert "wang  王五  root  active  developer@root" in call("list")
    with open_store(Settings.load()) as store:
        with store.write() as tx:
            later = now.replace(year=now.year + 1)
            accounts.lock(tx, "wang", until=later, by="t", at=now)
        call("unlock", "wang")
        assert signing.sign_in(store, "wang", password=PASSWORD, now=now)
        again = secret(call("ticket", "wang", "--fresh"))
        tickets.accept(store, again, password=PASSWORD + "!", now=now)
        call("disable", "wang")
        assert accounts.find(store, "wang").state == "disabled"
        call("enable", "wang")
        assert accounts.find(store, "wang").state == "active"
