"""Migrations: one history for each part, applied once, whole or not at all."""

import sys

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from qianhang.core.errors import StoreError
from qianhang.models import PART as MODELS
from qianhang.store import Part, Store, metadata
from qianhang.store.migrate import OWN

REVISION = """
import sqlalchemy as sa
from alembic import op
revision = "{revision}"
down_revision = {down}
def upgrade():
    op.create_table("{table}", sa.Column("id", sa.Integer, primary_key=True))
    {more}
"""


@pytest.fixture
def part(tmp_path, monkeypatch):
    """A part of the test's own: write(revision, down, table, more) adds a revision."""
    folder = tmp_path / "lib" / "own_part"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(folder.parent))
    monkeypatch.delitem(sys.modules, "own_part", raising=False)

    def write(revision, down, table, more=""):
        text = REVISION.format(revision=revision, down=down, table=table, more=more)
        (folder / f"r_{revision}.py").write_text(text)
        return Part("own", "own_part", revision)

    return write


@pytest.mark.parametrize("one", [OWN, MODELS], ids=lambda p: p.name)
def test_a_part_names_its_newest_revision_and_has_one_line_of_history(one):
    script = ScriptDirectory(str(one.folder), version_locations=[str(one.folder)])
    assert script.get_heads() == [one.head]
    assert len(script.get_bases()) == 1


def test_the_migrated_tables_are_those_that_the_code_declares(settings):
    with Store.open(settings, parts=[MODELS]) as store, store.read() as connection:
        known = {t.name for one in (OWN, MODELS) for t in metadata.tables.values()
                 if t.name.startswith(("log", "model"))}  # fmt: skip

        def ours(entry, name, kind, _reflected, _other):
            return kind != "table" or name in known

        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []


def test_a_part_that_joins_later_gets_its_tables(settings, part):
    with Store.open(settings):
        pass
    own = part("own_1", None, "first")
    with Store.open(settings, parts=[own]) as store, store.read() as connection:
        assert sa.inspect(connection).has_table("first")
    own = part("own_2", "'own_1'", "second")
    with Store.open(settings, parts=[own, MODELS]) as store, store.read() as connection:
        assert sa.inspect(connection).has_table("second")
    with Store.open(settings) as store:
        assert store.verify().ok


def test_a_migration_that_fails_leaves_the_old_tables(settings, part):
    own = part("own_1", None, "first", "raise ZeroDivisionError")
    with pytest.raises(ZeroDivisionError):
        Store.open(settings, parts=[MODELS, own])
    with Store.open(settings) as store, store.read() as connection:
        names = sa.inspect(connection).get_table_names()
    assert "first" not in names
    assert "model" not in names


def test_a_store_of_a_newer_version_is_refused_by_name(settings, part):
    part("own_1", None, "first")
    own = part("own_2", "'own_1'", "second")
    Store.open(settings, parts=[own]).close()
    (own.folder / "r_own_2.py").unlink()
    with pytest.raises(StoreError, match="newer version") as caught:
        Store.open(settings, parts=[Part("own", "own_part", "own_1")])
    assert caught.value.code == "QH707"


def test_alembic_is_not_imported_once_the_tables_are_there(settings, child, ended):
    with Store.open(settings, parts=[MODELS]):
        pass

    def work():
        for name in [n for n in sys.modules if n.startswith("alembic")]:
            del sys.modules[name]
        Store.open(settings, parts=[MODELS]).close()
        assert "alembic" not in sys.modules

    assert ended(child(work)) == 0
