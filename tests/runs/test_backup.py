"""A backup restores onto another store, of either kind, and what is spoilt is refused."""

import gzip
import hashlib
import io
import json
import shutil
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import qianhang.plan
from qianhang.access import accounts, organisations
from qianhang.access import schema as access_schema
from qianhang.access.person import Grant
from qianhang.compute.artefacts import shelf
from qianhang.compute.artefacts.folder import Copied
from qianhang.core.errors import StoreError
from qianhang.plan import ledger
from qianhang.plan import schema as plan_schema
from qianhang.plan.reading.read import read
from qianhang.runs import Request, asks, copies, open_store
from qianhang.store import Settings, Store
from qianhang.store.backup import back_up
from qianhang.store.migrate import OWN, upgrade
from qianhang.store.restore import read_manifest
from qianhang.store.sent import uploads

SENT = {"east/0a1b/energy.csv": b"hour,kwh\n0,1.5\n", "east/77aa/flow.inp": bytes(range(256)) * 4}
NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
SAMPLE = Path(qianhang.plan.__file__).with_name("sample.txt")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A store with rows of several services, a file, and records of all of it."""
    settings = Settings(home=tmp_path_factory.mktemp("filled") / "first")
    with open_store(settings) as store:
        with store.write() as tx:
            organisations.add_organisation(
                tx, "东市", kind="city", org="east", by="t", at=NOW, sealed=True
            )
            accounts.create(
                tx, "li.na", name="李娜 \u2028 \"'\\", org="east", by="t", at=NOW,
                grants=[Grant("east", "administrator")],
            )  # fmt: skip
        import_plan(store)
        for name, content in SENT.items():
            path = settings.home / "uploads" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        sha = store.files.put(bytes(range(256)) * 9)
        with store.write() as tx:
            tx.append("test.file", "one", payload={"files": {"all bytes": sha}}, at=NOW)
        copies.make(store, settings.home.with_name("backup.tar"), home=settings.home, at=NOW)
    return settings.home


@pytest.fixture
def filled(tmp_path, template):
    settings = Settings(home=shutil.copytree(template, tmp_path / "first"))
    with open_store(settings) as store:
        yield settings, store


@pytest.fixture
def archive(template, tmp_path):
    return Path(shutil.copy(template.with_name("backup.tar"), tmp_path))


@pytest.fixture
def another(tmp_path):
    return Settings(home=tmp_path / "second")


@pytest.fixture
def postgres(postgres_server, tmp_path, request):
    """Settings of an empty database."""
    root = sa.create_engine(f"postgresql+psycopg://me@/postgres?host={postgres_server}")
    name = f"b{abs(hash(request.node.name)) % 10**9}"
    with root.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    root.dispose()
    url = f"postgresql://me@/{name}?host={postgres_server}"
    return Settings(home=tmp_path / "postgres", database_url=url)


def import_plan(store):
    raw = SAMPLE.read_bytes()
    return ledger.keep(store, read(SAMPLE), raw=raw, by="t", at=NOW, org="east").plan


def rewritten(archive, change):
    """The archive with every member passed through change(name, bytes) -> bytes or None."""
    out = archive.with_name("spoilt.tar")
    with tarfile.open(archive) as old, tarfile.open(out, "w") as new:
        for member in old.getmembers():
            content = change(member.name, old.extractfile(member).read())
            if content is not None:
                member.size = len(content)
                new.addfile(member, io.BytesIO(content))
    return out


def refused(settings, archive):
    with pytest.raises(StoreError) as caught:
        copies.take_back(settings, archive)
    return caught.value.code


def sent(settings):
    """Path -> bytes of the uploads."""
    return {name: path.read_bytes() for name, path in uploads(settings.home)}


def test_a_backup_restores_onto_another_store_that_verifies_and_holds_the_same(
    filled, archive, another, tmp_path
):
    check = copies.take_back(another, archive)
    assert check.ok
    assert check.files == 2
    with open_store(another) as store:
        assert store.verify(anchor=filled[1].verify().anchor).ok
        assert accounts.find(store, "li.na") == accounts.find(filled[1], "li.na")
        assert organisations.organisations(store) == organisations.organisations(filled[1])
        again = copies.make(store, tmp_path / "again.tar", home=another.home, at=NOW)
    first = read_manifest(archive)
    assert (again.tables, again.files, again.anchor) == (first.tables, first.files, first.anchor)
    assert again.uploads == first.uploads
    assert sent(another) == SENT


@pytest.mark.postgresql
def test_a_backup_goes_from_sqlite_to_postgresql_and_back(
    filled, archive, postgres, another, tmp_path
):
    assert copies.take_back(postgres, archive).ok
    back = tmp_path / "back.tar"
    with open_store(postgres) as store:
        made = copies.make(store, back, home=postgres.home, at=NOW)
    first = read_manifest(archive)
    assert (made.tables, made.files, made.anchor) == (first.tables, first.files, first.anchor)
    assert sent(postgres) == SENT
    assert copies.take_back(another, back).ok
    assert sent(another) == SENT


def kept(store, place, job, at, **files):
    """Result files of a job, as the supervisor keeps them."""
    made = []
    for name, content in files.items():
        (place / name).write_bytes(content)
        sha = shelf.files_of(store).put(place / name)
        made.append(Copied(name, len(content), sha, place / name))
    with store.write() as tx:
        shelf.want(tx, job, "east", at=at)
        shelf.keep(tx, job, made, token=f"{job}.1", detail={}, org_bytes=10**12, at=at)


def bytes_of(store, job):
    return {
        one.path: "" if one.gone else b"".join(shelf.content(store, one))
        for one in shelf.listed(store, job)
    }


def test_result_files_of_jobs_go_along_and_those_left_out_are_told_as_gone(
    filled, another, tmp_path
):
    """Two jobs, the newer one's files in; a third of its results was deleted before."""
    settings, store = filled
    kept(store, tmp_path, "j1", NOW - timedelta(days=2), old=b"a" * 900_000)
    kept(store, tmp_path, "j2", NOW, model=b"b" * 400_000, scores=b"{}")
    kept(store, tmp_path, "j3", NOW, wrong=b"c")
    shelf.remove(store, "j3", by="t", at=NOW)
    whole, some = tmp_path / "whole.tar", tmp_path / "some.tar"
    made = copies.make(store, whole, home=settings.home, at=NOW)
    assert copies.left_out(store, made) == (0, 0)
    copies.take_back(another, whole)
    made = copies.make(store, some, home=settings.home, at=NOW, most_mb=1)
    assert copies.left_out(store, made) == (1, 900_000)
    less = Settings(home=tmp_path / "less")
    copies.take_back(less, some)
    newer = {"model": b"b" * 400_000, "scores": b"{}"}
    with open_store(another) as found:
        assert bytes_of(found, "j1") == {"old": b"a" * 900_000}
        assert (bytes_of(found, "j2"), bytes_of(found, "j3")) == (newer, {"wrong": ""})
        assert [e.payload["by"] for e in found.entries(kind="compute.artefact.gone")] == ["t"]
    with open_store(less) as found:
        assert (bytes_of(found, "j1"), bytes_of(found, "j2")) == ({"old": ""}, newer)
        assert shelf.harvest(found, "j1").state == "gone"
        assert found.verify(anchor=made.anchor).ok


