"""That it is the person again, before a second factor, a key or a backup: how it is asked for."""

from __future__ import annotations

from typing import Literal

from qianhang.access import sessions, signing
from qianhang.access.administration import has_password
from qianhang.access.openid import configured
from qianhang.web.asked import Asked

__all__ = ["Proof", "confirmed", "proof"]

Proof = Literal["password", "given", "provider", "none"]


def proof(ask: Asked) -> Proof:
    """What a form has to ask for: the password, nothing since the provider has just asked, a
    sign-in there; "none" where there is neither password nor provider."""
    if has_password(ask.store, ask.who.account.id):
        return "password"
    if ask.who.session and sessions.fresh(ask.store, ask.who.session, now=ask.now):
        return "given"
    return "provider" if configured() else "none"


def confirmed(ask: Asked, password: str) -> None:
    """Nothing, where it is the person again.

    Raises AccessRefused where it is not, or nobody has just asked.
    """
    signing.confirm(ask.store, ask.who, password=password, now=ask.now, address=ask.address)
