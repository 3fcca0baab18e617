"""Pools and quotas of the compute network."""

from __future__ import annotations

from typing import cast

from qianhang.access import ROOT
from qianhang.compute.door import census, plant, quotas
from qianhang.compute.door.plant import State
from qianhang.web.api.compute_shapes import (
    Answer,
    Application,
    ComputePool,
    ComputePools,
    ComputeQuota,
    ComputeQuotas,
    PoolHour,
    PoolId,
    PoolUse,
    Turn,
    pool_of,
    quota_of,
)
from qianhang.web.api.paging import Cursor, Limit, sliced
from qianhang.web.api.rights import RUNNERS, chosen_org, require
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints
from qianhang.web.views import jobs as views
from qianhang.web.views import pools

__all__ = ["quota_routes", "routes"]

routes = Endpoints("/compute/pools", tag="compute")
quota_routes = Endpoints("/compute/quotas", tag="compute")


@routes.get("", "signed")
def list_pools(ask: Who, limit: Limit = 50, cursor: Cursor = "") -> ComputePools:
    """The pools that have joined, with what is in use and what waits."""
    rows, more = sliced(pools.lines(ask), cursor, limit=limit, key=lambda p: (p.held.pool.id,))
    return ComputePools(items=[pool_of(one) for one in rows], next=more)


@routes.get("/{pool_id}", "signed")
def get_pool(ask: Who, pool_id: PoolId) -> ComputePool:
    """One pool."""
    return pool_of(pools.one(ask, pool_id))


@routes.get("/{pool_id}/use", "signed")
def get_pool_use(ask: Who, pool_id: PoolId) -> PoolUse:
    """The pool's use by the hour over the last seven days."""
    found = pools.one(ask, pool_id)
    hours = [
        PoolHour(
            at=one.start.isoformat(), chips=round(one.chips, 4),
            share=round(one.chips / found.chips, 4) if found.chips else 0.0,
        )
        for one in census.history(ask.store, found.held.pool.id, now=ask.now)
    ]  # fmt: skip
    return PoolUse(pool=found.held.pool.id, chips=found.chips, hours=hours)


@routes.post("/{pool_id}/turn", "pool_operator", scope="run")
def turn_pool(ask: Who, pool_id: PoolId, wanted: Turn) -> ComputePool:
    """The pool drained, or opened again, by whoever runs it."""
    found = plant.held(ask.store, pool_id)
    pools.require(ask, found)
    state = cast(State, wanted.state)
    plant.turn(ask.store, found.pool.id, state, by=ask.who.account.id, at=ask.now)
    return pool_of(pools.one(ask, pool_id))


@quota_routes.get("", "signed")
def list_quotas(ask: Who, limit: Limit = 50, cursor: Cursor = "") -> ComputeQuotas:
    """The quotas of the organisations that the reader covers."""
    rows, more = sliced(
        views.held(ask), cursor, limit=limit, key=lambda row: (row[0].org, row[0].project)
    )
    return ComputeQuotas(items=[quota_of(*row) for row in rows], next=more)


@quota_routes.post("", *RUNNERS, scope="run")
def apply_for_quota(ask: Who, wanted: Application) -> ComputeQuota:
    """An application; what was approved before holds until it is answered."""
    org = chosen_org(ask, wanted.org, *RUNNERS)
    made = views.apply(ask, org, project=wanted.project, chips=wanted.chips, reason=wanted.reason)
    return _held(ask, made)


@quota_routes.post("/answer", "administrator", scope="admin")
def answer_quota(ask: Who, wanted: Answer) -> ComputeQuota:
    """An application approved or declined by an administrator of the platform."""
    require(ask, ROOT, "administrator")
    made = quotas.answer(
        ask.store, wanted.org, project=wanted.project, approve=wanted.approve,
        by=ask.who.account.id, at=ask.now,
    )  # fmt: skip
    return _held(ask, made)


def _held(ask: Asked, made: quotas.Quota) -> ComputeQuota:
    holds = {(q.org, q.project): chips for q, chips in views.held(ask)}
    return quota_of(made, holds.get((made.org, made.project), 0.0))
