"""The ledger, usage records, price lists, charges and their lines, statements."""

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
    "billing_usage": (
        "id:s120* attempt:s80 epoch:i sequence:i corrects:s120? job:s80 org:s40 operator:s40 "
        "pool:s80 flavour:s80 unit:s16 start:s32 finish:s32 body:t digest:s64 at:s32"
    ),
    "billing_freeze": "pool:s80* since:s32* until:s32? why:t",
    "billing_price": (
        "id:s120* operator:s40 pool:s80 flavour:s80 unit:s16 since:s32 body:t at:s32"
    ),
    "billing_charge": "usage:s120* entry:w? back:w? fen:n fee:n at:s32",
    "billing_line": (
        "id:s200* kind:s12 month:s7 own_month:s7 usage:s120 org:s40 project:s80 scenario:s80 "
        "operator:s40 pool:s80 flavour:s80 category:s12 unit:s16 quantity:t price:s160 yuan:s40 "
        "list_yuan:s40 fen:n fee:n start:s32 finish:s32 note:t payer:s160 at:s32"
    ),
    "billing_statement": "party:s80* month:s7* fen:n body:t sha256:s64 at:s32",
}
_UNIQUE = {
    "billing_entry": (("key",), ("reverses",)),
    "billing_usage": (("attempt", "epoch", "sequence"), ("corrects",)),
}
_FOREIGN = {"billing_posting": ("entry", "billing_entry", "number")}
_INDEXES = {
    "ix_billing_entry_subject": ("billing_entry", ["subject"]),
    "ix_billing_posting_account_entry": ("billing_posting", ["account", "entry"]),
    "ix_billing_usage_org_start": ("billing_usage", ["org", "start"]),
    "ix_billing_usage_job": ("billing_usage", ["job"]),
    "ix_billing_usage_at": ("billing_usage", ["at"]),
    "ix_billing_price_operator_flavour": ("billing_price", ["operator", "flavour"]),
    "ix_billing_line_org_month": ("billing_line", ["org", "month"]),
    "ix_billing_line_operator_month": ("billing_line", ["operator", "month"]),
    "ix_billing_line_usage": ("billing_line", ["usage"]),
    "ix_billing_line_own_month": ("billing_line", ["own_month"]),
}
_TYPES = {"t": sa.Text, "b": sa.Boolean, "i": sa.Integer, "n": sa.BigInteger}
_FIXED = (
    "billing_entry", "billing_posting", "billing_usage", "billing_price", "billing_charge",
    "billing_line", "billing_statement",
)  # fmt: skip
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
    rules: list[sa.Constraint] = [sa.PrimaryKeyConstraint(*key, name=f"pk_{name}")]
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
