"""Outputs collected from a job's folder: what was named, once, and nothing from elsewhere."""

import os
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.artefacts import folder, gather, shelf
from qianhang.compute.artefacts.outputs import Outputs
from qianhang.compute.artefacts.shelf import Limits
from qianhang.compute.door import jobs, plant
from qianhang.compute.network import Network
from qianhang.compute.task import Outcome
from qianhang.core.errors import StoreError, UsageError
from qianhang.store import Files, Store
from qianhang.testing.door_bed import Killed, dying

FAILED = Outcome("failed", 3)


def limit(bed, **changes):
    shelf.set_limits(bed.store, replace(Limits(), **changes), by="t", at=bed.now())


def test_what_was_named_is_kept_and_nothing_else(bed):
    files = {"results/a.json": b"{}", "results/b.txt": b"no", "model.bin": b"\0" * 1000}
    job = bed.ended(["results/*.json", "model.bin"], files)
    assert bed.collect() == 1
    assert bed.paths(job) == ["model.bin", "results/a.json"]
    assert (bed.state(job), bed.bytes_of(job, 1), bed.bytes_of(job, 2)) == (
        "kept", b"\0" * 1000, b"{}",
    )  # fmt: skip
    first = shelf.listed(bed.store, job)[0]
    assert (first.size, first.sha[:8]) == (1000, "541b3e9d")  # sha256 of a thousand zeros
    assert bed.collect() == 0


def test_nothing_is_collected_while_the_job_runs(bed):
    job = bed.submitted(["a"])
    (bed.folder / job / "a").write_bytes(b"half")
    assert (bed.collect(), bed.state(job), bed.paths(job)) == (0, "wanted", [])


def test_after_a_failure_only_what_asks_for_it(bed):
    wanted = bed.ended(Outputs(("a",), "always"), {"a": b"x"}, FAILED)
    other = bed.ended(["a"], {"a": b"x"}, FAILED)
    assert bed.collect() == 2
    assert (bed.state(wanted), bed.state(other)) == ("kept", "not_due")
    assert bed.paths(other) == []


def test_what_is_missing_is_waited_for_and_then_said(bed):
    job = bed.ended(["a", "b/*.json"], {"a": b"x"})
    assert (bed.collect(), bed.state(job)) == (0, "wanted")
    assert bed.collect(61.0) == 1
    found = shelf.harvest(bed.store, job)
    assert (found.state, found.missing, bed.paths(job)) == ("kept", ("b/*.json",), ["a"])
    empty = bed.ended(["c"], {})
    bed.collect(31.0)
    bed.collect(61.0)
    assert bed.state(empty) == "empty"


