"""Items of every plan counted by where their review stands, without reading them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.plan import schema

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["states_of_items"]


def states_of_items(store: Store) -> dict[int, dict[str, int]]:
    """Plan's id -> state of review -> how many items of its newest version are in it."""
    found: dict[int, dict[str, int]] = {}
    plan = schema.plan
    with store.read() as connection:
        for table, _ in schema.ITEMS.values():
            newest = (table.c.plan == plan.c.id) & (table.c.version == plan.c.version)
            columns = (table.c.plan, table.c.state)
            query = sa.select(*columns, sa.func.count()).select_from(table.join(plan, newest))
            for number, state, count in connection.execute(query.group_by(*columns)):
                own = found.setdefault(number, {})
                own[state] = own.get(state, 0) + count
    return found
