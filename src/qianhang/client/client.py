"""The client: one method for each thing that people do with the API."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, cast

from qianhang.client import admin_shapes, detail_shapes, plan_shapes, shapes
from qianhang.client.applications import ApplicationCalls
from qianhang.client.artefacts import ArtefactCalls
from qianhang.client.compute import ComputeCalls
from qianhang.client.house import HouseCalls
from qianhang.client.money import MoneyCalls
from qianhang.client.office import OfficeCalls
from qianhang.client.people import PeopleCalls
from qianhang.client.scores import ScoreCalls
from qianhang.client.settling import SettlingCalls
from qianhang.client.studies import StudyCalls
from qianhang.client.targets import TargetCalls
from qianhang.client.wire import Wire

__all__ = ["Client"]

_OPEN = ("queued", "running")
Value = str | int | float | bool
Lang = Literal["zh", "en"]
Table = Literal["csv", "xlsx"]


class Client(
    OfficeCalls,
    TargetCalls,
    PeopleCalls,
    HouseCalls,
    ComputeCalls,
    ApplicationCalls,
    ArtefactCalls,
    StudyCalls,
    ScoreCalls,
    MoneyCalls,
    SettlingCalls,
):
    """One server, asked with one API key; a context manager that closes its connections.

    Every method raises ApiProblem where the server refuses.
    """

    def __init__(self, url: str, key: str, *, timeout_s: float = 60.0, tries: int = 5) -> None:
        self._wire = Wire(url, key, timeout_s=timeout_s, tries=tries)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._wire.close()

    def me(self) -> shapes.Me:
        """The account behind the key, its roles and scopes."""
        return cast(shapes.Me, self._wire.read("/me").json())

    def scenarios(self, text: str = "", **filters: str) -> Iterator[shapes.ScenarioLine]:
        """The catalogue; filters : industry, task, tier."""
        found = self._wire.pages("/scenarios", q=text, **filters)
        return cast(Iterator[shapes.ScenarioLine], found)

    def scenario(self, scenario: str) -> shapes.Scenario:
        """One scenario with its whole contract."""
        return cast(shapes.Scenario, self._wire.read(f"/scenarios/{scenario}").json())

    def upload(self, *files: Path, org: str = "") -> shapes.Upload:
        """Files of one's own, to be named by a run or a prediction."""
        with ExitStack() as opened:
            sent = [("files", (f.name, opened.enter_context(f.open("rb")).read())) for f in files]
        answer = self._wire.write("POST", "/uploads", files=sent, data={"org": org})
        return cast(shapes.Upload, answer.json())

    def ask(
        self,
        scenario: str,
        *,
        case: str = "",
        seed: int = 0,
        params: Mapping[str, Value] | None = None,
        upload: str | None = None,
        subject: str = "",
        region: str = "",
        org: str | None = None,
        again: bool = False,
    ) -> shapes.Ask:
        """A run put into the queue; subject, region : what the data are of, and where that lies."""
        body = {
            "scenario": scenario, "case": case, "seed": seed, "params": dict(params or {}),
            "upload": upload, "subject": subject, "region": region, "org": org, "again": again,
        }  # fmt: skip
        return cast(shapes.Ask, self._wire.write("POST", "/asks", json=body).json())

    def asked(self, ask: str) -> shapes.Ask:
        """A run that was asked for, as it stands now."""
        return cast(shapes.Ask, self._wire.read(f"/asks/{ask}").json())

    def asks(self, *, state: str = "", scenario: str = "") -> Iterator[shapes.Ask]:
        """What was asked for, the newest first."""
        found = self._wire.pages("/asks", state=state, scenario=scenario)
        return cast(Iterator[shapes.Ask], found)

    def cancel(self, ask: str) -> shapes.Ask:
        """The ask, told to stop."""
        return cast(shapes.Ask, self._wire.write("POST", f"/asks/{ask}/cancel").json())

    def events(
        self, ask: str, *, after: int = 0, every_s: float = 1.0
    ) -> Iterator[shapes.AskEvent]:
        """What happens to an ask, as it happens, until it has ended."""
        while True:
            told = self._wire.read(f"/asks/{ask}/events", after=after).json()
            yield from cast(list[shapes.AskEvent], told["items"])
            after = told["last"]
            if not told["open"]:
                return
            if not told["items"]:
                time.sleep(every_s)

    def wait(self, ask: str, *, every_s: float = 1.0) -> shapes.Ask:
        """The ask once it has ended, well or not."""
        for _ in self.events(ask, every_s=every_s):
            pass
        return self.asked(ask)

    def runs(self, *, scenario: str = "", state: str = "") -> Iterator[shapes.RunLine]:
        """The runs that one may see, the newest first."""
        found = self._wire.pages("/runs", scenario=scenario, state=state)
        return cast(Iterator[shapes.RunLine], found)

    def run(self, run: str) -> shapes.Run:
        """One run with everything that was measured."""
        return cast(shapes.Run, self._wire.read(f"/runs/{run}").json())

    def table(self, run: str, table: str) -> Iterator[dict[str, Any]]:
        """The rows of one table of a run."""
        return self._wire.pages(f"/runs/{run}/tables/{table}", limit=200)

    def table_csv(self, run: str, table: str) -> bytes:
        """One table of a run as CSV in UTF-8."""
        return self._wire.read(f"/runs/{run}/tables/{table}/csv").content

    def report(self, run: str, *, lang: Literal["zh", "en", "both"] = "both") -> bytes:
        """A run's report, one HTML file."""
        return self._wire.read(f"/runs/{run}/report", lang=lang).content

    def figures(self, run: str, *, lang: Lang = "zh") -> Iterator[detail_shapes.RunFigure]:
        """A run's figures, each as an option for ECharts."""
        found = self._wire.pages(f"/runs/{run}/figures", lang=lang)
        return cast(Iterator[detail_shapes.RunFigure], found)

    def figure_table(self, run: str, figure: str, kind: Table, *, lang: Lang = "zh") -> bytes:
        """The whole table behind one figure."""
        return self._wire.read(f"/runs/{run}/figures/{figure}/{kind}", lang=lang).content

    def run_log(self, run: str) -> str:
        """The end of the log of the job that made a run."""
        told = cast(detail_shapes.RunLog, self._wire.read(f"/runs/{run}/log").json())
        return told["text"]

    def predict(
        self,
        scenario: str,
        *,
        rows: Sequence[Mapping[str, Value | None]] | None = None,
        upload: str | None = None,
        version: int | None = None,
        org: str | None = None,
    ) -> shapes.Prediction:
        """What a kept model says of rows, or of an upload; wrong rows are told apart."""
        body = {"scenario": scenario, "rows": rows, "upload": upload, "version": version,
                "org": org}  # fmt: skip
        return cast(shapes.Prediction, self._wire.write("POST", "/predictions", json=body).json())

    def models(self, scenario: str = "", *, stage: str = "") -> Iterator[shapes.Model]:
        """Versions of kept models."""
        found = self._wire.pages("/models", scenario=scenario, stage=stage)
        return cast(Iterator[shapes.Model], found)

    def model(self, scenario: str, version: int, *, org: str = "") -> detail_shapes.ModelDetail:
        """One version with its card."""
        answer = self._wire.read(f"/models/{scenario}/versions/{version}", org=org)
        return cast(detail_shapes.ModelDetail, answer.json())

    def datasets(self, text: str = "") -> Iterator[shapes.Dataset]:
        """The registered data sets."""
        return cast(Iterator[shapes.Dataset], self._wire.pages("/datasets", q=text))

    def dataset(self, name: str) -> detail_shapes.DatasetDetail:
        """One data set, where its files are and what uses it."""
        return cast(detail_shapes.DatasetDetail, self._wire.read(f"/datasets/{name}").json())

    def verify_dataset(self, name: str) -> admin_shapes.DatasetVerified:
        """Whether a data set's files are here as they were published, their sums computed now."""
        answer = self._wire.write("POST", f"/datasets/{name}/verification")
        return cast(admin_shapes.DatasetVerified, answer.json())

    def plans(self, text: str = "") -> Iterator[plan_shapes.Plan]:
        """The plans that one may see."""
        return cast(Iterator[plan_shapes.Plan], self._wire.pages("/plans", q=text))

    def items(self, plan: str, *, kind: str = "", state: str = "") -> Iterator[plan_shapes.Item]:
        """The items of a plan."""
        found = self._wire.pages(f"/plans/{plan}/items", kind=kind, state=state)
        return cast(Iterator[plan_shapes.Item], found)

    def review(
        self,
        item: plan_shapes.Item,
        act: Literal["confirm", "edit", "reject"],
        *,
        values: Mapping[str, Any] | None = None,
        why: str = "",
    ) -> plan_shapes.Item:
        """The item after a decision about it as it was seen."""
        plan, _, code = item["ref"].partition(".")
        body = {
            "act": act, "version": item["version"], "revision": item["revision"],
            "values": dict(values or {}), "why": why,
        }  # fmt: skip
        answer = self._wire.write("POST", f"/plans/{plan}/items/{code}/review", json=body)
        return cast(plan_shapes.Item, answer.json())

    def targets(self, plan: str, *, on: str = "") -> Iterator[plan_shapes.Target]:
        """Where the confirmed targets of a plan stand; on : a day, as 2026-03-31."""
        return cast(Iterator[plan_shapes.Target], self._wire.pages(f"/plans/{plan}/targets", on=on))

    def bulletins(self, plan: str) -> Iterator[plan_shapes.Bulletin]:
        """The bulletins of a plan that were issued."""
        return cast(Iterator[plan_shapes.Bulletin], self._wire.pages(f"/plans/{plan}/bulletins"))

    def bulletin(self, plan: str, number: int, kind: Literal["txt", "html", "docx"]) -> bytes:
        """A bulletin's very bytes."""
        return self._wire.read(f"/plans/{plan}/bulletins/{number}/{kind}").content

    def preview_bulletin(self, plan: str, period: str, **more: str) -> plan_shapes.BulletinPreview:
        """What would be issued, nothing frozen; more : on, title, issuer, to, note, lang ..."""
        body = {"period": period, **more}
        answer = self._wire.write("POST", f"/plans/{plan}/bulletins/preview", json=body)
        return cast(plan_shapes.BulletinPreview, answer.json())

    def issue_bulletin(self, plan: str, period: str, **more: str) -> plan_shapes.Bulletin:
        """A bulletin, its readings frozen and its files printed; more : as for a preview."""
        body = {"period": period, **more}
        answer = self._wire.write("POST", f"/plans/{plan}/bulletins", json=body)
        return cast(plan_shapes.Bulletin, answer.json())

    def plan_text(self, plan: str, *, start: int = 0) -> plan_shapes.PlanText:
        """The text from which a plan's items were read, 60,000 characters at most."""
        answer = self._wire.read(f"/plans/{plan}/text", start=start)
        return cast(plan_shapes.PlanText, answer.json())

    def publish_bulletin(
        self, plan: str, number: int, *, public: bool = True
    ) -> plan_shapes.Bulletin:
        """A bulletin that anybody may read from now, or no more."""
        place = f"/plans/{plan}/bulletins/{number}/publication"
        answer = self._wire.write("POST", place, json={"public": public})
        return cast(plan_shapes.Bulletin, answer.json())

    def complaints(self, *, state: str = "") -> Iterator[admin_shapes.Complaint]:
        """What people have sent to the organisations for which one answers, the oldest first."""
        return cast(Iterator[admin_shapes.Complaint], self._wire.pages("/complaints", state=state))

    def complaint(self, ref: str) -> admin_shapes.Complaint:
        """One complaint."""
        return cast(admin_shapes.Complaint, self._wire.read(f"/complaints/{ref}").json())

    def answer_complaint(self, ref: str, text: str) -> admin_shapes.Complaint:
        """The complaint with its answer, in place of an earlier one."""
        answer = self._wire.write("POST", f"/complaints/{ref}/answer", json={"text": text})
        return cast(admin_shapes.Complaint, answer.json())

    def settings(self) -> admin_shapes.Settings:
        """What is set and installed on the server."""
        return cast(admin_shapes.Settings, self._wire.read("/settings").json())
