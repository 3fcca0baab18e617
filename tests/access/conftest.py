"""A store with the tables of access, on SQLite and on a PostgreSQL server of the tests' own."""

import shutil
from datetime import UTC, datetime

import pytest

from qianhang.access import accounts, organisations, passwords, schema
from qianhang.access.person import Grant
from qianhang.store import Settings, Store

pytest.importorskip("argon2")
pytest.importorskip("pyotp")
NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def _quick_hashes():
    """Hashes of 1 MiB: what they cost in earnest is not what is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_MEMORY_KIB", 1024)
        passwords._hasher.cache_clear()
        yield
    passwords._hasher.cache_clear()


@pytest.fixture
def now():
    return NOW


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """A folder with an empty store: migrating takes longer than most tests."""
    folder = tmp_path_factory.mktemp("access")
    Store.open(Settings(home=folder), parts=(schema.PART,)).close()
    return folder


@pytest.fixture
def parts():
    return (schema.PART,)


@pytest.fixture
def settings(tmp_path, empty):
    return Settings(home=shutil.copytree(empty, tmp_path / "home"))


@pytest.fixture
def store(settings):
    with Store.open(settings, parts=(schema.PART,)) as opened:
        yield opened


@pytest.fixture
def opened(shared):
    """opened() -> another open store on the shared settings, closed after the test."""
    every = []

    def open_one():
        every.append(Store.open(shared, parts=(schema.PART,)))
        return every[-1]

    yield open_one
    for one in every:
        one.close()


@pytest.fixture
def org(store):
    """org(name, kind, parent) -> id, the same as the name."""

    def add(name, kind="county", parent="root", **more):
        with store.write() as tx:
            return organisations.add_organisation(
                tx, name, kind=kind, parent=parent, org=name, by="t", at=NOW, **more
            ).id

    return add


@pytest.fixture
def member(store):
    """member(login, roles at an organisation ...) -> Account with the password PASSWORD."""

    def add(login="li.na", *grants, org="root", **more):
        return make(store, login, *grants, org=org, **more)

    return add


PASSWORD = "a long and quiet sentence"


@pytest.fixture
def password():
    return PASSWORD


@pytest.fixture
def make_account():
    """make_account(store, login, (org, role) ...) -> Account."""
    return make


def make(store, login, *grants, org="root", **more):
    with store.write() as tx:
        return accounts.create(
            tx, login, name="李娜", org=org, password=PASSWORD, by="t", at=NOW,
            grants=[Grant(*g) for g in grants], **more,
        )  # fmt: skip
