"""The console on an empty store, and clients signed in with the roles that a test names."""

import functools
import io
import itertools
import os
import shutil
import types
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

import qianhang.plan
from qianhang.access import accounts, keys, organisations, sessions
from qianhang.access.person import Grant
from qianhang.plan import ledger, review
from qianhang.plan.reading.read import read
from qianhang.runs import open_store, record
from qianhang.store import Settings
from qianhang.web.app import create_app

SAME = {"Sec-Fetch-Site": "same-origin"}


SAMPLE = Path(qianhang.plan.__file__).with_name("sample.txt")


@dataclass
class Site:
    """One server process: `client` is nobody."""

    app: FastAPI
    client: TestClient

    @property
    def store(self):
        return self.app.state.site.store

    @property
    def home(self):
        return self.app.state.site.settings.home

    def another(self, headers=None):
        """A client of its own, with no session."""
        return TestClient(self.app, headers=SAME | (headers or {}), raise_server_exceptions=False)

    def org(self, name, parent="root", kind="county", **more):
        """org(name) -> id, the same as the name."""
        with self.store.write() as tx:
            return organisations.add_organisation(
                tx, name, kind=kind, parent=parent, org=name, by="t", at=now(), **more
            ).id

    def plan(self, org="root", confirm=True):
        """The sample plan, kept by an organisation and confirmed -> Plan."""
        kept = ledger.keep(
            self.store, _sample(), raw=SAMPLE.read_bytes(), by="t", at=now(), org=org
        )
        if confirm:
            review.confirm_all(self.store, kept.plan, by="t", at=now())
        return kept.plan

    def run(self, org="root", own="", scenario="water.leak_detection", *, case="ltown", **result):
        """A finished run with one table of 120 rows -> Record."""
        table = io.BytesIO()
        rows = pd.DataFrame({"step": range(120), "load": [float("nan"), *map(float, range(119))]})
        rows.to_parquet(table)
        asked = {"seed": 0, "params": {}, "data": {}, "versions": {}, "own_data": own}
        made = record.begin(
            self.store, key=os.urandom(32).hex(), scenario=scenario, case=case, request=asked,
            org=org, now=now(),
        )  # fmt: skip
        files = self.store.files
        body = {
            "scores": {"mae": 1.5}, "trivial": {"mae": 3.0}, "practice": {}, "gain": 0.5,
            "bars": [], "gate": {"open": True, "stage": "pilot", "reasons": []},
            "tables": {"plan": files.put(table.getvalue())}, "source": "simulator", "facts": {},
            "log": files.put(b"done"), **result,
        }  # fmt: skip
        with self.store.write() as tx:
            done = record.close(tx, made, state="finished", verdict="met", result=body, now=now())
        record.let_go(made)
        return done


@functools.cache
def _sample():
    """What is read of the sample plan; reading it takes longer than keeping it."""
    return read(SAMPLE)


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory):
    """A folder with an empty store: migrating takes longer than most tests."""
    folder = tmp_path_factory.mktemp("web")
    open_store(Settings(home=folder)).close()
    return folder


@pytest.fixture
def site(tmp_path, empty_home):
    """The console without dispatcher."""
    with opened(shutil.copytree(empty_home, tmp_path / "home")) as found:
        yield found


@contextmanager
def opened(home):
    """The console over the store in a folder."""
    app = create_app(Settings(home=home), slots=0, rate=10**6)
    with TestClient(app, headers=SAME, raise_server_exceptions=False) as client:
        yield Site(app, client)


@pytest.fixture
def signed(site):
    return signer(site)


def signer(site):
    """signed(role ..., org="root") -> a client with a session, of a fresh account with these roles
    there, of whom a provider has just asked for proof where proved=True; with scopes=(...) one with
    an API key instead. `client.account` is the account's id."""
    count = itertools.count(1)

    def sign(*roles, org="root", scopes=None, proved=False):
        login = f"person{next(count)}"
        client = site.another()
        with site.store.write() as tx:
            made = accounts.create(
                tx, login, name=login, org=org, by="t", at=now(), identity=("t", login),
                grants=[Grant(org, role) for role in roles],
            )  # fmt: skip
            if scopes is None:
                asked = now() if proved else None
                opened = sessions.open(tx, made.id, now=now(), proved=asked)
                client.cookies.set("qh", opened[1])
            else:
                ends = now() + timedelta(days=1)
                _, secret = keys.create_key(
                    tx, made.id, name="t", scopes=scopes, by="t", at=now(), expires=ends
                )
                client.headers["Authorization"] = f"Bearer {secret}"
        client.account = made.id
        return client

    return sign


def now():
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def web():
    """`opened` and `signer`, for a module that keeps one console for all its tests."""
    return types.SimpleNamespace(opened=opened, signer=signer)
