"""Plans put in and confirmed, targets with their evidence, by the API; a part of the client."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from qianhang.client import target_shapes as shapes
from qianhang.client.plan_shapes import Bulletin, Item
from qianhang.client.wire import Wire

__all__ = ["TargetCalls"]


class TargetCalls:
    """The client's methods for documents that become plans, and for targets."""

    _wire: Wire

    def import_plans(
        self, *files: Path, org: str = "", region: str = "", parent: str = ""
    ) -> Sequence[shapes.ImportedFile]:
        """What became of each document: a new plan, a new version of one, or an error."""
        sent = [("files", (path.name, path.read_bytes())) for path in files]
        told = {"org": org, "region": region, "parent": parent}
        answer = self._wire.write("POST", "/plans", files=sent, data=told)
        return cast(list[shapes.ImportedFile], answer.json()["items"])

    def plan(self, plan: str, *, on: str = "") -> shapes.PlanStanding:
        """One plan, and how many of its targets are in which state."""
        return cast(shapes.PlanStanding, self._wire.read(f"/plans/{plan}", on=on).json())

    def item(self, plan: str, code: str) -> Item:
        """One item of a plan."""
        return cast(Item, self._wire.read(f"/plans/{plan}/items/{code}").json())

    def confirm_items(self, plan: str, *, kind: str = "") -> int:
        """How many drafts, of one kind or all, were confirmed just now."""
        answer = self._wire.write("POST", f"/plans/{plan}/items/review", json={"kind": kind})
        return int(answer.json()["confirmed"])

    def target(self, plan: str, code: str, *, on: str = "") -> shapes.TargetDetail:
        """One target with every component of its reading."""
        answer = self._wire.read(f"/plans/{plan}/targets/{code}", on=on)
        return cast(shapes.TargetDetail, answer.json())

    def target_readings(self, plan: str, code: str, *, on: str = "") -> shapes.TargetReadings:
        """A target's readings over time until a day."""
        answer = self._wire.read(f"/plans/{plan}/targets/{code}/readings", on=on)
        return cast(shapes.TargetReadings, answer.json())

    def state_evidence(
        self, plan: str, code: str, value: float | None, **more: Any
    ) -> shapes.Recorded:
        """A record for a target; more : unit, on, kind, subject, facts, upload (the document)."""
        place = f"/plans/{plan}/targets/{code}/evidence"
        answer = self._wire.write("POST", place, json={"value": value, **more})
        return cast(shapes.Recorded, answer.json())

    def issued_bulletin(self, plan: str, number: int) -> Bulletin:
        """One bulletin as it was issued, without its files."""
        return cast(Bulletin, self._wire.read(f"/plans/{plan}/bulletins/{number}").json())

    def compare_runs(self, first: str, second: str) -> shapes.Comparison:
        """Two runs side by side, and what could explain a difference."""
        answer = self._wire.read(f"/runs/{first}/compare/{second}")
        return cast(shapes.Comparison, answer.json())
