"""What a job left behind, read, judged, and made ready to be kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from qianhang import models, safety
from qianhang.core.day import day_of
from qianhang.core.errors import ContractError, JobFailed
from qianhang.core.manifest import Case, Manifest
from qianhang.core.pack import Pack
from qianhang.core.results import FoldScore, Trial
from qianhang.core.spec import Spec
from qianhang.core.words import say
from qianhang.plan import evidence
from qianhang.runs.request import Request, software
from qianhang.store import Files
from qianhang.trial.verdict import judge

__all__ = [
    "body",
    "card",
    "fingerprints",
    "gate",
    "identity",
    "observations",
    "read",
    "shown",
    "source",
    "store_files",
]


def fingerprints(manifest: Manifest, case: Case, data: Path | None) -> dict[str, str]:
    """Name -> sha256 of every file that the run will read; registered sets are fetched.

    Raises ContractError where the user's path is not there, DatasetError where a set cannot be had.
    """
    from qianhang.data import codes, dataset, fetch, file_sha256

    if data is not None:
        if not data.exists():
            raise ContractError(codes.MISSING_FILE, f"{data}: there is no such file or folder")
        together = any(i.neighbours and i.takes(data.name) for i in manifest.inputs.values())
        folder = data.parent if together else data
        paths = sorted(p for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else [data]
        return {
            str(path.relative_to(folder)) if path != folder else path.name: file_sha256(path)
            for path in paths
        }
    if not case.dataset:
        return {}
    return {name: found.sha256 for name, found in fetch(dataset(case.dataset)).items()}


def identity(asked: Request, *, pack: Pack, spec: Spec, data: Mapping[str, str]) -> dict[str, Any]:
    """What a run is asked to do, as its row keeps it."""
    return {
        "pack_folder": str(pack.folder),
        "pack_version": pack.manifest.version,
        "pack_hash": pack.source_hash,
        "seed": spec.seed,
        "params": dict(spec.params),
        "pool": asked.pool,
        "data": dict(data),
        "own_data": str(asked.data) if asked.data else "",
        "subject": asked.subject,
        "region": asked.region,
        "versions": software(pack),
    }


def read(folder: Path, case: Case, *, own: bool) -> dict[str, Any]:
    """The job's result.json with its judgement beside it.

    Raises JobFailed where the job ended well but left no result.
    """
    path = folder / "result.json"
    if not path.is_file():
        raise JobFailed("QH519", f"the job left no result in {path}")
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf8"))
    result.setdefault("headline", None)  # left out where it was no number
    judgement = judge(_trial(result), case)
    result["bars"] = [_bar(r) for r in judgement.bars]
    if own:
        # A figure published on other data says nothing of these: what was recomputed on them does.
        recomputed = result["facts"].get("published") or {}
        for bar in result["bars"]:
            bar["published"] = _on_own_data(bar, recomputed.get(bar["metric"]))
    result["verdict"] = judgement.verdict
    result["gain"] = judgement.gain
    result["beats_trivial"] = judgement.beats_trivial
    return result


def _trial(result: Mapping[str, Any]) -> Trial:
    folds = tuple(FoldScore(**f) for f in result["folds"])
    return Trial(folds, result["scores"], result["trivial"], result["practice"])


def _on_own_data(bar: Mapping[str, Any], value: float | None) -> dict[str, Any] | None:
    if value is None or bar["published"] is None:
        return None
    return {**bar["published"], "value": value, "verified": "measured"}


def _bar(found: Any) -> dict[str, Any]:
    return asdict(found.bar) | {"value": found.value, "met": found.met}


def gate(result: Mapping[str, Any], *, pack: Pack, case: Case, own: bool) -> safety.Verdict:
    """The safety gate's verdict on a result."""
    manifest = pack.manifest
    leaks, tables = result["leaks"], result["tables"]
    return safety.gate(
        safety.Facts(
            risk=manifest.risk,
            subject=manifest.subject,
            bars_met=None if own else result["verdict"] != "unmet",
            beats_trivial=result["beats_trivial"],
            split=case.split.kind if case.split else "none",
            ordered=_ordered(manifest.task, case),
            duplicates=leaks["duplicates"] + leaks["groups"],
            calibration="calibration" in tables,
            subgroups="subgroups" in tables,
            device_class=manifest.device_class or "none",
            licence_class=_licence(manifest, case),
            source=source(case, own=own),
            human_role=manifest.human_role is not None,
        )
    )


def _licence(manifest: Manifest, case: Case) -> str:
    """The class of the case's own data set; the pack's where the case has none."""
    from qianhang.data import dataset

    return dataset(case.dataset).licence_class if case.dataset else manifest.licence_class


def _ordered(task: str, case: Case) -> bool:
    """Whether rows have an order or groups that a random cut would ignore."""
    roles = {c.role for c in case.columns.values()}
    fitted = task not in ("optimise", "retrieve", "formula")
    return fitted and bool(roles & {"time", "place", "group"})


def source(case: Case, *, own: bool) -> str:
    """Where the data of a run come from: own, sample, simulator (twins too) or real."""
    if own:
        return "own"
    if case.synthetic:
        return "sample"
    return "simulator" if case.twin or not case.dataset else "real"


