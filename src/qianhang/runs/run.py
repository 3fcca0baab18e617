"""The way of a run: data, place, contract, split, trial, gate, model, evidence. Read this first.

A run is begun in one transaction, carried out as a job on a pool, and closed in one transaction
that holds its row, its model, its evidence and its record in the log: a crash at any point leaves
either no result or all of it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qianhang import compute, models, safety
from qianhang.access import organisations
from qianhang.core import errors
from qianhang.core.day import day_of
from qianhang.core.manifest import Case
from qianhang.core.pack import Pack
from qianhang.plan import evidence
from qianhang.runs import outcome, placement, record, request, serving, tiers, workplace
from qianhang.runs.record import Record
from qianhang.runs.request import Request
from qianhang.runs.steps import Event, Listener, silent, step
from qianhang.runs.work import Ticket
from qianhang.store import Settings, Store

__all__ = ["carry_out"]


def carry_out(
    asked: Request,
    *,
    settings: Settings,
    listen: Listener = silent,
    limits: compute.Limits | None = None,
) -> tuple[Record, bool]:
    """The finished run that answers the request, and whether it was found rather than made.

    Raises the named error of the step that failed; the run's row then says failed, or interrupted
    where somebody stopped it.
    """
    pack, case, spec = request.resolve(asked)
    with workplace.open_store(settings) as store:
        placement.check(store, asked.pool)
        record.sweep(store, now=_now())
        with step("data", listen) as facts:
            data = outcome.fingerprints(pack.manifest, case, asked.data)
            facts |= {"files": len(data)}
        key = request.key_of(asked, pack=pack, spec=spec, data=data)
        known = None if asked.again else record.finished(store, key, org=asked.org)
        if known:
            return known, True
        try:
            begun = record.begin(
                store,
                key=key,
                scenario=pack.id,
                case=case.name,
                request=outcome.identity(asked, pack=pack, spec=spec, data=data),
                org=asked.org,
                now=_now(),
                again=asked.again,
            )
        except record.Answered as before:  # by another process, since we looked
            return before.record, True
        way = _Way(store, settings, pack, case, begun)
        return way.go(asked, listen=listen, limits=limits or compute.Limits()), False


@dataclass(frozen=True, slots=True)
class _Way:
    """One run from its begun row to its closed one."""

    store: Store
    settings: Settings
    pack: Pack
    case: Case
    begun: Record

    @property
    def folder(self) -> Path:
        """Where the job works; gone when the run is closed."""
        return self.settings.home / "work" / self.begun.id

    @property
    def _private(self) -> bool:
        """Whether an organisation that the platform's offices do not reach used its own data."""
        if not self.begun.own or self.begun.org == record.ROOT:
            return False
        return self.begun.org not in organisations.tree(self.store).covers(record.ROOT)

    def go(self, asked: Request, *, listen: Listener, limits: compute.Limits) -> Record:
        """Carry the run out; whatever happens, its row does not stay running."""
        started = time.monotonic()
        listen(Event("place", "note", facts={"run": self.begun.id}))
        try:
            job = self._compute(asked, listen=listen, limits=limits)
            result = outcome.read(self.folder, self.case, own=bool(asked.data)) | job
            with step("gate", listen) as facts:
                verdict = outcome.gate(result, pack=self.pack, case=self.case, own=bool(asked.data))
                facts |= {"stage": verdict.stage, "open": verdict.open}
            with step("keep", listen) as facts:
                closed = self._keep(result, verdict, wall_s=time.monotonic() - started)
                facts |= {"run": closed.id}
            return closed
        except KeyboardInterrupt:
            self._close_badly("interrupted", {"why": "stopped by the user"})
            raise
        except errors.QianhangError as cause:
            self._close_badly("failed", cause.told())
            raise
        except Exception as cause:
            self._close_badly("failed", {"code": "QH519", "message": repr(cause)})
            raise
        finally:
            record.let_go(self.begun)
            shutil.rmtree(self.folder, ignore_errors=True)

    def _compute(
        self, asked: Request, *, listen: Listener, limits: compute.Limits
    ) -> dict[str, Any]:
        with step("place", listen) as facts:
            self.folder.mkdir(parents=True)
            data = str(asked.data.resolve()) if asked.data else ""
            ticket = Ticket(
                str(self.pack.folder), self.case.name, asked.seed, dict(asked.params), data
            )
            ticket.write(self.folder)
            facts |= {"pool": asked.pool}
        if asked.pool != "local":
            return self._place(asked, ticket, limits, listen=listen)
        pool = compute.driver(asked.pool, folder=self.settings.home / "jobs")
        usage, log = workplace.carry_job(
            "qianhang.runs.work",
            (str(self.folder),),
            token=f"run-{self.begun.id}",
            folder=self.folder,
            settings=self.settings,
            pool=pool,
            limits=limits,
            listen=listen,
        )
        return {
            "cpu_s": round(usage.cpu_s, 3),
            "peak_mb": round(usage.peak_mb, 1),
            "log": self.store.files.put(log.encode()),
        }

    def _place(
        self, asked: Request, ticket: Ticket, limits: compute.Limits, *, listen: Listener
    ) -> dict[str, Any]:
        """The job by the door of the compute network."""
        order = placement.Order(
            self.begun.id, asked.org, self.pack.id, self.case.name, asked.pool, ticket, limits
        )
        done = placement.carry(order, self.store, self.settings, folder=self.folder, listen=listen)
        return {
            "cpu_s": round(done.usage.cpu_s, 3),
            "peak_mb": round(done.usage.peak_mb, 1),
            "log": self.store.files.put(done.log.encode()),
            "placed": {"pool": done.pool, "job": done.job, "goes": done.goes},
        }

    def _keep(self, result: dict[str, Any], verdict: safety.Verdict, *, wall_s: float) -> Record:
        tables, model = outcome.store_files(self.store.files, self.folder, result)
        with self.store.write() as tx:
            now = _now()
            kept = None
            if model:
                kept = models.register(
                    tx,
                    models.NewModel(
                        name=serving.model_name(self.pack, self.begun.org),
                        stage=verdict.stage,
                        manifest=model,
                        run=self.begun.id,
                        card=outcome.card(self.pack, self.case, result),
                    ),
                    at=now,
                )
            body = outcome.body(result, self.pack, verdict=verdict, tables=tables)
            body |= {
                "source": outcome.source(self.case, own=bool(self.begun.request["own_data"])),
                "wall_s": round(wall_s, 3),
                "model": kept
                and {"name": kept.name, "version": kept.version, "manifest": kept.manifest},
            }
            body["evidence"] = self._evidence(tx, body, tables, now)
            closed = record.close(
                tx, self.begun, state="finished", verdict=result["verdict"], result=body, now=now
            )
        tiers.update_tier(self.store, self.pack, now=now)
        return closed

    def _evidence(
        self, tx: Any, body: Mapping[str, Any], tables: Mapping[str, str], now: datetime
    ) -> list[dict[str, Any]]:
        files = {**tables, "log": body["log"]}
        facts = {
            "verdict": body["verdict"],
            "stage": body["gate"]["stage"],
            "source": body["source"],
            "scores": body["scores"],
            "headline": body["headline"],
            "key": self.begun.key,
        }
        if self._private:
            facts = {k: v for k, v in facts.items() if k not in ("scores", "headline")}
        tx.append(
            "run.finished",
            self.begun.id,
            payload={"scenario": self.pack.id, "facts": facts, "files": files},
            at=now,
        )
        # Made-up data show nothing about the world; what others do with theirs is their own affair.
        if facts["source"] == "sample" or self._private:
            return []
        finding = evidence.Finding(
            run=self.begun.id,
            scenario=self.pack.id,
            indicators=self.pack.manifest.covers,
            facts=outcome.shown(body, self.pack, self.case, request=self.begun.request)
            | {"tier": tiers.tier_before(tx, self.pack)},
        )
        made = evidence.record(tx, finding, at=now)
        asked = self.begun.request
        for seen in outcome.observations(body, self.pack, self.case, request=asked, on=day_of(now)):
            evidence.observe(tx, seen, grade="A", by=f"run {self.begun.id}", at=now)
        return [{"seq": e.seq, "indicator": e.subject, "hash": e.hash} for e in made]

    def _close_badly(self, state: str, why: Mapping[str, Any]) -> None:
        with self.store.write() as tx:
            now = _now()
            tx.append(f"run.{state}", self.begun.id, payload=dict(why), at=now)
            record.close(tx, self.begun, state=state, result={"error": dict(why)}, now=now)


def _now() -> datetime:
    return datetime.now(UTC)
