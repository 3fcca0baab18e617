"""The append-only log and its head."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "store_0001"
down_revision = None

_SQLITE = """
CREATE TRIGGER log_no_{word} BEFORE {verb} ON log
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END
"""
_POSTGRES = (
    """
CREATE FUNCTION log_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the log is append-only'; END $$
""",
    """
CREATE TRIGGER log_no_change BEFORE UPDATE OR DELETE ON log
FOR EACH ROW EXECUTE FUNCTION log_append_only()
""",
)


def upgrade() -> None:
    """Create the log, its head at zero, and what keeps either from being edited by mistake."""
    seq = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "log",
        sa.Column("seq", seq, autoincrement=False, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(80), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_log"),
    )
    op.create_index("ix_log_kind_subject", "log", ["kind", "subject"])
    head = op.create_table(
        "log_head",
        sa.Column("one", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("seq", seq, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("one", name="pk_log_head"),
    )
    op.bulk_insert(head, [{"one": 1, "seq": 0, "hash": "0" * 64}])
    if op.get_bind().dialect.name == "sqlite":
        for word, verb in (("update", "UPDATE"), ("delete", "DELETE")):
            op.execute(_SQLITE.format(word=word, verb=verb))
    else:
        for statement in _POSTGRES:
            op.execute(statement)
