"""Pools, jobs, attempts, quotas, and the lease of whoever decides."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "compute_0001"
down_revision = None

# A word a column: name:type, with ? where it may be empty, * where it is (part of) the key.
_TABLES = {
    "compute_operator": "id:s40* spec:t by:s80 at:s32",
    "compute_pool": (
        "id:s40* operator:s40 spec:t settings:t state:s12 health:s12 seen:s32 silent:s32 "
        "clock_s:f? detail:t by:s80 at:s32"
    ),
    "compute_quota": (
        "org:s40* project:s80* chips:i asked:i state:s12 reason:t answered_by:s80 answered:s32 "
        "by:s80 at:s32"
    ),
    "compute_job": (
        "id:s40* org:s40 project:s80 account:s80 name:s120 key:s80 ask:t run:t tier:i state:s12 "
        "epoch:i submitted:s32 started:s32 ended:s32 cancel:b reason:s20 why:t"
    ),
    "compute_attempt": (
        "token:s80* job:s40 epoch:i pool:s40 flavour:s40 placement:t cost:t state:s12 ref:s200 "
        "made:s32 started:s32 leaving:s32 ended:s32 outcome:t metered:b"
    ),
    "compute_setting": "name:s40* value:t by:s80 at:s32",
    "compute_lease": "one:i* epoch:i holder:s200 until:s32",
}
_UNIQUE = {"compute_job": ["org", "key"], "compute_attempt": ["job", "epoch"]}
_INDEXES = {
    "ix_compute_job_state_submitted": ("compute_job", ["state", "submitted"]),
    "ix_compute_job_org_submitted": ("compute_job", ["org", "submitted"]),
    "ix_compute_attempt_state": ("compute_attempt", ["state"]),
    "ix_compute_attempt_pool_state": ("compute_attempt", ["pool", "state"]),
    "ix_compute_attempt_metered_state": ("compute_attempt", ["metered", "state"]),
}
_TYPES = {"i": sa.Integer, "f": sa.Float, "t": sa.Text, "b": sa.Boolean}


def upgrade() -> None:
    """Create the tables, and the one row of the lease, which nobody holds."""
    made = {name: _table(name, words) for name, words in _TABLES.items()}
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns)
    op.bulk_insert(made["compute_lease"], [{"one": 1, "epoch": 0, "holder": "", "until": ""}])


def _table(name: str, words: str) -> sa.Table:
    columns = _UNIQUE.get(name, [])
    unique = [sa.UniqueConstraint(*columns, name=f"uq_{name}_{'_'.join(columns)}")]
    return op.create_table(name, *(_column(w) for w in words.split()), *(unique if columns else ()))


def _column(word: str) -> sa.Column:
    name, _, kind = word.partition(":")
    bare = kind.rstrip("*?")
    type_ = sa.String(int(bare[1:])) if bare[0] == "s" else _TYPES[bare]()
    return sa.Column(
        name, type_, primary_key="*" in kind, nullable="?" in kind, autoincrement=False
    )
