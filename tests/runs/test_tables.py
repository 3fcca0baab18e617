"""The tables of every service: migrated as they are declared."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from qianhang.runs.workplace import PARTS, open_store
from qianhang.store import Settings, metadata


@pytest.fixture
def settings(home):
    return Settings(home=home)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_each_part_names_its_newest_revision_and_has_one_line_of_history(part):
    folder = str(part.folder)
    script = ScriptDirectory(folder, version_locations=[folder])
    assert script.get_heads() == [part.head]
    assert len(script.get_bases()) == 1


def test_the_migrated_tables_are_those_that_the_code_declares(shared):
    def ours(_entry, name, kind, _reflected, _other):
        return kind != "table" or name in metadata.tables

    with open_store(shared) as store, store.read() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []
