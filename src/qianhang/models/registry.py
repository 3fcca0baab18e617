"""The registry: every version of every model, its stage, and what it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from qianhang.core.errors import ModelError
from qianhang.models.card import Card
from qianhang.models.saving import manifest
from qianhang.models.tables import model
from qianhang.store.store import Store, Transaction

__all__ = [
    "ModelVersion",
    "NewModel",
    "Stage",
    "get",
    "newest",
    "register",
    "restage",
    "verify",
    "versions",
    "versions_of",
]

Stage = Literal["rejected", "research_only", "accepted", "retired"]
_STAGES = ("rejected", "research_only", "accepted", "retired")
_REGISTERED, _RESTAGED = "model.registered", "model.restaged"


@dataclass(frozen=True, slots=True)
class NewModel:
    """A model to register.

    name : the scenario id; manifest : the sha256 that `save` gave; run : the run it came from
    """

    name: str
    stage: Stage
    manifest: str
    run: str
    card: Card


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of a model, numbered from 1 within its name."""

    name: str
    version: int
    stage: Stage
    class_name: str
    manifest: str
    run: str
    card: Card
    at: str

    @property
    def id(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"


def register(tx: Transaction, new: NewModel, *, at: datetime) -> ModelVersion:
    """The next version of the model, with its record in the log, in the caller's transaction.

    Raises ModelError where the manifest is absent or the stage unknown.
    """
    _check_stage(new.stage)
    saved = manifest(tx.files, new.manifest)
    latest = sa.select(sa.func.max(model.c.version)).where(model.c.name == new.name)
    version = (tx.execute(latest).scalar() or 0) + 1
    card = new.card.to_json()
    values = {
        "name": new.name,
        "version": version,
        "stage": new.stage,
        "class_name": saved.class_name,
        "manifest": new.manifest,
        "run": new.run,
    }
    entry = tx.append(
        _REGISTERED,
        f"{new.name}@{version}",
        payload={
            **values,
            "card": hashlib.sha256(card.encode()).hexdigest(),
            "files": {"manifest": new.manifest, **saved.files},
        },
        at=at,
    )
    tx.execute(sa.insert(model).values(**values, card=card, at=entry.at, seq=entry.seq))
    return _one(tx.connection, new.name, version)


def restage(
    tx: Transaction, found: ModelVersion, *, stage: Stage, reason: str, at: datetime
) -> ModelVersion:
    """The same version in another stage, with the reason in the log.

    Raises ModelError where the version or the stage does not exist.
    """
    _check_stage(stage)
    now = _one(tx.connection, found.name, found.version)
    tx.append(
        _RESTAGED,
        now.id,
        payload={"stage": stage, "before": now.stage, "reason": reason},
        at=at,
    )
    tx.execute(
        sa.update(model)
        .where(model.c.name == now.name, model.c.version == now.version)
        .values(stage=stage)
    )
    return _one(tx.connection, now.name, now.version)


def get(store: Store, name: str, version: int) -> ModelVersion:
    """That version of the model.

    Raises ModelError where it does not exist.
    """
    with store.read() as connection:
        return _one(connection, name, version)


def newest(
    store: Store, name: str, *, stages: Sequence[Stage] = ("accepted",)
) -> ModelVersion | None:
    """The highest version of the model in one of these stages, or None."""
    query = (
        sa.select(model)
        .where(model.c.name == name, model.c.stage.in_(stages))
        .order_by(model.c.version.desc())
        .limit(1)
    )
    with store.read() as connection:
        row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _version(row)


def versions(store: Store, name: str | None = None) -> list[ModelVersion]:
    """Every version, of one model where named, by name and number."""
    query = sa.select(model).order_by(model.c.name, model.c.version)
    if name is not None:
        query = query.where(model.c.name == name)
    with store.read() as connection:
        return [_version(row) for row in connection.execute(query).mappings()]


def versions_of(store: Store, scenario: str) -> list[ModelVersion]:
    """Every version of a scenario's models, those that single organisations fitted among them."""
    own = model.c.name.startswith(f"{scenario}/", autoescape=True)
    query = sa.select(model).where((model.c.name == scenario) | own)
    with store.read() as connection:
        rows = connection.execute(query.order_by(model.c.name, model.c.version)).mappings()
        return [_version(row) for row in rows]


def verify(store: Store) -> list[str]:
    """A sentence for each row that is not what the log says, none where all agree."""
    logged: dict[str, dict[str, Any]] = {}
    for entry in store.entries(kind=_REGISTERED):
        logged[entry.subject] = dict(entry.payload)
    for entry in store.entries(kind=_RESTAGED):
        if entry.subject in logged:
            logged[entry.subject]["stage"] = entry.payload["stage"]
    with store.read() as connection:
        rows = [dict(r) for r in connection.execute(sa.select(model)).mappings()]
    found: list[str] = []
    for row in rows:
        id_ = f"{row['name']}@{row['version']}"
        found += _differences(id_, row, logged.pop(id_, None))
    return found + [f"model {id_} is in the log but not in the registry" for id_ in sorted(logged)]


def _differences(id_: str, row: Mapping[str, Any], said: Mapping[str, Any] | None) -> list[str]:
    if said is None:
        return [f"model {id_} is in the registry but not in the log"]
    now = {**row, "card": hashlib.sha256(row["card"].encode()).hexdigest()}
    return [
        f"model {id_}: {key} is {now[key]!r}, the log says {said[key]!r}"
        for key in ("stage", "class_name", "manifest", "run", "card")
        if now[key] != said[key]
    ]


def _check_stage(stage: str) -> None:
    if stage not in _STAGES:
        raise ModelError("QH607", f"stage {stage!r}: expected one of {', '.join(_STAGES)}")


def _one(connection: sa.Connection, name: str, version: int) -> ModelVersion:
    query = sa.select(model).where(model.c.name == name, model.c.version == version)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        hint = f"qianhang runs --scenario {name} shows the runs that made versions"
        raise ModelError("QH607", f"model {name}@{version} does not exist", hint=hint)
    return _version(row)


def _version(row: Mapping[Any, Any]) -> ModelVersion:
    return ModelVersion(
        name=row["name"],
        version=row["version"],
        stage=row["stage"],
        class_name=row["class_name"],
        manifest=row["manifest"],
        run=row["run"],
        card=Card.from_json(row["card"]),
        at=row["at"],
    )
