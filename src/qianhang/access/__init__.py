"""Who may do what: organisations, accounts, sessions, keys, one-time links, the audit trail."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qianhang.access import (
        accounts,
        answers,
        identities,
        keys,
        organisations,
        sessions,
        signing,
        tickets,
        totp,
    )
    from qianhang.access.person import ROLES, SCOPES, Account, Grant, Person, Role
    from qianhang.access.schema import PART
    from qianhang.access.signing import Signed, sign_in
    from qianhang.access.trail import trail
    from qianhang.access.tree import KINDS, ROOT, Organisation, Tree

__all__ = [
    "KINDS",
    "PART",
    "ROLES",
    "ROOT",
    "SCOPES",
    "Account",
    "Grant",
    "Organisation",
    "Person",
    "Role",
    "Signed",
    "Tree",
    "accounts",
    "answers",
    "identities",
    "keys",
    "organisations",
    "sessions",
    "sign_in",
    "signing",
    "tickets",
    "totp",
    "trail",
]

_HOME = {
    "KINDS": "tree",
    "PART": "schema",
    "ROLES": "person",
    "ROOT": "tree",
    "SCOPES": "person",
    "Account": "person",
    "Grant": "person",
    "Organisation": "tree",
    "Person": "person",
    "Role": "person",
    "Signed": "signing",
    "Tree": "tree",
    "sign_in": "signing",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_HOME.get(name, name)}")
    value: object = getattr(module, name) if name in _HOME else module
    globals()[name] = value
    return value