def test_a_result_file_deleted_while_a_backup_is_made_is_left_out(
    filled, another, tmp_path, monkeypatch
):
    settings, store = filled
    kept(store, tmp_path, "j1", NOW, one=b"1", two=b"2")
    chosen = shelf.newest

    def then_deleted(connection, most):
        found = chosen(connection, most)
        shelf.files_of(store).remove(found[0])
        return found

    monkeypatch.setattr(shelf, "newest", then_deleted)
    copies.make(store, tmp_path / "b.tar", home=settings.home, at=NOW)
    copies.take_back(another, tmp_path / "b.tar")
    with open_store(another) as found:
        assert sorted(bytes_of(found, "j1").values(), key=str) == ["", b"2"]


def test_a_result_file_that_was_changed_is_refused_and_its_place_is_never_elsewhere(
    filled, another, tmp_path
):
    settings, store = filled
    kept(store, tmp_path, "j1", NOW, one=b"1" * 99)
    archive = tmp_path / "b.tar"
    copies.make(store, archive, home=settings.home, at=NOW)
    bad = rewritten(archive, lambda n, c: c[:-1] + b"!" if n.startswith("artefacts/") else c)
    assert refused(another, bad) == "QH710"

    def moved(name, content):
        return (
            content.replace(b'"artefacts"', b'"../../away"') if name == "manifest.json" else content
        )

    assert refused(another, rewritten(archive, moved)) == "QH710"


def test_a_run_that_waited_finds_its_data_on_the_restored_store(filled, another, tmp_path):
    settings, store = filled
    place = settings.home / "uploads" / "east" / "0a1b" / "energy.csv"
    shutil.copy(Path(__file__).parents[1] / "web" / "browser" / "activity.csv", place)
    asked = Request("ecology.carbon_inventory", "own", place)
    ask = asks.put(store, asked, org="east", by="t", now=NOW, home=settings.home)
    copies.make(store, tmp_path / "waits.tar", home=settings.home, at=NOW)
    copies.take_back(another, tmp_path / "waits.tar")
    with open_store(another) as restored:
        found = asks.request_of(asks.get(restored, ask.id), another.home)
    assert found.data.is_relative_to(another.home)
    assert found.data.read_bytes() == place.read_bytes()