def test_links_pipes_and_strange_names_are_passed_over(bed, tmp_path):
    """A link to a file, to a folder, to nothing; a second name of a file outside; a pipe."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key.json").write_bytes(b"secret")
    job = bed.submitted(["**/*.json"])
    place = bed.folder / job
    (place / "good.json").write_bytes(b"good")
    (place / "link.json").symlink_to(secret / "key.json")
    (place / "nowhere.json").symlink_to("/nonexistent")
    (place / "folder.json").symlink_to(secret)
    (place / "hard.json").hardlink_to(secret / "key.json")
    os.mkfifo(place / "pipe.json")
    (place / "new\nline.json").write_bytes(b"x")
    (place / os.fsdecode(b"\xff.json")).write_bytes(b"x")
    bed.engine.end(f"{job}.1")
    bed.door.tick(bed.now(1.0))
    bed.collect()
    assert bed.paths(job) == ["good.json"]
    assert dict(shelf.harvest(bed.store, job).skipped) == {
        "link.json": "link", "nowhere.json": "link", "folder.json": "link",
        "hard.json": "linked", "pipe.json": "not a file", r"new\nline.json": "name",
        r"\udcff.json": "name",
    }  # fmt: skip


@pytest.mark.parametrize("what", ["job", "jobs"])
def test_a_folder_that_became_a_link_leads_nowhere(bed, tmp_path, what):
    job = bed.ended(["key.json"], {})
    secret = tmp_path / "secret"
    (secret / job).mkdir(parents=True)
    for place in (secret, secret / job):
        (place / "key.json").write_bytes(b"secret")
    if what == "job":
        (bed.folder / job).rmdir()
        (bed.folder / job).symlink_to(secret)
    else:
        bed.folder.rename(tmp_path / "moved")
        bed.folder.symlink_to(secret)
    bed.collect(61.0)
    assert (bed.state(job), bed.paths(job)) == ("wanted", [])
    bed.collect(90_000.0)
    assert (bed.state(job), bed.paths(job)) == ("away", [])


def test_a_folder_swapped_for_a_link_while_it_is_read_leads_nowhere(bed, tmp_path, monkeypatch):
    """The swap comes between the look at the name and its opening."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "a").write_bytes(b"secret")
    job = bed.ended(["d/a", "z"], {"d/a": b"good", "z": b"last"})
    opened = os.open

    def swapping(path, flags, *more, **named):
        if path == "d" and not (bed.folder / job / "was").exists():
            (bed.folder / job / "d").rename(bed.folder / job / "was")
            (bed.folder / job / "d").symlink_to(secret)
        return opened(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", swapping)
    bed.collect(61.0)
    contents = {bed.bytes_of(job, one.number) for one in shelf.listed(bed.store, job)}
    assert b"secret" not in contents


@pytest.mark.parametrize(
    ("limits", "files"),
    [
        ({"file_mb": 1}, {"a": b"x" * 1_000_001}),
        ({"job_mb": 1}, {"a": b"x" * 600_000, "b": b"x" * 600_000}),
        ({"files": 2}, {"a": b"", "b": b"", "c": b""}),
    ],
    ids=["file", "job", "count"],
)
def test_more_than_is_allowed_is_refused_whole_and_said(bed, limits, files):
    limit(bed, **limits)
    job = bed.ended(["*"], files)
    assert bed.collect() == 1
    found = shelf.harvest(bed.store, job)
    assert (found.state, bed.paths(job), bool(found.found)) == ("too_much", [], True)
    limit(bed)
    shelf.again(bed.store, job, by="t", at=bed.now())
    bed.collect()
    assert bed.paths(job) == sorted(files)
    with pytest.raises(UsageError, match="QH527"):
        shelf.again(bed.store, job, by="t", at=bed.now())


def test_too_deep_or_too_many_entries_end_the_walk(bed, monkeypatch):
    job = bed.ended(["*"], {"/".join("d" * 40): b"x"})
    bed.collect()
    assert bed.state(job) == "too_much"
    deep = {"a": b"x", "scratch/" + "/".join("d" * 40): b"x"}  # nothing of it is meant
    job = bed.ended(["a", "results/**"], deep)
    bed.collect()
    bed.collect(61.0)
    assert bed.paths(job) == ["a"]
    monkeypatch.setattr(folder, "_MOST_ENTRIES", 3)
    job = bed.ended(["a"], dict.fromkeys("abcd", b""))
    bed.collect()
    assert bed.state(job) == "too_much"


def test_an_organisation_keeps_no_more_than_its_share(bed):
    limit(bed, org_mb=1)
    first = bed.ended(["a"], {"a": b"x" * 600_000})
    second = bed.ended(["a"], {"a": b"y" * 600_000})
    other = bed.ended(["a"], {"a": b"z" * 600_000}, org="town")
    assert bed.collect() == 3
    assert [bed.state(one) for one in (first, second, other)] == ["kept", "full", "kept"]
    assert len(shelf.files_of(bed.store).kept()) == 2  # nothing lies there that no row counts
    shelf.remove(bed.store, first, by="ann", at=bed.now())
    shelf.again(bed.store, second, by="ann", at=bed.now())
    bed.collect()
    assert bed.state(second) == "kept"


@contextmanager
def dead_after_commit(monkeypatch):
    write = Store.write

    @contextmanager
    def deadly(self):
        with write(self) as tx:
            yield tx
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", deadly)
        yield


@contextmanager
def dead_after_put(monkeypatch, count):
    put, seen = Files.put, []

    def deadly(self, content):
        sha = put(self, content)
        seen.append(sha)
        if len(seen) == count:
            raise Killed
        return sha

    with monkeypatch.context() as patch:
        patch.setattr(Files, "put", deadly)
        yield


@pytest.mark.parametrize(
    "death",
    [
        lambda patch: dead_after_put(patch, 1), lambda patch: dead_after_put(patch, 2),
        lambda patch: dying(patch, 1), dead_after_commit,
    ],
    ids=["first file", "last file", "before the commit", "behind the commit"],
)  # fmt: skip
def test_a_crash_anywhere_keeps_each_file_once(bed, monkeypatch, death):
    """Killed, then begun anew by another process."""
    job = bed.ended(["*"], {"a": b"one", "b": b"two"})
    with death(monkeypatch), pytest.raises(Killed):
        gather.collect(bed.store, bed.home, bed.now(1.0))
    bed.collect()
    assert (bed.paths(job), bed.bytes_of(job, 2)) == (["a", "b"], b"two")
    kinds = [one.kind for one in bed.store.entries(subject=job)]
    assert kinds.count("compute.artefact.kept") == 1
    assert len(shelf.files_of(bed.store).kept()) == 2
    assert list((bed.home / "spool").iterdir()) == []
    assert bed.store.verify().ok


def test_two_collectors_at_once_keep_them_once(bed, monkeypatch):
    """The second finds them kept when its own turn to write comes."""
    job = bed.ended(["a"], {"a": b"x"})
    keep, inside = shelf.keep, []

    def slow(tx, *given, **named):
        if not inside:
            inside.append(1)
        return keep(tx, *given, **named)

    write = Store.write

    def first(self):
        if not inside:
            inside.append(1)
            monkeypatch.setattr(Store, "write", write)
            assert gather.collect(bed.store, bed.home, bed.now()) == 1
        return write(self)

    monkeypatch.setattr(shelf, "keep", slow)
    monkeypatch.setattr(Store, "write", first)
    assert gather.collect(bed.store, bed.home, bed.now(1.0)) == 0
    assert bed.paths(job) == ["a"]


def test_equal_contents_are_kept_once_until_the_last_is_deleted(bed):
    first, second = (bed.ended(["a"], {"a": b"same"}) for _ in range(2))
    bed.collect()
    files = shelf.files_of(bed.store)
    assert len(files.kept()) == 1
    assert shelf.remove(bed.store, first, by="ann", at=bed.now()) == 1
    assert (bed.state(first), bed.bytes_of(second)) == ("gone", b"same")
    with pytest.raises(UsageError, match=r"QH527 artefact 1 of job .* was deleted"):
        bed.bytes_of(first)
    assert shelf.remove(bed.store, second, by="ann", at=bed.now()) == 1
    assert files.kept() == []
    assert shelf.remove(bed.store, second, by="ann", at=bed.now()) == 0


def test_what_another_deleted_meanwhile_is_put_again(bed, monkeypatch):
    """Equal bytes are deleted by retention between their putting and their row."""
    first = bed.ended(["a"], {"a": b"same"})
    bed.collect()
    second = bed.ended(["a"], {"a": b"same"})
    keep = shelf.keep

    def late(tx, *given, **named):
        shelf._remove(tx, first, by="retention", at=bed.now())
        return keep(tx, *given, **named)

    monkeypatch.setattr(shelf, "keep", late)
    bed.collect()
    assert bed.bytes_of(second) == b"same"


def test_files_are_deleted_after_their_days_and_said_to_be_gone(bed):
    limit(bed, days=2)
    job = bed.ended(["a"], {"a": b"x"})
    bed.collect()
    assert shelf.expire(bed.store, bed.now(86400.0)) == 0
    assert shelf.expire(bed.store, bed.now(86401.0)) == 1
    assert (bed.state(job), shelf.files_of(bed.store).kept()) == ("gone", [])
    assert [one.path for one in shelf.listed(bed.store, job) if one.gone] == ["a"]
    kinds = [one.kind for one in bed.store.entries(subject=job)]
    assert kinds[-2:] == ["compute.artefact.kept", "compute.artefact.gone"]


@pytest.mark.parametrize("wrong", [{"days": 36_501}, {"days": 0}, {"file_mb": 0}, {"files": -1}])
def test_limits_that_make_no_sense_are_refused_and_the_longest_can_be_kept_to(bed, wrong):
    with pytest.raises(UsageError, match=f"QH528 limit {next(iter(wrong))} is"):
        Limits(**wrong)
    limit(bed, days=36_500)
    bed.ended(["a"], {"a": b"x"})
    bed.collect()
    assert shelf.expire(bed.store, bed.now(86400.0)) == 0


def test_whatever_is_over_its_days_goes_in_one_look(bed, monkeypatch):
    monkeypatch.setattr(shelf, "_PIECE", 2)
    limit(bed, days=1)
    made = [bed.ended(["a"], {"a": b"%d" % number}) for number in range(5)]
    bed.collect()
    assert shelf.expire(bed.store, bed.now(2 * 86400.0)) == 5
    assert {bed.state(one) for one in made} == {"gone"}


def test_a_job_that_nobody_can_read_does_not_keep_the_others_waiting(bed):
    """Its row is of another version; the one that ended after it is collected all the same."""
    broken, sound = (bed.ended(["a"], {"a": b"x"}) for _ in range(2))
    with bed.store.write() as tx:
        tx.execute(sa.update(schema.job).where(schema.job.c.id == broken).values(run='{"x": 1}'))
    assert bed.collect() == 1
    assert (bed.state(broken), bed.state(sound)) == ("wanted", "kept")


def test_bytes_that_changed_in_the_store_do_not_come_out_whole(bed):
    job = bed.ended(["a"], {"a": b"x" * 3_000_000})
    bed.collect()
    found = shelf.listed(bed.store, job)[0]
    place = bed.home / "files-artefacts" / found.sha[:2] / found.sha
    place.write_bytes(b"x" * 2_999_999 + b"y")
    got = []
    with pytest.raises(StoreError, match="QH706"):
        got.extend(shelf.content(bed.store, found))
    assert sum(map(len, got)) < found.size


def test_a_pool_of_kubernetes_says_that_it_cannot(bed):
    job = bed.ended(["a"], {"a": b"x"})
    held = plant.held(bed.store, "p1")
    network = plant.network(bed.store, [held])
    pools = (replace(held.pool, driver="kubernetes"),)
    plant.add(bed.store, replace(network, pools=pools, shares={}, links=()), by="t", at=bed.now())
    bed.collect()
    assert bed.state(job) == "unsupported"
    assert bed.store.entries(subject=job)[-1].payload["state"] == "unsupported"


def test_outputs_of_a_pool_of_ray_lie_in_its_run_folder(bed, tmp_path):
    job = bed.ended(["a"], {"a": b"x"})
    held = plant.held(bed.store, "p1")
    pool = replace(held.pool, driver="ray")
    settings = {"p1": {"address": "http://head:8265", "run_dir": str(tmp_path / "p1")}}
    found = Network((pool,), plant.operators(bed.store), engines=settings)
    plant.add(bed.store, found, by="t", at=bed.now())
    bed.collect()
    assert bed.bytes_of(job) == b"x"


def test_a_full_disk_makes_outputs_wait(bed, monkeypatch):
    job = bed.ended(["a"], {"a": b"x"})

    def full(*_given):
        raise StoreError("QH703", "no space left")

    with monkeypatch.context() as patch:
        patch.setattr("qianhang.store.files.Files.put", full)
        assert bed.collect() == 0
    assert bed.state(job) == "wanted"
    assert bed.collect(61.0) == 1
    assert bed.state(job) == "kept"


def test_a_job_without_outputs_has_no_harvest_and_the_row_it_had_before_there_were_any(bed):
    job = bed.ended(None, {"a": b"x"})
    assert bed.collect() == 0
    assert shelf.harvest(bed.store, job) is None
    assert "outputs" not in str(bed.store.entries(subject=job)[0].payload)
    assert jobs.get(bed.store, job).work.outputs is None
