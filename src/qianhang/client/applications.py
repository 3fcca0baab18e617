"""Applications of outside teams for compute by the API; a part of the client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from qianhang.client import application_shapes as shapes
from qianhang.client.wire import Wire

__all__ = ["ApplicationCalls"]

_PATH = "/compute/applications"


class ApplicationCalls:
    """The client's methods for applications; days are written 2026-05-01."""

    _wire: Wire

    def applications(self) -> Iterator[shapes.ComputeApplicationLine]:
        """The applications that one sent or answers."""
        return cast(Iterator[shapes.ComputeApplicationLine], self._wire.pages(_PATH))

    def application(self, application: str) -> shapes.ComputeApplication:
        """One application with every step."""
        answer = self._wire.read(f"{_PATH}/{application}")
        return cast(shapes.ComputeApplication, answer.json())

    def send_application(
        self, project: str, chips: int, *, first: str, last: str, purpose: str, contact: str,
        card_hours: int = 0, flavours: Sequence[str] = (), pool: str = "", voucher: str = "",
        org: str | None = None,
    ) -> shapes.ComputeApplication:  # fmt: skip
        """An application for chips over a period, open until it is answered."""
        body = {
            "org": org, "project": project, "chips": chips, "card_hours": card_hours,
            "first": first, "last": last, "purpose": purpose, "contact": contact,
            "flavours": list(flavours), "pool": pool, "voucher": voucher,
        }  # fmt: skip
        answer = self._wire.write("POST", _PATH, json=body)
        return cast(shapes.ComputeApplication, answer.json())

    def approve_application(
        self, application: str, *, chips: int | None = None, card_hours: int | None = None,
        last: str | None = None, words: str = "",
    ) -> shapes.ComputeApplication:  # fmt: skip
        """An application approved; what is None is granted as it was asked for."""
        body = {"chips": chips, "card_hours": card_hours, "last": last, "words": words}
        return self._step(application, "approve", body)

    def reject_application(self, application: str, words: str) -> shapes.ComputeApplication:
        """An application rejected, with the reason."""
        return self._step(application, "reject", {"words": words})

    def question_application(self, application: str, words: str) -> shapes.ComputeApplication:
        """An application, sent back with a question."""
        return self._step(application, "question", {"words": words})

    def reply_application(self, application: str, words: str) -> shapes.ComputeApplication:
        """An application, with what was asked for."""
        return self._step(application, "reply", {"words": words})

    def withdraw_application(self, application: str, words: str = "") -> shapes.ComputeApplication:
        """An application taken back, with what it gave."""
        return self._step(application, "withdraw", {"words": words})

    def _step(self, application: str, step: str, body: dict[str, Any]) -> shapes.ComputeApplication:
        answer = self._wire.write("POST", f"{_PATH}/{application}/{step}", json=body)
        return cast(shapes.ComputeApplication, answer.json())