@pytest.mark.postgresql
def test_numbers_go_on_where_they_stopped_after_a_restore(archive, postgres):
    copies.take_back(postgres, archive)
    with open_store(postgres) as store, store.write() as tx:
        old = tx.execute(sa.select(sa.func.max(plan_schema.plan.c.id))).scalar_one()
        row = dict(tx.execute(sa.select(plan_schema.plan)).mappings().first())
        del row["id"]
        tx.execute(sa.insert(plan_schema.plan).values(row | {"title": "another"}))
        assert tx.execute(sa.select(sa.func.max(plan_schema.plan.c.id))).scalar_one() == old + 1


def test_a_restored_store_goes_on(archive, another):
    copies.take_back(another, archive)
    with open_store(another) as store:
        import_plan(store)
        with store.write() as tx:
            accounts.create(tx, "wang.fang", name="王芳", by="t", at=NOW)
        assert store.verify().ok


def test_a_backup_of_older_tables_is_brought_up_to_date(tmp_path, another):
    parts = (plan_schema.PART, access_schema.PART)
    old = Settings(home=tmp_path / "old")
    with Store.open(old) as store:
        with store.write() as tx:
            then = {OWN.name: OWN.head, "plan": "plan_0002", "access": "access_0001"}
            upgrade(tx.connection, parts, to=then)
            tx.append("test", "old", payload={}, at=NOW)
        path = tmp_path / "old.tar"
        made = back_up(store, path, home=old.home, parts=parts, at=NOW, version="0")
    assert made.parts["plan"] == "plan_0002"
    assert copies.take_back(another, path).ok
    with open_store(another) as store, store.read() as connection:
        assert connection.execute(sa.select(plan_schema.plan.c.org)).all() == []


def test_nothing_is_restored_over_a_store_that_holds_something(filled, archive):
    before = filled[1].verify()
    assert refused(filled[0], archive) == "QH709"
    assert filled[1].verify() == before


def test_a_backup_does_not_overwrite_a_file(filled, archive):
    with pytest.raises(StoreError) as caught:
        copies.make(filled[1], archive, home=filled[0].home, at=NOW)
    assert caught.value.code == "QH709"


def test_a_backup_is_readable_by_its_owner_only(archive):
    assert archive.stat().st_mode & 0o077 == 0


def test_a_backup_of_a_store_whose_file_was_changed_is_refused_and_leaves_nothing(filled, tmp_path):
    settings, store = filled
    spoilt = next((settings.home / "files").glob("??/*"))
    spoilt.chmod(0o600)
    spoilt.write_bytes(b"another")
    with pytest.raises(StoreError) as caught:
        copies.make(store, tmp_path / "bad.tar", home=settings.home, at=NOW)
    assert caught.value.code == "QH706"
    assert not (tmp_path / "bad.tar").exists()


def test_an_archive_cut_short_is_refused(archive, another):
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    assert refused(another, archive) == "QH710"


def test_something_that_is_no_backup_is_refused(another, tmp_path):
    path = tmp_path / "letter.tar"
    path.write_bytes(b"dear sir or madam" * 1000)
    assert refused(another, path) == "QH710"


def test_a_file_that_is_not_what_its_name_says_is_refused(archive, another):
    bad = rewritten(archive, lambda n, c: c[:-1] + b"!" if n.startswith("files/") else c)
    assert refused(another, bad) == "QH710"


def test_rows_that_were_changed_are_refused_and_none_is_kept(archive, another):
    def change(name, content):
        if name != "rows/access_grant.jsonl.gz":
            return content
        row = json.loads(gzip.decompress(content))
        return gzip.compress(json.dumps(row | {"org": "root"}).encode() + b"\n")

    assert refused(another, rewritten(archive, change)) == "QH710"
    with Store.open(another) as store, store.read() as connection:
        assert "access_grant" not in sa.inspect(connection).get_table_names()


def test_a_log_that_was_rewritten_in_the_backup_does_not_verify(archive, another):
    """The manifest's sums are made to fit, so that only the chain can tell."""
    changed = {}

    def change(name, content):
        if name == "rows/log.jsonl.gz":
            text = gzip.decompress(content).replace(b"li.na", b"li.no")
            changed["sha"] = hashlib.sha256(gzip.compress(text, mtime=0)).hexdigest()
            return gzip.compress(text, mtime=0)
        if name == "manifest.json":
            body = json.loads(content)
            body["tables"]["log"]["sha256"] = changed["sha"]
            return json.dumps(body).encode()
        return content

    assert refused(another, rewritten(archive, change)) == "QH710"
    with Store.open(another) as store:
        assert store.entries() == []


