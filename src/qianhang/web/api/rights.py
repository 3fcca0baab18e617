"""Where whoever asks may do a thing: one's own organisations, never a sign of another's."""

from __future__ import annotations

from qianhang.access import Role
from qianhang.core.errors import AccessRefused, UsageError
from qianhang.web.asked import Asked

__all__ = ["RUNNERS", "chosen_org", "require"]

RUNNERS: tuple[Role, ...] = ("scenario_owner", "developer")


def require(ask: Asked, org: str, *roles: Role) -> None:
    """Nothing, where one of the roles holds at the organisation.

    Raises UsageError (it is not there) for an organisation that the reader does not cover, else
    AccessRefused.
    """
    if any(ask.who.may(role, org) for role in roles):
        return
    if org not in ask.who.covers:
        raise UsageError("QH862", f"no organisation {org[:40]!r} here")
    raise AccessRefused(
        "QH906", f"this needs the role {' or '.join(roles)} at {org}",
        hint="ask an administrator for it",
    )  # fmt: skip


def chosen_org(ask: Asked, org: str | None, *roles: Role) -> str:
    """The organisation for which something is done: the named one, else the reader's own.

    Raises as `require`.
    """
    chosen = org or ask.who.account.org
    require(ask, chosen, *roles)
    return chosen
