"""A store with a clock, a pool, and applications for it."""

from __future__ import annotations

from datetime import date

import pytest

from qianhang.compute import schema
from qianhang.compute.applications import desk, tables
from qianhang.compute.applications.application import Wish
from qianhang.compute.door import plant
from qianhang.core.day import day_of
from qianhang.store import Settings, Store
from qianhang.testing.door_bed import Clock, network


@pytest.fixture
def now():
    return Clock()


@pytest.fixture
def parts():
    return (schema.PART, tables.PART)


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


@pytest.fixture
def store(settings, parts, tmp_path, now):
    with Store.open(settings, parts=parts) as found:
        plant.add(found, network(tmp_path, "p1", "p2"), by="t", at=now())
        yield found


@pytest.fixture
def wish(now):
    """wish(days, **changes): of a team for 8 chips from today on, for so many days."""

    def make(days=30, project="vision", **changes):
        first = day_of(now())
        last = date.fromordinal(first.toordinal() + days - 1)
        known = {
            "org": "team", "project": project, "chips": 8, "first": first, "last": last,
            "purpose": "a model of roads", "contact": "roads@team.example",
        }  # fmt: skip
        return Wish(**known | changes)

    return make


@pytest.fixture
def sent(store, now, wish):
    """sent(**wish) -> id of an application that was sent."""
    return lambda days=30, **changes: desk.send(store, wish(days, **changes), by="ann", at=now()).id
