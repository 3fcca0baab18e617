"""The registry: numbered, staged, logged, checked against the log."""

import sqlite3
from datetime import UTC, datetime

import pytest

from qianhang import models
from qianhang.core.errors import ModelError
from qianhang.models import PART, Card, NewModel
from qianhang.store import Settings, Store

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
CARD = Card({"zh": "一", "en": "one"})


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


@pytest.fixture
def store(settings):
    with Store.open(settings, parts=[PART]) as opened:
        yield opened


def register(store, name="a.b", stage="accepted", run="r1"):
    inner = store.files.put(run.encode())
    text = f'{{"class_name":"pack:X","files":{{"w":"{inner}"}},"format":1}}'
    manifest = store.files.put(text.encode())
    with store.write() as tx:
        return models.register(tx, NewModel(name, stage, manifest, run, CARD), at=NOW)


def test_versions_are_numbered_within_a_name(store):
    made = [register(store), register(store, "c.d"), register(store, run="r2")]
    assert [m.id for m in made] == ["a.b@1", "c.d@1", "a.b@2"]
    assert made[2].at == "2026-03-01T08:00:00.000000Z"
    assert made[2].class_name == "pack:X"
    assert [m.id for m in models.versions(store)] == ["a.b@1", "a.b@2", "c.d@1"]
    assert [m.run for m in models.versions(store, "a.b")] == ["r1", "r2"]
    assert models.get(store, "a.b", 2) == made[2]


def test_the_newest_accepted_is_not_the_newest(store):
    register(store)
    register(store, stage="research_only")
    register(store, stage="rejected")
    assert models.newest(store, "a.b").version == 1
    assert models.newest(store, "a.b", stages=("accepted", "research_only")).version == 2
    assert models.newest(store, "nobody") is None


def test_a_change_of_stage_is_logged_with_its_reason(store):
    made = register(store)
    with store.write() as tx:
        retired = models.restage(tx, made, stage="retired", reason="newer data", at=NOW)
    assert retired.stage == "retired"
    assert models.newest(store, "a.b") is None
    entry = store.entries(kind="model.restaged")[0]
    assert entry.subject == "a.b@1"
    assert entry.payload == {"stage": "retired", "before": "accepted", "reason": "newer data"}
    assert models.verify(store) == []


def test_a_models_files_are_verified_with_the_log(store, settings):
    made = register(store)
    assert store.verify().files == 2
    inner = models.manifest(store.files, made.manifest).files["w"]
    (settings.home / "files" / inner[:2] / inner).write_bytes(b"other")
    assert "file w" in str(store.verify().broken)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE model SET stage = 'accepted' WHERE version = 2", "a.b@2: stage is 'accepted'"),
        ("UPDATE model SET manifest = 'x' WHERE version = 1", "a.b@1: manifest is 'x'"),
        ("UPDATE model SET card = '{}' WHERE version = 1", "a.b@1: card"),
        ("DELETE FROM model WHERE version = 2", "a.b@2 is in the log but not"),
        ("UPDATE model SET version = 7 WHERE version = 2", "a.b@7 is in the registry but not"),
    ],
)
def test_a_row_changed_by_hand_is_named(store, settings, statement, said):
    register(store)
    register(store, stage="rejected")
    assert models.verify(store) == []
    with sqlite3.connect(settings.home / "qianhang.db") as raw:
        raw.execute(statement)
    raw.close()
    assert any(said in line for line in models.verify(store))


def test_what_does_not_exist_is_named(store):
    made = register(store)
    with pytest.raises(ModelError, match=r"a\.b@9") as caught:
        models.get(store, "a.b", 9)
    assert caught.value.code == "QH607"
    with pytest.raises(ModelError, match="stage 'best'"):
        register(store, stage="best")
    with pytest.raises(ModelError, match="stage 'best'"), store.write() as tx:
        models.restage(tx, made, stage="best", reason="", at=NOW)
    with pytest.raises(ModelError) as caught, store.write() as tx:
        models.register(tx, NewModel("a.b", "accepted", "0" * 64, "r", CARD), at=NOW)
    assert caught.value.code == "QH605"
    assert store.verify().records == 1


def test_two_registrations_that_fail_together_leave_nothing(store):
    sha = store.files.put(b'{"class_name":"pack:X","files":{},"format":1}')

    def fail():
        with store.write() as tx:
            models.register(tx, NewModel("a.b", "accepted", sha, "r", CARD), at=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert models.versions(store) == []
    assert store.verify().records == 0
