"""What is wanted of jobs, and the files that are kept of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "artefacts_0001"
down_revision = None

# A word a column: name:type, with * where it is (part of) the key.
_TABLES = {
    "artefact_harvest": (
        "job:s40* org:s40 state:s12 token:s80 files:i size:l detail:t tried:s32 at:s32"
    ),
    "artefact": "job:s40* number:i* path:s400 size:l sha:s64 org:s40 at:s32 gone:s32",
}
_UNIQUE = {"artefact": sa.UniqueConstraint("job", "path", name="uq_artefact_job_path")}
_INDEXES = {
    "ix_artefact_harvest_state": ("artefact_harvest", ["state"]),
    "ix_artefact_sha": ("artefact", ["sha"]),
    "ix_artefact_org_gone": ("artefact", ["org", "gone"]),
    "ix_artefact_gone_at": ("artefact", ["gone", "at"]),
}
_TYPES = {"i": sa.Integer, "l": sa.BigInteger, "t": sa.Text}


def upgrade() -> None:
    """Create the tables."""
    for name, words in _TABLES.items():
        unique = [_UNIQUE[name]] if name in _UNIQUE else []
        op.create_table(name, *(_column(word) for word in words.split()), *unique)
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns)


def _column(word: str) -> sa.Column:
    name, _, kind = word.partition(":")
    bare = kind.rstrip("*")
    type_ = sa.String(int(bare[1:])) if bare[0] == "s" else _TYPES[bare]()
    return sa.Column(name, type_, primary_key="*" in kind, nullable=False, autoincrement=False)
