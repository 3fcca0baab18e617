"""Pools and quotas of the compute network."""

from __future__ import annotations

from typing import cast

from qianhang.compute.door import census, plant, quotas
from qianhang.compute.door.plant import State
from qianhang.web.api.compute_shapes import (
    ComputePool,
    ComputePools,
    ComputeQuota,
    ComputeQuotas,
    NewQuota,
    PoolHour,
    PoolId,
    PoolUse,
    Turn,
    pool_of,
    quota_of,
)
from qianhang.web.api.paging import Cursor, Limit, sliced
from qianhang.web.asked import Who
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


@quota_routes.post("", "administrator", scope="admin")
def set_quota(ask: Who, wanted: NewQuota) -> ComputeQuota:
    """A project's quota set by an administrator of the platform, 0 chips for no limit any more."""
    chips, org, project = wanted.chips, wanted.org, wanted.project.strip()
    made = views.assign(ask, org, project=project, chips=chips, reason=wanted.reason)
    holds = {(q.org, q.project): found for q, found in views.held(ask)}
    free = quotas.Quota(org, project, 0, "ended", wanted.reason, ask.who.account.id, "")
    return quota_of(made or free, holds.get((org, project), 0.0))
