"""The log: a chain in which every change by hand is found and named."""

import hashlib
import json
import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from qianhang.store.log import canonical


def fill(store, now, count=10):
    for number in range(count):
        with store.write() as tx:
            tx.append("test", f"s{number % 2}", payload={"number": number, "zh": "热"}, at=now)


def edit(settings, *statements):
    """Change the database file by hand, as somebody with full rights would."""
    with sqlite3.connect(settings.home / "qianhang.db") as raw:
        raw.execute("DROP TRIGGER IF EXISTS log_no_update")
        raw.execute("DROP TRIGGER IF EXISTS log_no_delete")
        for statement in statements:
            raw.execute(statement)
    raw.close()


def test_an_untouched_log_verifies(store, now):
    fill(store, now)
    check = store.verify()
    assert check.ok
    assert check.records == 10
    assert check.broken is None


def test_an_empty_log_verifies(store):
    check = store.verify()
    assert (check.ok, check.records, check.head) == (True, 0, "0" * 64)


def test_the_hash_is_what_its_definition_says(store, now):
    """Recomputed here from the definition: sha256 of the JSON list of a record's six parts."""
    fill(store, now, 2)
    first, second = store.entries()
    parts = [1, "2026-03-01T08:00:00.000000Z", "test", "s0", '{"number":0,"zh":"热"}', "0" * 64]
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    assert first.hash == hashlib.sha256(text.encode()).hexdigest()
    assert second.prev_hash == first.hash


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE log SET payload = replace(payload, '4', '5') WHERE seq = 5", 5),
        ("UPDATE log SET at = '2025-01-01T00:00:00.000000Z' WHERE seq = 1", 1),
        ("UPDATE log SET subject = 'other' WHERE seq = 10", 10),
        ("UPDATE log SET kind = 'other' WHERE seq = 7", 7),
        ("UPDATE log SET hash = prev_hash WHERE seq = 3", 3),
        ("UPDATE log SET prev_hash = hash WHERE seq = 3", 3),
        ("DELETE FROM log WHERE seq = 4", 4),
        ("DELETE FROM log WHERE seq = 1", 1),
        ("DELETE FROM log WHERE seq = 10", 10),
        ("DELETE FROM log WHERE seq > 6", 7),
        ("DELETE FROM log", 1),
        ("UPDATE log SET seq = 0 WHERE seq = 1", 1),
        ("INSERT INTO log SELECT 11, at, kind, subject, payload, prev_hash, hash FROM log "
         "WHERE seq = 10", 11),
        ("DELETE FROM log_head", 10),
        ("UPDATE log_head SET seq = 12", 11),
        ("UPDATE log_head SET hash = 'x'", 10),
    ],
)  # fmt: skip
def test_a_change_by_hand_is_named(settings, store, now, statement, seq):
    fill(store, now)
    edit(settings, statement)
    check = store.verify()
    assert not check.ok
    assert check.broken.seq == seq
    assert str(check.broken).startswith(f"record {seq} ")


def test_two_records_that_changed_places_are_named(settings, store, now):
    fill(store, now)
    edit(
        settings,
        "UPDATE log SET seq = 99 WHERE seq = 4",
        "UPDATE log SET seq = 4 WHERE seq = 6",
        "UPDATE log SET seq = 6 WHERE seq = 99",
    )
    assert store.verify().broken.seq == 4


def test_a_record_put_in_between_is_named(settings, store, now):
    fill(store, now)
    edit(
        settings,
        *[f"UPDATE log SET seq = {n + 1} WHERE seq = {n}" for n in range(10, 4, -1)],
        "INSERT INTO log SELECT 5, at, kind, subject, payload, hash, 'made up' FROM log "
        "WHERE seq = 4",
        "UPDATE log_head SET seq = 11",
    )
    assert store.verify().broken.seq == 5


def rewrite(settings, seq, payload):
    """What a forger with the source code would do: change one record and rehash all after it."""
    from qianhang.store.log import digest

    edit(settings)
    raw = sqlite3.connect(settings.home / "qianhang.db")
    raw.row_factory = sqlite3.Row
    with raw:
        previous = None
        for found in raw.execute("SELECT * FROM log ORDER BY seq").fetchall():
            row = dict(found)
            if row["seq"] == seq:
                row["payload"] = payload
            if previous:
                row["prev_hash"] = previous
            previous = digest(row)
            raw.execute(
                "UPDATE log SET payload = ?, prev_hash = ?, hash = ? WHERE seq = ?",
                (row["payload"], row["prev_hash"], previous, row["seq"]),
            )
        raw.execute("UPDATE log_head SET hash = ?", (previous,))
    raw.close()


