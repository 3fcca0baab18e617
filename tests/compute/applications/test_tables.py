"""Tables of applications: migrated as they are declared."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from qianhang.compute.applications import tables
from qianhang.store import metadata


def test_the_part_names_its_newest_revision_and_has_one_line_of_history():
    folder = str(tables.PART.folder)
    script = ScriptDirectory(folder, version_locations=[folder])
    assert script.get_heads() == [tables.PART.head]
    assert len(script.get_bases()) == 1


def test_the_migrated_tables_are_those_that_the_code_declares(store):
    def ours(entry, name, kind, _reflected, _other):
        return kind != "table" or name.startswith("application")

    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []
