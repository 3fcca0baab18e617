"""Settings as they are in force: read here, changed where the server is started."""

from __future__ import annotations

from fastapi.responses import HTMLResponse

from qianhang.runs import census
from qianhang.web.asked import Who
from qianhang.web.pages.admin import admin_page
from qianhang.web.routes import Pages
from qianhang.web.views import settings as views

__all__ = ["routes"]

routes = Pages("/admin/settings")


@routes.get("", "administrator")
def settings(ask: Who) -> HTMLResponse:
    """What is set and where it comes from, versions, extras; the store's size for the platform."""
    platform_wide = views.administers_platform(ask)
    return admin_page(
        ask,
        "settings",
        tab="settings",
        settings=views.in_force(ask),
        openid=views.openid(ask),
        versions=views.versions(),
        extras=views.extras(),
        census=census.census(ask.store, ask.settings) if platform_wide else None,
        encrypted=ask.site.encrypted,
    )
