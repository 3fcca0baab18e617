"""Tables of access: migrated as they are declared, with the platform's own organisation."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from qianhang.access import organisations, schema
from qianhang.store import metadata


def test_the_part_names_its_newest_revision_and_has_one_line_of_history():
    folder = str(schema.PART.folder)
    script = ScriptDirectory(folder, version_locations=[folder])
    assert script.get_heads() == [schema.PART.head]
    assert len(script.get_bases()) == 1


def test_the_migrated_tables_are_those_that_the_code_declares(opened):
    def ours(entry, name, kind, _reflected, _other):
        return kind != "table" or name.startswith("access_")

    with opened().read() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []


def test_the_platform_itself_is_there_from_the_start(opened):
    (root,) = organisations.organisations(opened())
    assert (root.id, root.parent, root.sealed) == ("root", None, False)