def store_files(
    files: Files, folder: Path, result: Mapping[str, Any]
) -> tuple[dict[str, str], str]:
    """The run's tables and model put into the store: table name -> sha256, model manifest.

    Whatever is put here and not named by a row later is harmless: files are content-addressed.
    """
    tables = {name: files.put(folder / "tables" / f"{name}.parquet") for name in result["tables"]}
    if result["model"]:
        job = Files(str(folder / "files"))
        for sha in (result["model"], *models.manifest(job, result["model"]).files.values()):
            files.put(job.get(sha))
    return tables, result["model"]


def body(
    result: Mapping[str, Any], pack: Pack, *, verdict: safety.Verdict, tables: Mapping[str, str]
) -> dict[str, Any]:
    """The result as the run's row keeps it."""
    kept = {k: v for k, v in result.items() if k not in ("model", "tables")}
    kept["tables"] = dict(tables)
    kept["gate"] = {
        "open": verdict.open,
        "stage": verdict.stage,
        "reasons": [
            {"code": r.code, "blocks": r.blocks, "zh": r.text("zh"), "en": r.text("en")}
            for r in verdict.reasons
        ],
    }
    kept["title"] = asdict(pack.manifest.title)
    return kept


def shown(
    result: Mapping[str, Any], pack: Pack, case: Case, *, request: Mapping[str, Any]
) -> dict[str, Any]:
    """What a finished run shows, as the rules of the ledger ask for it."""
    met = [bar["met"] for bar in result["bars"]]
    return _told_region(request) | {
        "verdict": result["verdict"],
        "stage": result["gate"]["stage"],
        "source": result["source"],
        "case": case.name,
        "industry": pack.id.partition(".")[0],
        "bars": len(met),
        "bars_met": sum(bool(m) for m in met),
        "beats_trivial": result["beats_trivial"],
        "gain": result["gain"],
    }


def _told_region(request: Mapping[str, Any]) -> dict[str, str]:
    return {"region": request["region"]} if request.get("region") else {}


def observations(
    result: Mapping[str, Any], pack: Pack, case: Case, *, request: Mapping[str, Any], on: date
) -> list[evidence.Observation]:
    """What a finished run shows beside itself: the figures for indicators of plans that its pack
    declares, the model that it registered, the data it used."""
    found = _figures(result, pack, case, request=request, on=on)
    model = result["model"]
    if model:
        stage = result["gate"]["stage"]
        facts = {"stage": stage, "version": model["version"], "source": result["source"]}
        found.append(evidence.Observation("model", model["name"], on, facts=facts))
    if case.dataset and result["source"] == "real":
        # Its sums and its contract were checked before the run.
        quality = result.get("quality") or {}
        shares = {k: v for k, v in quality.items() if k not in ("grade", "tables", "ungraded")}
        checked = {"contract": "passed", "quality": quality.get("grade", ""), **shares}
        found.append(evidence.Observation("dataset", case.dataset, on, facts=checked))
    return found


def _figures(
    result: Mapping[str, Any], pack: Pack, case: Case, *, request: Mapping[str, Any], on: date
) -> list[evidence.Observation]:
    """One observation for each declared indicator that the run has a figure for."""
    figures = {**result["scores"], "headline": result["headline"]}
    subject = _subject(case, request)
    day = min(on, _last_day(result) or on)
    found = []
    for feed in pack.manifest.feeds:
        value = feed.value(figures)
        if value is None:
            continue
        facts = _told_region(request) | {
            "figure": feed.indicator.zh,
            "score": feed.figure,
            "given_by": pack.id,
            "source": result["source"],
            "simulated": case.twin,
            # Whose data these are, or what somebody called them, is no business of the public.
            "open": not (request.get("own_data") or request.get("subject")),
            "stage": result["gate"]["stage"],
            "verdict": result["verdict"],
        }
        key = f"{feed.indicator.zh}: {subject}"
        found.append(
            evidence.Observation("figure", subject, day, value, feed.unit, key=key, facts=facts)
        )
    return found


def _subject(case: Case, request: Mapping[str, Any]) -> str:
    """Of what the figures are: as somebody said, else the name of the data."""
    own = Path(request.get("own_data") or "")
    return request.get("subject") or own.name.partition(".")[0] or case.dataset or case.name


def _last_day(result: Mapping[str, Any]) -> date | None:
    """The day of the last forecast that was judged: of old data a figure is old."""
    told = result["facts"].get("last_origin")
    return day_of(str(told)) if told else None


def card(pack: Pack, case: Case, result: Mapping[str, Any]) -> models.Card:
    """The model card: what it is for, on what it was measured, how well, and who decides."""
    manifest = pack.manifest

    def both(key: str, **values: object) -> dict[str, str]:
        return {lang: say(key, lang=lang, **values) for lang in ("zh", "en")}

    def pair(words: Any) -> dict[str, str]:
        return {"zh": words.zh, "en": words.en}

    sections = [models.Section(both("card.purpose"), pair(manifest.summary))]
    sections.append(models.Section(both("card.measured_on"), pair(case.title)))
    if manifest.human_role:
        sections.append(models.Section(both("card.human"), pair(manifest.human_role)))
    facts = [
        models.Fact(both("card.risk"), both(f"risk.{manifest.risk}")),
        models.Fact(both("card.licence"), both(f"licence.{_licence(manifest, case)}")),
    ]
    for name, value in result["scores"].items():
        text = f"{value:.4g}"
        facts.append(models.Fact({"zh": name, "en": name}, {"zh": text, "en": text}))
    return models.Card(title=pair(manifest.title), sections=tuple(sections), facts=tuple(facts))
