"""Organisations, accounts, and whatever opens a door: sessions, keys, tickets, codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "access_0001"
down_revision = None

# A word a column: name:type, with ? where it may be empty, * where it is (part of) the key.
_TABLES = {
    "access_tree": "one:i* stamp:s32",
    "access_organisation": "id:s40* name:s160 kind:s12 parent:s40? sealed:b by:s80 at:s32",
    "access_account": (
        "id:s40* login:s80 name:s80 org:s40 state:s12 lang:s2 password:t issuer:s300? "
        "subject:s300? totp:s64 totp_on:b totp_used:i failures:i locked_until:s32 by:s80 at:s32"
    ),
    "access_grant": "account:s40* org:s40* role:s24* by:s80 at:s32",
    "access_recovery": "account:s40* code:s64*",
    "access_session": (
        "token:s64* id:s40 account:s40 opened:s32 seen:s32 ends:s32 address:s64 agent:s200"
    ),
    "access_key": (
        "id:s40* secret:s64 account:s40 name:s160 scopes:s200 made:s32 expires:s32 used:s32"
    ),
    "access_ticket": "id:s40* secret:s64 kind:s12 account:s40 expires:s32 used:s32 by:s80 at:s32",
    "access_address": "address:s64* since:s32 failures:i",
    "access_answer": (
        "account:s40* key:s128* route:s200* body:s64 claim:s32 status:i media:s80 response:t at:s32"
    ),
}
_UNIQUE = {
    "access_account": (("login",), ("issuer", "subject")),
    "access_session": (("id",),),
    "access_ticket": (("secret",),),
}
_INDEXES = {
    "ix_access_organisation_parent": ("access_organisation", ["parent"]),
    "ix_access_account_org": ("access_account", ["org"]),
    "ix_access_grant_org": ("access_grant", ["org"]),
    "ix_access_session_account": ("access_session", ["account"]),
    "ix_access_key_account": ("access_key", ["account"]),
    "ix_access_ticket_account": ("access_ticket", ["account"]),
    "ix_access_answer_at": ("access_answer", ["at"]),
}
_TYPES = {"t": sa.Text, "b": sa.Boolean, "i": sa.Integer}
_EPOCH = "1970-01-01T00:00:00Z"


def upgrade() -> None:
    """Create the tables, with the platform's own organisation in them."""
    made = {name: _table(name, words) for name, words in _TABLES.items()}
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns)
    op.bulk_insert(made["access_tree"], [{"one": 1, "stamp": "0"}])
    root = {
        "id": "root", "name": "本平台", "kind": "other", "parent": None, "sealed": False,
        "by": "", "at": _EPOCH,
    }  # fmt: skip
    op.bulk_insert(made["access_organisation"], [root])


def _table(name: str, words: str) -> sa.Table:
    unique = [
        sa.UniqueConstraint(*columns, name=f"uq_{name}_{'_'.join(columns)}")
        for columns in _UNIQUE.get(name, ())
    ]
    return op.create_table(name, *(_column(word) for word in words.split()), *unique)


def _column(word: str) -> sa.Column:
    name, _, kind = word.partition(":")
    bare = kind.rstrip("*?")
    type_ = sa.String(int(bare[1:])) if bare[0] == "s" else _TYPES[bare]()
    return sa.Column(
        name, type_, primary_key="*" in kind, nullable="?" in kind, autoincrement=False
    )
