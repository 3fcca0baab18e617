"""What the log last says of registered data sets: contract kept, quality graded, by which run."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from qianhang.store import Store
from qianhang.store.schema import log

__all__ = ["Graded", "graded"]

_KIND = "evidence"


@dataclass(frozen=True, slots=True)
class Graded:
    """The newest record of a data set; run : the platform's run behind it, "" where none is.

    contract : passed where sums and contract held; quality : its grade, "" where none was given
    """

    at: str
    run: str
    contract: str
    quality: str


def graded(store: Store, names: Collection[str]) -> Mapping[str, Graded]:
    """Data set -> its newest record; only what the platform recorded for everybody to see."""
    mine = (log.c.kind == _KIND) & log.c.subject.in_(sorted(names))
    last = sa.select(sa.func.max(log.c.seq)).where(mine).group_by(log.c.subject)
    query = sa.select(log.c.subject, log.c.at, log.c.payload).where(log.c.seq.in_(last))
    with store.read() as connection:
        rows = connection.execute(query).all()
    found = {}
    for row in rows:
        told = json.loads(row.payload)
        if told.get("kind") == "dataset":
            by, facts = str(told.get("by", "")), told.get("facts") or {}
            run = by.removeprefix("run ") if by.startswith("run ") else ""
            held, quality = str(facts.get("contract", "")), str(facts.get("quality", ""))
            found[row.subject] = Graded(row.at, run, held, quality)
    return found
