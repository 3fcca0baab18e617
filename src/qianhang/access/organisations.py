"""Organisations: added, renamed, moved, sealed, deleted; each change in the log."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.access import schema
from qianhang.access.names import plain
from qianhang.access.tokens import new_id
from qianhang.access.trail import note, signed, stamp, take_turns
from qianhang.access.tree import KINDS, ROOT, SEALED_KINDS, Organisation, Tree, current, read_tree
from qianhang.core.errors import UsageError

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = [
    "add_organisation",
    "delete_organisation",
    "find_organisation",
    "move_organisation",
    "organisations",
    "path",
    "rename_organisation",
    "seal_organisation",
    "tree",
]

# Who cannot be without the organisation: table and column.
_USERS = (
    (schema.organisation, "parent"),
    (schema.account, "org"),
    (schema.grant, "org"),
)


def tree(store: Store) -> Tree:
    """The tree of organisations as it is now."""
    with store.read() as connection:
        return current(store, connection)


def organisations(store: Store) -> tuple[Organisation, ...]:
    """Every organisation, root first, then by name."""
    return tuple(tree(store).organisations.values())


def find_organisation(store: Store, org: str) -> Organisation:
    """The organisation of this id.

    Raises UsageError where there is none.
    """
    return tree(store).find(org)


def path(store: Store, org: str) -> tuple[Organisation, ...]:
    """The way from root down to the organisation, both included; () where there is none."""
    found = tree(store)
    return tuple(found.find(one) for one in reversed(found.above(org)))


def add_organisation(
    tx: Transaction,
    name: str,
    *,
    kind: str,
    parent: str = ROOT,
    by: str,
    at: datetime,
    sealed: bool | None = None,
    org: str = "",
) -> Organisation:
    """The new organisation, sealed as its kind is where nothing is said.

    org : its id; a random one where none is given
    Raises UsageError for an empty name, an unknown kind or parent, an id that is taken.
    """
    before = _changing(tx)
    if kind not in KINDS:
        raise UsageError("QH863", f"kind {kind!r}: expected one of {', '.join(KINDS)}")
    if org in before.organisations:
        raise UsageError("QH863", f"there is an organisation {org!r} already")
    if org and not (org.isascii() and org.replace("-", "").isalnum() and len(org) <= 40):
        raise UsageError("QH863", f"id {org!r}: expected letters, digits and -, at most 40")
    made = Organisation(
        org or new_id(), _name(before, name, parent), kind, before.find(parent).id,
        kind in SEALED_KINDS if sealed is None else sealed,
    )  # fmt: skip
    row = _row(made) | {"by": signed(by), "at": stamp(at)}
    tx.execute(sa.insert(schema.organisation).values(row))
    note(tx, "organisation", made.id, by=by, at=at, what="added", after=_row(made))
    return made


def rename_organisation(tx: Transaction, org: str, *, name: str, by: str, at: datetime) -> None:
    """Give it another name; root too may have one.

    Raises UsageError where there is none, or a sister has that name.
    """
    before = _changing(tx)
    old = before.find(org)
    new = _name(before, name, old.parent, but=org)
    _change(tx, old, {"name": new}, what="renamed", by=by, at=at)


def move_organisation(tx: Transaction, org: str, *, parent: str, by: str, at: datetime) -> None:
    """Hang it, with all below it, under another organisation.

    Raises UsageError for root, for a parent that is not there, and where it would be above itself.
    """
    before = _changing(tx)
    old, above = before.find(org), before.find(parent)
    if org == ROOT:
        raise UsageError("QH863", "the platform's own organisation stays at the top")
    if parent in before.below(org):
        raise UsageError("QH863", f"{old.name!r} cannot be moved below itself ({above.name!r})")
    _name(before, old.name, parent, but=org)
    _change(tx, old, {"parent": parent}, what="moved", by=by, at=at)


def seal_organisation(tx: Transaction, org: str, *, sealed: bool, by: str, at: datetime) -> None:
    """Keep out, or let in, the grants of the organisations above it.

    Raises UsageError for root, which has nothing above it, and where there is none.
    """
    old = _changing(tx).find(org)
    if org == ROOT:
        raise UsageError("QH863", "the platform's own organisation has nothing above it")
    _change(tx, old, {"sealed": sealed}, what="sealed" if sealed else "opened", by=by, at=at)


def delete_organisation(
    tx: Transaction, org: str, *, by: str, at: datetime, held: Collection[str] = ()
) -> None:
    """Remove an organisation that nothing needs.

    held : what other services keep in its name, as the caller found it
    Raises UsageError for root, and while something is in it.
    """
    old = _changing(tx).find(org)
    users = [table.name for table, column in _USERS if _used(tx, table.c[column], org)]
    users = [*(name.removeprefix("access_") for name in users), *held]
    if org == ROOT or users:
        raise UsageError(
            "QH863", f"{old.name!r} is in use by: {', '.join(users) or 'the platform'}",
            hint="move or end what is in it first",
        )  # fmt: skip
    tx.execute(sa.delete(schema.organisation).where(schema.organisation.c.id == org))
    note(tx, "organisation", org, by=signed(by), at=at, what="deleted", before=_row(old))


def _changing(tx: Transaction) -> Tree:
    """The tree before a change, which nobody else changes until this one is done."""
    take_turns(tx)
    tx.execute(sa.update(schema.tree).values(stamp=new_id()))
    return read_tree(tx.connection)


def _change(
    tx: Transaction, old: Organisation, values: dict[str, Any], *, what: str, by: str, at: datetime
) -> None:
    table = schema.organisation
    row = values | {"by": signed(by), "at": stamp(at)}
    tx.execute(sa.update(table).where(table.c.id == old.id).values(row))
    was = {name: getattr(old, name) for name in values}
    note(tx, "organisation", old.id, by=by, at=at, what=what, before=was, after=values)


def _name(before: Tree, name: str, parent: str | None, *, but: str = "") -> str:
    clean = plain(name)
    if not clean or len(clean) > 160:
        raise UsageError("QH863", f"name {name!r}: expected 1 to 160 characters")
    sisters = before.children.get(parent or "", ())
    if any(one.name == clean and one.id != but for one in sisters):
        raise UsageError("QH863", f"there is an organisation named {clean!r} beside it already")
    return clean


def _used(tx: Transaction, column: sa.ColumnElement[Any], org: str) -> bool:
    return tx.execute(sa.select(column).where(column == org).limit(1)).first() is not None


def _row(one: Organisation) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("id", "name", "kind", "parent", "sealed")}