def test_the_manifest_tells_size_and_sum_of_every_upload(archive):
    """Against sha256 of the bytes themselves."""
    made = read_manifest(archive)
    told = {name: (one.size, one.sha256) for name, one in made.uploads.items()}
    assert told == {n: (len(c), hashlib.sha256(c).hexdigest()) for n, c in SENT.items()}
    assert made.sent == sum(map(len, SENT.values()))


def test_an_upload_that_was_changed_in_the_backup_is_refused_and_none_stays(archive, another):
    bad = rewritten(archive, lambda n, c: c + b"!" if n.endswith("flow.inp") else c)
    assert refused(another, bad) == "QH710"
    assert sent(another) == {}


def test_where_the_rows_are_refused_no_upload_stays_either(archive, another):
    bad = rewritten(archive, lambda n, c: c[:-1] if n == "rows/log.jsonl.gz" else c)
    assert refused(another, bad) == "QH710"
    assert sent(another) == {}


def test_nothing_is_restored_beside_uploads_that_are_there(archive, another):
    place = another.home / "uploads" / "east" / "x" / "kept.csv"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"mine")
    assert refused(another, archive) == "QH709"
    assert sent(another) == {"east/x/kept.csv": b"mine"}


@pytest.mark.parametrize(
    "name", ["../outside/x", "/etc/x", "a/../../x", "a//b", "x", "a\\..\\b/c", "a/b\0"]
)
def test_no_path_of_an_upload_leads_out_of_the_uploads(archive, another, name, tmp_path):
    def change(member, content):
        if member != "manifest.json":
            return content
        body = json.loads(content)
        one = body["uploads"]["east/0a1b/energy.csv"]
        return json.dumps(body | {"uploads": {name: one}}).encode()

    before = {p for p in tmp_path.rglob("*") if another.home not in (p, *p.parents)}
    assert refused(another, rewritten(archive, change)) == "QH710"
    found = {p for p in tmp_path.rglob("*") if another.home not in (p, *p.parents)}
    assert {p.name for p in found - before} <= {"spoilt.tar"}
    assert sent(another) == {}


def test_a_link_among_the_uploads_is_left_out(filled, tmp_path):
    settings, store = filled
    (tmp_path / "secret").write_bytes(b"elsewhere")
    (settings.home / "uploads" / "east" / "link.csv").symlink_to(tmp_path / "secret")
    made = copies.make(store, tmp_path / "linked.tar", home=settings.home, at=NOW)
    assert set(made.uploads) == set(SENT)


def test_a_backup_of_the_first_format_which_held_no_uploads_restores(archive, another):
    def change(name, content):
        if name != "manifest.json":
            return content
        body = json.loads(content)
        del body["uploads"]
        return json.dumps(body | {"format": 1}).encode()

    assert copies.take_back(another, rewritten(archive, change)).ok
    assert sent(another) == {}


def test_a_backup_of_a_format_to_come_says_so(archive, another):
    bad = rewritten(archive, lambda n, c: b'{"format": 4}' if n == "manifest.json" else c)
    with pytest.raises(StoreError, match="format 4"):
        copies.take_back(another, bad)


@pytest.mark.parametrize(
    "manifest", [b"[]", b"{", b'{"format": 1}', b"null"], ids=["list", "cut", "short", "null"]
)
def test_a_manifest_that_cannot_be_read_is_named(archive, another, manifest):
    bad = rewritten(archive, lambda n, c: manifest if n == "manifest.json" else c)
    assert refused(another, bad) == "QH710"


@pytest.mark.parametrize("name", ["../../outside", "/etc/outside", "files/../x"])
def test_a_name_in_the_manifest_leads_nowhere_else(archive, another, name, tmp_path):
    def change(member, content):
        if member != "manifest.json":
            return content
        body = json.loads(content)
        return json.dumps(body | {"files": {name: 1}}).encode()

    assert refused(another, rewritten(archive, change)) == "QH710"
    assert not (tmp_path / "outside").exists()


def test_the_command_writes_a_backup_and_restores_it(filled, home, tmp_path, monkeypatch):
    from click.testing import CliRunner

    from qianhang.cli.backup import backup_command, restore_command

    path = str(tmp_path / "by_command.tar")
    monkeypatch.setenv("QIANHANG_HOME", str(filled[0].home))
    made = CliRunner().invoke(backup_command, [path], catch_exceptions=False)
    assert made.exit_code == 0
    monkeypatch.setenv("QIANHANG_HOME", str(tmp_path / "third"))
    done = CliRunner().invoke(restore_command, [path], catch_exceptions=False)
    assert done.exit_code == 0
    assert filled[1].verify().anchor in made.output
    assert f"{sum(map(len, SENT.values())):,}" in made.output
    assert sent(Settings(home=tmp_path / "third")) == SENT
    assert filled[1].verify().anchor in done.output
