"""Tiers, computed from what was found and run, never claimed.

contract = conformance on the sample of a pack for whose problem no public data exist; bronze = the
same where there are data to be tried on; silver = every bar of a case met on registered real data
or on the field's accepted simulator; gold = ninety days of monitored service and a signed-off
owner; platinum = reproduced by a second unit. Gold and platinum need the service records of a
city, which no part of the product writes yet: nothing reaches them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from qianhang.core.pack import Pack
from qianhang.runs import record, tables
from qianhang.store import Store, Transaction

__all__ = ["keep_conformance", "tier_before", "tier_of", "update_tier"]


def tier_of(pack: Pack, *, conforms: bool, runs: Sequence[record.Record]) -> str:
    """The tier of a pack: "", "contract", "bronze" or "silver"."""
    if not conforms:
        return ""
    cases = pack.manifest.case
    if any(c.synthetic for c in cases) and not any(c.dataset or c.twin for c in cases):
        return "contract"
    for run in runs:
        current = run.request.get("pack_hash") == pack.source_hash
        shown = run.result.get("source") in ("real", "simulator")
        accepted = run.result.get("gate", {}).get("stage") != "rejected"
        if current and shown and accepted and run.verdict == "met":
            return "silver"
    return "bronze"


def keep_conformance(
    store: Store, pack: Pack, found: Sequence[Mapping[str, str]], *, now: datetime
) -> str:
    """The tier of `pack` after this examination, which is stored and logged.

    found : one mapping a check, as `testing.examine` gives them, with `state` passed, failed or na
    """
    conforms = all(f["state"] != "failed" for f in found)
    runs = record.recent(store, scenario=pack.id, state="finished")
    tier = tier_of(pack, conforms=conforms, runs=runs)
    with store.write() as tx:
        _write(tx, pack, tier, [dict(f) for f in found], now)
        payload = {"pack": pack.source_hash, "conforms": conforms, "tier": tier}
        tx.append("pack.examined", pack.id, payload=payload, at=now)
    return tier


def tier_before(tx: Transaction, pack: Pack) -> str:
    """The tier that the pack had when a run ended, "" where it was not examined as it stands."""
    table = tables.conformance
    where = (table.c.scenario == pack.id) & (table.c.pack_hash == pack.source_hash)
    return tx.execute(sa.select(table.c.tier).where(where)).scalar() or ""


def update_tier(store: Store, pack: Pack, *, now: datetime) -> str:
    """The tier of `pack` after a run, where it was examined as it stands; otherwise "" ."""
    with store.read() as connection:
        where = tables.conformance.c.scenario == pack.id
        row = connection.execute(sa.select(tables.conformance).where(where)).one_or_none()
    if row is None or row.pack_hash != pack.source_hash:
        return ""
    conforms = all(f["state"] != "failed" for f in json.loads(row.result))
    runs = record.recent(store, scenario=pack.id, state="finished")
    tier = tier_of(pack, conforms=conforms, runs=runs)
    if tier != row.tier:
        with store.write() as tx:
            _write(tx, pack, tier, json.loads(row.result), now)
            tx.append("pack.tier", pack.id, payload={"from": row.tier, "to": tier}, at=now)
    return tier


def _write(tx: Any, pack: Pack, tier: str, result: list[dict[str, Any]], now: datetime) -> None:
    table = tables.conformance
    tx.execute(sa.delete(table).where(table.c.scenario == pack.id))
    tx.execute(
        sa.insert(table).values(
            scenario=pack.id,
            pack_hash=pack.source_hash,
            tier=tier,
            at=now.astimezone(UTC).isoformat(timespec="milliseconds"),
            result=json.dumps(result, ensure_ascii=False),
        )
    )
