"""The pages of the console, one module a noun."""

from qianhang.web.pages import (
    account,
    admin,
    admin_backup,
    admin_log,
    admin_organisations,
    admin_people,
    admin_settings,
    bills,
    compute_applications,
    compute_artefacts,
    compute_jobs,
    compute_pools,
    compute_quotas,
    data,
    entrance,
    errors,
    figures,
    health,
    models,
    openid,
    overview,
    plan_bulletin,
    plan_compare,
    plan_coverage,
    plan_ledger,
    plan_review,
    plan_target,
    plan_versions,
    plan_work,
    plans,
    portal,
    prices,
    publication,
    runs,
    safety,
    scenarios,
    settlement,
    vouchers,
    whatif,
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
ADMIN = (
    admin.routes,
    admin_organisations.routes,
    admin_people.routes,
    admin_log.routes,
    admin_settings.routes,
    admin_backup.routes,
)
ASSETS = (data.routes, models.routes, safety.routes)
BILLING = (prices.routes, bills.routes, vouchers.routes, settlement.routes, whatif.routes)
COMPUTE = (
    compute_pools.routes,
    compute_jobs.routes,
    compute_quotas.routes,
    compute_applications.routes,
    compute_artefacts.routes,
)
PUBLIC = (errors.routes, overview.routes, portal.routes, publication.routes)
ROUTES = (
    health.routes,
    entrance.routes,
    account.routes,
    scenarios.routes,
    runs.routes,
    figures.routes,
    *PLANS,
    *ADMIN,
    *COMPUTE,
    *ASSETS,
    *BILLING,
    *PUBLIC,
    openid.routes,
)
