"""A store with the tables of billing."""

import shutil
from datetime import UTC, datetime

import pytest

from qianhang.billing import schema
from qianhang.store import Settings, Store

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture(scope="session")
def empty_books(tmp_path_factory):
    """A folder with an empty store: migrating takes longer than most tests."""
    folder = tmp_path_factory.mktemp("billing")
    Store.open(Settings(home=folder), parts=(schema.PART,)).close()
    return folder


@pytest.fixture
def parts():
    return (schema.PART,)


@pytest.fixture
def settings(tmp_path, empty_books):
    return Settings(home=shutil.copytree(empty_books, tmp_path / "home"))


@pytest.fixture
def store(settings):
    with Store.open(settings, parts=(schema.PART,)) as opened:
        yield opened
