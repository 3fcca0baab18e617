"""What one does with accounts, one's own and others, and with the log; a part of the client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, cast

from qianhang.client import people_shapes as shapes
from qianhang.client.shapes import Account, Me
from qianhang.client.wire import Wire

__all__ = ["PeopleCalls"]

Scope = Literal["read", "run", "plan", "data", "safety", "billing", "admin"]


class PeopleCalls:
    """The client's methods for accounts, organisations, sessions, keys and the log."""

    _wire: Wire

    def change_me(self, **values: str) -> Me:
        """One's own account with another name or lang."""
        return cast(Me, self._wire.write("PATCH", "/me", json=values).json())

    def sessions(self, account: str = "") -> Iterator[shapes.Session]:
        """The browsers in which an account is signed in; one's own where none is named."""
        found = self._wire.pages(f"{_of(account)}/sessions")
        return cast(Iterator[shapes.Session], found)

    def end_session(self, session: str, *, account: str = "") -> None:
        """One session ends; of one's own where no account is named."""
        self._wire.write("DELETE", f"{_of(account)}/sessions/{session}")

    def keys(self, account: str = "") -> Iterator[shapes.Key]:
        """The API keys of an account; one's own where none is named."""
        place = f"/accounts/{account}/keys" if account else "/keys"
        return cast(Iterator[shapes.Key], self._wire.pages(place))

    def create_key(self, name: str, scopes: Sequence[Scope], *, days: int = 90) -> shapes.MadeKey:
        """A new key of one's own; its secret is told once."""
        body = {"name": name, "scopes": list(scopes), "days": days}
        return cast(shapes.MadeKey, self._wire.write("POST", "/keys", json=body).json())

    def end_key(self, key: str, *, account: str = "") -> None:
        """One key opens nothing any more; of one's own where no account is named."""
        place = f"/accounts/{account}/keys" if account else "/keys"
        self._wire.write("DELETE", f"{place}/{key}")

    def organisation(self, org: str) -> shapes.Organisation:
        """One organisation that one administers."""
        return cast(shapes.Organisation, self._wire.read(f"/organisations/{org}").json())

    def accounts(self, org: str = "", *, text: str = "") -> Iterator[Account]:
        """Accounts of, or with a role at, the organisations that one administers."""
        return cast(Iterator[Account], self._wire.pages("/accounts", org=org, q=text))

    def account(self, account: str) -> Account:
        """One account."""
        return cast(Account, self._wire.read(f"/accounts/{account}").json())

    def create_account(self, login: str, *, name: str, org: str, **more: Any) -> shapes.Invited:
        """A new account and the link that invites to it; more : lang, grants."""
        body = {"login": login, "name": name, "org": org, **more}
        return cast(shapes.Invited, self._wire.write("POST", "/accounts", json=body).json())

    def invite(self, account: str) -> shapes.Invited:
        """A new link for the account: an invitation, or a new password."""
        answer = self._wire.write("POST", f"/accounts/{account}/invitation")
        return cast(shapes.Invited, answer.json())

    def change_account(self, account: str, **values: str) -> Account:
        """An account with another name or org."""
        return cast(Account, self._wire.write("PATCH", f"/accounts/{account}", json=values).json())

    def set_account_state(
        self, account: str, act: Literal["disable", "enable", "unlock", "end_sessions"]
    ) -> Account:
        """An account disabled, enabled, unlocked, or signed out everywhere."""
        answer = self._wire.write("POST", f"/accounts/{account}/state", json={"act": act})
        return cast(Account, answer.json())

    def grant(self, account: str, role: str, *, org: str) -> Account:
        """An account with a further role at an organisation."""
        body = {"org": org, "role": role}
        answer = self._wire.write("POST", f"/accounts/{account}/grants", json=body)
        return cast(Account, answer.json())

    def revoke_grant(self, account: str, role: str, *, org: str) -> None:
        """A role at an organisation taken back."""
        self._wire.write("DELETE", f"/accounts/{account}/grants/{org}/{role}")

    def organisations(self) -> Iterator[shapes.Organisation]:
        """The organisations that one administers."""
        return cast(Iterator[shapes.Organisation], self._wire.pages("/organisations"))

    def create_organisation(self, name: str, *, kind: str, **more: Any) -> shapes.Founded:
        """A new organisation; more : parent, sealed, administrator."""
        body = {"name": name, "kind": kind, **more}
        return cast(shapes.Founded, self._wire.write("POST", "/organisations", json=body).json())

    def change_organisation(self, org: str, **values: str | bool) -> shapes.Organisation:
        """An organisation with another name or parent, sealed or open."""
        answer = self._wire.write("PATCH", f"/organisations/{org}", json=values)
        return cast(shapes.Organisation, answer.json())

    def delete_organisation(self, org: str) -> None:
        """An organisation that nothing needs is gone."""
        self._wire.write("DELETE", f"/organisations/{org}")

    def log(self, *, kind: str = "", subject: str = "") -> Iterator[shapes.LogRecord]:
        """The records of the log that one may read, in order; kind : access. for all of access."""
        found = self._wire.pages("/log", kind=kind, subject=subject, limit=200)
        return cast(Iterator[shapes.LogRecord], found)

    def log_lines(self) -> bytes:
        """The same, one JSON object a line."""
        return self._wire.read("/log/download").content

    def log_state(self) -> shapes.LogState:
        """What was found when the log was last checked."""
        return cast(shapes.LogState, self._wire.read("/log/verification").json())

    def verify_log(self, *, files: bool = True, anchor: str = "") -> shapes.Check:
        """Whether the hash-chained log is whole, computed now; anchor : of an earlier check."""
        body = {"files": files, "anchor": anchor}
        return cast(shapes.Check, self._wire.write("POST", "/log/verification", json=body).json())


def _of(account: str) -> str:
    return f"/accounts/{account}" if account else "/me"
