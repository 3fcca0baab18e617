"""The HTTP API under /api/v1, one module a noun."""

from qianhang.web.api import (
    accounts,
    asks,
    bulletins,
    datasets,
    keys,
    log,
    me,
    models,
    openapi,
    organisations,
    plan_items,
    plans,
    predictions,
    runs,
    scenarios,
    targets,
    uploads,
)

__all__ = ["ROUTES"]

ROUTES = (
    me.routes,
    scenarios.routes,
    uploads.routes,
    asks.routes,
    runs.routes,
    predictions.routes,
    models.routes,
    datasets.routes,
    plans.routes,
    plan_items.routes,
    targets.routes,
    bulletins.routes,
    organisations.routes,
    accounts.routes,
    keys.routes,
    log.routes,
    openapi.routes,
)
