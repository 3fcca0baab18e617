"""The pages of the console, one module a noun."""

from qianhang.web.pages import account, entrance, health, scenarios

__all__ = ["ROUTES"]

ROUTES = (health.routes, entrance.routes, account.routes, scenarios.routes)