def test_a_record_rewritten_with_a_right_hash_is_named_by_the_one_after(settings, store, now):
    from qianhang.store.log import digest

    fill(store, now)
    edit(settings)
    with sqlite3.connect(settings.home / "qianhang.db") as raw:
        raw.row_factory = sqlite3.Row
        row = dict(raw.execute("SELECT * FROM log WHERE seq = 5").fetchone()) | {"payload": "{}"}
        raw.execute("UPDATE log SET payload = '{}', hash = ? WHERE seq = 5", (digest(row),))
    raw.close()
    assert store.verify().broken.seq == 5


def test_a_log_rewritten_whole_is_found_with_an_anchor_kept_outside(settings, store, now):
    fill(store, now, 6)
    anchor = store.verify().anchor
    fill(store, now, 4)
    assert store.verify(anchor=anchor).ok
    rewrite(settings, 3, "{}")
    assert store.verify().ok
    assert store.verify(anchor=anchor).broken.seq == 6


def test_a_log_cut_before_the_anchor_is_found(settings, store, now):
    fill(store, now)
    anchor = store.verify().anchor
    edit(
        settings,
        "DELETE FROM log WHERE seq > 4",
        "UPDATE log_head SET seq = 4, hash = (SELECT hash FROM log WHERE seq = 4)",
    )
    assert store.verify().ok
    assert store.verify(anchor=anchor).broken.seq == 5


def test_the_database_itself_refuses_changes_by_mistake(settings, store, now):
    fill(store, now)
    for statement in ("UPDATE log SET kind = 'x'", "DELETE FROM log"):
        with (
            sqlite3.connect(settings.home / "qianhang.db") as raw,
            pytest.raises(sqlite3.IntegrityError, match="append-only"),
        ):
            raw.execute(statement)
        raw.close()
    assert store.verify().ok


def test_files_that_a_record_refers_to_are_verified(settings, store, now):
    sha = store.files.put(b"report")
    fill(store, now, 3)
    with store.write() as tx:
        tx.append("test", "s", payload={"files": {"report": sha}}, at=now)
    assert store.verify().files == 1
    (settings.home / "files" / sha[:2] / sha).write_bytes(b"other")
    broken = store.verify().broken
    assert broken.seq == 4
    assert "report" in str(broken)
    assert "changed" in str(broken)
    (settings.home / "files" / sha[:2] / sha).unlink()
    assert "absent" in str(store.verify().broken)
    assert store.verify(files=False).ok


def test_a_transaction_that_fails_leaves_no_record(store, now):
    fill(store, now, 3)

    def fail():
        with store.write() as tx:
            tx.append("test", "s", payload={}, at=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.verify().records == 3


def test_several_records_in_one_transaction_follow_each_other(store, now):
    with store.write() as tx:
        made = [tx.append("test", "s", payload={"n": n}, at=now) for n in range(3)]
    assert [e.seq for e in made] == [1, 2, 3]
    assert store.entries() == made


def test_entries_are_found_by_kind_subject_and_place(store, now):
    fill(store, now)
    assert [e.seq for e in store.entries(subject="s1")] == [2, 4, 6, 8, 10]
    assert [e.seq for e in store.entries(after=8)] == [9, 10]
    assert [e.seq for e in store.entries(subject="s0", limit=2)] == [1, 3]
    assert store.entries(kind="other") == []
    assert store.entries()[4].payload == {"number": 4, "zh": "热"}


def test_times_are_kept_in_utc_and_need_a_zone(store):
    east = timezone(timedelta(hours=8))
    with store.write() as tx:
        made = tx.append("t", "s", payload={}, at=datetime(2026, 3, 1, 16, 0, tzinfo=east))
    assert made.at == "2026-03-01T08:00:00.000000Z"
    with pytest.raises(ValueError, match="time zone"), store.write() as tx:
        tx.append("t", "s", payload={}, at=datetime(2026, 3, 1))


def test_numbers_of_numpy_are_plain_numbers_and_nan_is_refused():
    values = {"b": np.float32(0.5), "a": np.int64(3), "c": np.array([1, 2]), "d": np.bool_(True)}
    assert canonical(values) == '{"a":3,"b":0.5,"c":[1,2],"d":true}'
    for bad in (float("nan"), np.float64("inf"), np.float32("nan")):
        with pytest.raises(ValueError, match="not JSON compliant"):
            canonical({"x": bad})
    with pytest.raises(TypeError, match="cannot hold datetime"):
        canonical({"x": datetime(2026, 1, 1, tzinfo=UTC)})
