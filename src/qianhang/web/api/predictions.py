"""A kept model asked about new data."""

from __future__ import annotations

import csv
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from qianhang.core.errors import PackError, UsageError
from qianhang.runs import asks, predict_file, shelf
from qianhang.web.api.rights import RUNNERS, chosen_org
from qianhang.web.api.runs import cells
from qianhang.web.api.shapes import Sent
from qianhang.web.asked import Asked, Who
from qianhang.web.routes import Endpoints

__all__ = ["routes"]

routes = Endpoints("/predictions", tag="predictions")
Row = dict[str, str | int | float | bool | None]
_MOST = 5000
_AT_ONCE = threading.BoundedSemaphore(2)


class NewPrediction(Sent):
    """Data for a kept model: rows of its main table, or an upload."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "scenario": "energy.load_forecast",
                    "rows": [{"time": "2026-03-01 00:00", "load": 812.5}],
                }
            ],
            "oneOf": [{"required": ["rows"]}, {"required": ["upload"]}],
        }
    )

    scenario: str = Field(description="Id of the scenario", min_length=3, max_length=120)
    rows: Annotated[list[Row], Field(min_length=1, max_length=_MOST)] | None = Field(
        default=None, description="Column -> value, in the units of the scenario's contract"
    )
    upload: Annotated[str, Field(min_length=1, max_length=120)] | None = Field(
        default=None, description="Id of an upload, in place of rows"
    )
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(
        default=None, description="Model version; the newest accepted one where null"
    )
    org: str | None = Field(
        default=None, description="For which organisation; one's own where null", max_length=40
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> NewPrediction:
        if (self.rows is None) == (self.upload is None):
            raise ValueError("expected either rows or upload")
        return self


class Reject(BaseModel):
    """One field of one row that breaks the contract."""

    row: int = Field(description="Row of what was sent, from 1", examples=[3])
    time: str = Field(description="Its time stamp, empty where none", examples=[""])
    field: str = Field(description="Column", examples=["load"])
    found: str = Field(description="With unit", examples=["41,000 MW"])
    expected: str = Field(description="With unit", examples=["at most 20,000 MW"])
    code: str = Field(description="Error code", examples=["QH104"])


class Prediction(BaseModel):
    """What the model says, and what it was not asked."""

    answers: int = Field(description="Rows answered", examples=[24])
    rejects: int = Field(description="Fields that broke the contract", examples=[0])
    rows: list[dict[str, Any]] = Field(description="The answers, the first 5000 rows")
    rejected: list[Reject] = Field(description="The rejects, the first 5000")


@routes.post("", *RUNNERS, scope="run")
def create_prediction(ask: Who, wanted: NewPrediction) -> Prediction:
    """What the newest accepted model says of these data; wrong rows are told apart."""
    org = chosen_org(ask, wanted.org, *RUNNERS)
    if wanted.scenario not in {e.id for e in shelf.entries()}:
        raise PackError("QH206", f"scenario {wanted.scenario[:80]!r} does not exist")
    with _turn(), _folder(ask) as folder:
        data = _data(ask, wanted, org=org, folder=folder)
        out = folder / "answers.csv"
        answers, rejects = predict_file(
            wanted.scenario, data, out=out, settings=ask.settings, version=wanted.version, org=org
        )
        refused = folder / "answers.rejects.csv"
        rejected = [Reject(**_reject(r)) for r in _rows(refused)] if rejects else []
        return Prediction(answers=answers, rejects=rejects, rows=_rows(out), rejected=rejected)


@contextmanager
def _turn() -> Iterator[None]:
    """One of the few places at which predictions are made.

    Raises UsageError where all are taken.
    """
    if not _AT_ONCE.acquire(timeout=20):
        raise UsageError(
            "QH888", "two predictions are being made, and neither is done yet",
            hint="send it again in a moment",
        )  # fmt: skip
    try:
        yield
    finally:
        _AT_ONCE.release()


@contextmanager
def _folder(ask: Asked) -> Iterator[Path]:
    place = ask.settings.home / "work"
    place.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="asked-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _data(ask: Asked, wanted: NewPrediction, *, org: str, folder: Path) -> Path:
    if wanted.upload is not None:
        return asks.upload(ask.settings.home, org, wanted.upload)
    rows: Sequence[Row] = wanted.rows or ()
    path = folder / "rows.csv"
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf8", newline="") as out:
        writer = csv.DictWriter(out, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _rows(path: Path) -> list[dict[str, Any]]:
    import pandas as pd

    return list(cells(pd.read_csv(path, nrows=_MOST)))


def _reject(row: dict[str, Any]) -> dict[str, Any]:
    texts = {n: "" if row[n] is None else str(row[n]) for n in row if n != "row"}
    return texts | {"row": int(row["row"] or 0)}
