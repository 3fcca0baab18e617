"""The pages of the console, one module a noun."""

from qianhang.web.pages import (
    account,
    admin,
    admin_backup,
    admin_log,
    admin_organisations,
    admin_people,
    admin_settings,
    entrance,
    figures,
    health,
    openid,
    plan_bulletin,
    plan_compare,
    plan_coverage,
    plan_ledger,
    plan_review,
    plan_target,
    plan_versions,
    plan_work,
    plans,
    runs,
    scenarios,
)

__all__ = ["ROUTES"]

# Plans: addresses that are words come before those that are a plan's reference.
PLANS = (
    plans.routes,
    plan_compare.routes,
    plan_ledger.routes,
    plan_review.routes,
    plan_target.routes,
    plan_work.routes,
    plan_coverage.routes,
    plan_bulletin.routes,
    plan_versions.routes,
)
ROUTES = (
    health.routes,
    entrance.routes,
    account.routes,
    scenarios.routes,
    runs.routes,
    figures.routes,
    *PLANS,
)
