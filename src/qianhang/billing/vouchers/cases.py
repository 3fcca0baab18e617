"""The facts on which a grant was made, kept with it: what a hold by machine is judged by."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.billing.moment import Where, reading
from qianhang.billing.vouchers import tables
from qianhang.billing.vouchers.facts import Facts
from qianhang.core.errors import ContractError
from qianhang.core.schema import read
from qianhang.store.prepared import Prepared

if TYPE_CHECKING:
    from qianhang.store import Transaction

__all__ = ["case_of", "keep", "learn"]

_T = tables.case
_NEW = sa.insert(_T)
_THERE = Prepared(sa.select(_T.c.voucher).where(_T.c.voucher == sa.bindparam("number")))
_OF = sa.select(_T.c.body).where(_T.c.voucher == sa.bindparam("number"))


def keep(tx: Transaction, number: int, facts: Facts) -> None:
    """The facts stand beside the new grant from now on."""
    body = json.dumps(dataclasses.asdict(facts), ensure_ascii=False, sort_keys=True, default=str)
    tx.execute(_NEW, {"voucher": number, "body": body})


def learn(tx: Transaction, number: int, facts: Facts) -> None:
    """The facts stand beside a grant that was made before facts were kept; others keep their own.

    facts : by which the rules let a person hold it, of the grant's own contract
    """
    if not tx.fetch(_THERE, {"number": number}):
        keep(tx, number, facts)


def case_of(where: Where, number: int) -> Facts | None:
    """The facts of a grant; None where it was made before facts were kept.

    Raises ContractError where the row cannot be read.
    """
    with reading(where) as connection:
        body = connection.execute(_OF, {"number": number}).scalar()
    if body is None:
        return None
    said: dict[str, Any] = {k: v for k, v in json.loads(body).items() if v is not None}
    for part in ("applicant", "supplier", "contract"):
        said[part] = {k: v for k, v in said[part].items() if v is not None}
    said["at"] = date.fromisoformat(said["at"])
    said["contract"]["signed"] = date.fromisoformat(said["contract"]["signed"])
    return read(Facts, said, where=f"grant {number}", error=ContractError, code="QH571")
