"""The ledger: entries, their postings, what each account holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "billing_0001"
down_revision = None

# A word a column: name:type, with ? where it may be empty, * where it is (part of) the key.
_TABLES = {
    "billing_entry": (
        "number:w* at:s32 kind:s40 subject:s160 key:s160 digest:s64 reverses:w? why:t record:w"
    ),
    "billing_posting": "entry:w* line:i* account:s160 fen:n",
    "billing_account": "account:s160* fen:n",
}
_UNIQUE = {"billing_entry": (("key",), ("reverses",))}
_FOREIGN = {"billing_posting": ("entry", "billing_entry", "number")}
_INDEXES = {
    "ix_billing_entry_subject": ("billing_entry", ["subject"]),
    "ix_billing_posting_account_entry": ("billing_posting", ["account", "entry"]),
}
_TYPES = {"t": sa.Text, "b": sa.Boolean, "i": sa.Integer, "n": sa.BigInteger}
_FIXED = ("billing_entry", "billing_posting")
_SQLITE = """
CREATE TRIGGER {table}_no_{word} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_FUNCTION = """
CREATE FUNCTION billing_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""
_POSTGRES = """
CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION billing_append_only()
"""


def upgrade() -> None:
    """Create the tables, and what keeps the written ones from being edited by mistake."""
    for name, words in _TABLES.items():
        _table(name, words)
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns)
    _fix()


def _table(name: str, words: str) -> None:
    columns, key = [], []
    for word in words.split():
        column, _, kind = word.partition(":")
        if kind.endswith("*"):
            key.append(column)
        columns.append(
            sa.Column(
                column, _type(kind.strip("*?")), autoincrement=False, nullable=kind.endswith("?")
            )
        )
    rules: list[sa.SchemaItem] = [sa.PrimaryKeyConstraint(*key, name=f"pk_{name}")]
    rules += [
        sa.UniqueConstraint(*cols, name=f"uq_{name}_{'_'.join(cols)}")
        for cols in _UNIQUE.get(name, ())
    ]
    if name in _FOREIGN:
        own, table, theirs = _FOREIGN[name]
        called = f"fk_{name}_{own}_{table}"
        rules.append(sa.ForeignKeyConstraint([own], [f"{table}.{theirs}"], name=called))
    op.create_table(name, *columns, *rules)


def _type(word: str) -> sa.types.TypeEngine:
    if word == "w":
        return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.String(int(word[1:])) if word.startswith("s") else _TYPES[word]()


def _fix() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in _FIXED:
            for word, verb in (("update", "UPDATE"), ("delete", "DELETE")):
                op.execute(_SQLITE.format(table=table, word=word, verb=verb))
        return
    op.execute(_FUNCTION)
    for table in _FIXED:
        op.execute(_POSTGRES.format(table=table))
