"""What a programme office does with a plan, by the API; a part of the client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, cast

from qianhang.client import office_shapes as shapes
from qianhang.client.plan_shapes import Override, Plan
from qianhang.client.wire import Wire

__all__ = ["OfficeCalls"]

Lang = Literal["zh", "en"]


class OfficeCalls:
    """The client's methods for plans; days are written 2026-03-31."""

    _wire: Wire

    def compare_plans(self, *plans: str) -> shapes.ComparedPlans:
        """Two to eight plans side by side."""
        found = self._wire.read("/plans/compare", plan=list(plans)).json()
        return cast(shapes.ComparedPlans, found)

    def plan_comparison(self, *plans: str, lang: Lang = "zh") -> bytes:
        """The same as an XLSX workbook."""
        return self._wire.read("/plans/compare/xlsx", plan=list(plans), lang=lang).content

    def ledger(self, plan: str, *, on: str = "") -> shapes.Ledger:
        """A plan by section, task and unit."""
        return cast(shapes.Ledger, self._wire.read(f"/plans/{plan}/ledger", on=on).json())

    def ledger_workbook(self, plan: str, *, on: str = "", lang: Lang = "zh") -> bytes:
        """A plan's ledger as an XLSX workbook."""
        return self._wire.read(f"/plans/{plan}/ledger/xlsx", on=on, lang=lang).content

    def take_ledger(self, plan: str, book: Path, *, only: bool = False) -> shapes.LedgerTaken:
        """What a workbook that came back changes; only : tell it and write nothing."""
        sent = {"file": (book.name, book.read_bytes())}
        told = {"only": "true" if only else "false"}
        answer = self._wire.write("POST", f"/plans/{plan}/ledger", files=sent, data=told)
        return cast(shapes.LedgerTaken, answer.json())

    def weigh(self, plan: str, weights: Mapping[str, float]) -> shapes.Ledger:
        """The ledger with these weights of its targets, or without any."""
        body = {"weights": dict(weights)}
        return cast(shapes.Ledger, self._post(plan, "ledger/weights", body))

    def coverage(self, plan: str) -> shapes.Coverage:
        """A plan's systems, each with what realises it."""
        return cast(shapes.Coverage, self._wire.read(f"/plans/{plan}/coverage").json())

    def link(self, plan: str, item: str, *, kind: str, name: str) -> shapes.Coverage:
        """The coverage with a link more between a system and what realises it."""
        body = {"item": item, "kind": kind, "name": name}
        return cast(shapes.Coverage, self._post(plan, "coverage/links", body))

    def version_changes(self, plan: str, version: int) -> shapes.VersionChanges:
        """What the newest version changed since this one."""
        found = self._wire.read(f"/plans/{plan}/versions/{version}/changes").json()
        return cast(shapes.VersionChanges, found)

    def acts(self, plan: str) -> Iterator[shapes.PlanAct]:
        """Who confirmed, edited or rejected what."""
        return cast(Iterator[shapes.PlanAct], self._wire.pages(f"/plans/{plan}/acts"))

    def edit_heading(self, plan: Plan, **values: str) -> Plan:
        """The plan under another heading, changed as it was seen."""
        body = {"revision": plan["revision"], **values}
        return cast(Plan, self._post(plan["ref"], "heading", body))

    def milestones(self, plan: str, code: str) -> Iterator[shapes.Milestone]:
        """The milestones of a target."""
        found = self._wire.pages(f"/plans/{plan}/targets/{code}/milestones")
        return cast(Iterator[shapes.Milestone], found)

    def set_milestone(
        self, plan: str, code: str, *, day: str, value: float, source: str = "annual plan"
    ) -> shapes.Milestone:
        """The milestone, in place of one for the same day."""
        body = {"day": day, "value": value, "source": source}
        return cast(shapes.Milestone, self._post(plan, f"targets/{code}/milestones", body))

    def override(self, plan: str, code: str, state: str, *, reason: str, expires: str) -> Override:
        """A target in a state that a person answers for, until a day."""
        body = {"state": state, "reason": reason, "expires": expires}
        return cast(Override, self._post(plan, f"targets/{code}/override", body))

    def rule_suggestions(self, plan: str, code: str) -> list[shapes.RuleSuggestion]:
        """The rules that may be chosen by name."""
        found = self._wire.read(f"/plans/{plan}/targets/{code}/rules").json()
        return cast(list[shapes.RuleSuggestion], found["items"])

    def set_rule(
        self, plan: str, code: str, *, name: str = "", rule: Mapping[str, Any] | None = None
    ) -> shapes.TargetRule:
        """The target read by a suggested rule, or by one that is written out."""
        body = {"name": name, "rule": dict(rule) if rule is not None else None}
        return cast(shapes.TargetRule, self._post(plan, f"targets/{code}/rule", body))

    def retract(self, plan: str, code: str, seq: int, *, why: str) -> shapes.Retracted:
        """A record that was made for this target alone, taken back."""
        place = f"targets/{code}/evidence/{seq}/retraction"
        return cast(shapes.Retracted, self._post(plan, place, {"why": why}))

    def timeline(self, plan: str, *, until: str = "") -> Iterator[shapes.Due]:
        """What falls due, by day."""
        return cast(Iterator[shapes.Due], self._wire.pages(f"/plans/{plan}/timeline", until=until))

    def work(self, plan: str) -> shapes.Work:
        """Reminders, what is late, meetings, decisions, who attends to what."""
        return cast(shapes.Work, self._wire.read(f"/plans/{plan}/work").json())

    def hold_meeting(self, plan: str, title: str, *, day: str, body: str = "") -> shapes.Meeting:
        """A meeting, kept with its minutes."""
        told = {"title": title, "day": day, "body": body}
        return cast(shapes.Meeting, self._post(plan, "meetings", told))

    def decide(self, plan: str, text: str, *, owner: str, **more: str | int) -> shapes.Decision:
        """Something to be done; more : due, meeting, item."""
        told = {"text": text, "owner": owner, **more}
        return cast(shapes.Decision, self._post(plan, "decisions", told))

    def close_decision(self, plan: str, seen: shapes.Decision) -> shapes.Decision:
        """The decision as carried out, where nobody has changed it since it was seen."""
        place = f"decisions/{seen['id']}/done"
        return cast(shapes.Decision, self._post(plan, place, {"revision": seen["revision"]}))

    def entrust(
        self, plan: str, item: str, person: str, *, unit: str = "", contact: str = ""
    ) -> shapes.ItemOwner:
        """An item with the person who attends to it."""
        body = {"item": item, "person": person, "unit": unit, "contact": contact}
        return cast(shapes.ItemOwner, self._post(plan, "owners", body))

    def set_rhythm(self, plan: str, **values: Any) -> shapes.Rhythm:
        """The rhythm with these in it: remind, reporting_day, quarterly, escalate, office."""
        return cast(shapes.Rhythm, self._post(plan, "rhythm", values))

    def _post(self, plan: str, place: str, body: Mapping[str, Any]) -> Any:
        return self._wire.write("POST", f"/plans/{plan}/{place}", json=dict(body)).json()
