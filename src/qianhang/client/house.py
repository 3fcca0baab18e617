"""What the console shows of the whole house: overview, safety, portal; a part of the client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, cast

from qianhang.client import overview_shapes as shapes
from qianhang.client.shapes import Dataset
from qianhang.client.wire import Wire

__all__ = ["HouseCalls"]


class HouseCalls:
    """The client's methods for the overview, safety and the public portal."""

    _wire: Wire

    def overview(self) -> shapes.Overview:
        """Targets by state, scenarios by tier and industry, runs today, compute, news, counted."""
        return cast(shapes.Overview, self._wire.read("/overview").json())

    def overview_changes(self, kind: str = "") -> Iterator[shapes.OverviewChange]:
        """What changed since yesterday."""
        found = self._wire.pages("/overview/changes", kind=kind)
        return cast(Iterator[shapes.OverviewChange], found)

    def overview_map(self, province: str = "") -> shapes.OverviewMap:
        """What each province has reached, and each city of the one that is named."""
        found = self._wire.read("/overview/map", province=province).json()
        return cast(shapes.OverviewMap, found)

    def map_boundary(self) -> bytes:
        """The operator's own map as GeoJSON."""
        return self._wire.read("/overview/map/boundary").content

    def safety(self) -> shapes.SafetyOverview:
        """Verdicts of the gate by stage, their reasons, the negative list."""
        return cast(shapes.SafetyOverview, self._wire.read("/safety").json())

    def grades(self, risk: str = "") -> Iterator[shapes.GradedScenario]:
        """The scenarios with their risk grades."""
        return cast(Iterator[shapes.GradedScenario], self._wire.pages("/safety/grades", risk=risk))

    def shown_scenarios(self) -> Iterator[shapes.ShownScenario]:
        """The verified scenarios with their figures, as anybody may see them."""
        return cast(Iterator[shapes.ShownScenario], self._wire.pages("/portal/scenarios"))

    def public_bulletins(self) -> Iterator[shapes.PublicBulletin]:
        """The bulletins that anybody may read."""
        return cast(Iterator[shapes.PublicBulletin], self._wire.pages("/portal/bulletins"))

    def public_bulletin(self, number: int, kind: Literal["txt", "html", "docx"]) -> bytes:
        """A public bulletin's very bytes."""
        return self._wire.read(f"/portal/bulletins/{number}/{kind}").content

    def open_datasets(self, text: str = "") -> Iterator[Dataset]:
        """The registered data sets, as anybody may see them."""
        return cast(Iterator[Dataset], self._wire.pages("/portal/datasets", q=text))

    def ask_policy(self, question: str) -> shapes.PolicyAnswer:
        """The passages of the law that answer a question, each with its citation."""
        return cast(shapes.PolicyAnswer, self._wire.read("/portal/answers", q=question).json())

    def complain(
        self, kind: str, text: str, *, about: str = "", contact: str = "", once: str = ""
    ) -> shapes.ComplaintStanding:
        """A complaint, kept; its number opens the answer; once : sent again it is the same one."""
        body = {"kind": kind, "text": text, "about": about, "contact": contact, "once": once}
        answer = self._wire.write("POST", "/portal/complaints", json=body)
        return cast(shapes.ComplaintStanding, answer.json())

    def complaint_standing(self, ref: str) -> shapes.ComplaintStanding:
        """Where a complaint stands, for whoever has its number."""
        return cast(shapes.ComplaintStanding, self._wire.read(f"/portal/complaints/{ref}").json())
