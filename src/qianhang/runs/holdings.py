"""What the services keep in the name of an organisation."""

from __future__ import annotations

import sqlalchemy as sa

from qianhang.plan import schema as plan_schema
from qianhang.runs import tables

__all__ = ["held"]


def held(connection: sa.Connection, org: str) -> tuple[str, ...]:
    """The nouns of which the organisation has any: runs, asks, plans."""
    columns = {"run": tables.run.c.org, "ask": tables.ask.c.org, "plan": plan_schema.plan.c.org}
    return tuple(
        noun
        for noun, column in columns.items()
        if connection.execute(sa.select(column).where(column == org).limit(1)).first() is not None
    )
