"""The folder in which a table is scored: the plan, the model, and each block whole or not at all.

It lies beside the result, where every machine that scores sees it. A block is done once its facts
are there, which are written last.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qianhang.core.errors import PoolUnavailable
from qianhang.store.files import write_whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Facts", "Folder", "Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is scored by what, so that equal plans give equal answers.

    key : sha256 over everything that decides an answer; rows : of a block
    manifest : sha256 of the kept model's; model : its name and version
    """

    key: str
    scenario: str
    model: str
    manifest: str
    table: str
    rows: int


@dataclass(frozen=True, slots=True)
class Facts:
    """A block that is done.

    first : row of the file where it begins; rows : of the file in it, each of them answered,
        rejected or blank; by : the attempt that scored it
    """

    number: int
    first: int
    rows: int
    answers: int
    rejects: int
    blank: int
    by: str


class Folder:
    """The folder of one result."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def model(self) -> Path:
        """Where the files of the kept model lie, by content."""
        return self.path / "model"

    def errors(self, token: str) -> Path:
        """Where an attempt leaves the named error by which it ended."""
        return self.path / "errors" / token

    def plan(self) -> Plan:
        """What is scored here.

        Raises PoolUnavailable where this machine does not see the folder.
        """
        said = self._read("plan")
        if said is None:
            raise PoolUnavailable(
                "QH819", f"this machine does not see {self.path}",
                hint="write the result to a folder that the pool's machines share, or --pool local",
            )  # fmt: skip
        return Plan(**said)

    def begin(self, plan: Plan) -> None:
        """Keep the plan, in a folder that has what the blocks need."""
        for name in ("blocks", "errors", "model"):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        self._write("plan", asdict(plan))

    def known(self) -> str:
        """The key of the plan that is kept here, "" where there is none."""
        return str((self._read("plan") or {}).get("key", ""))

    def round(self) -> Mapping[str, Any]:
        """The jobs that were sent last, and how; empty where none were."""
        return self._read("round") or {}

    def send(self, round_: Mapping[str, Any]) -> None:
        """Keep which jobs are sent, and how."""
        self._write("round", round_)

    def put(self, facts: Facts, answers: pd.DataFrame, rejects: pd.DataFrame) -> None:
        """Keep a block, its facts last."""
        for name, frame in (("rejects", rejects), ("answers", answers)):
            place = self.part(facts.number, name)
            beside = place.with_name(f".{place.name}.{facts.by}.{os.getpid()}")
            frame.to_parquet(beside, index=False)
            beside.replace(place)
        self._write(f"blocks/{facts.number:08d}", asdict(facts))

    def part(self, number: int, name: str) -> Path:
        """The Parquet file of a block's answers or rejects."""
        return self.path / "blocks" / f"{number:08d}.{name}.parquet"

    def done(self) -> frozenset[int]:
        """The numbers of the blocks that are done."""
        places = (self.path / "blocks").glob("[0-9]*.json")
        return frozenset(int(place.stem) for place in places)

    def has(self, number: int) -> bool:
        """Whether the block is done."""
        return (self.path / "blocks" / f"{number:08d}.json").exists()

    def facts(self, numbers: Sequence[int]) -> tuple[Facts, ...]:
        """Of blocks that are done."""
        found = (self._read(f"blocks/{number:08d}") for number in numbers)
        return tuple(Facts(**said) for said in found if said)

    def end(self, rows: int) -> None:
        """Keep how many rows the table has, as whoever came to its end found."""
        self._write("total", {"rows": rows})

    def rows(self) -> int | None:
        """How many rows the table has, None before anybody came to its end."""
        return (self._read("total") or {}).get("rows")

    def whole(self) -> bool:
        """Whether every block is done."""
        rows = self.rows()
        return rows is not None and len(self.done()) == -(-rows // self.plan().rows)

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            text = (self.path / f"{name}.json").read_text(encoding="utf8")
        except FileNotFoundError:
            return None
        found: dict[str, Any] = json.loads(text)
        return found

    def _write(self, name: str, said: Mapping[str, Any]) -> None:
        text = json.dumps(said, ensure_ascii=False, sort_keys=True).encode()
        write_whole(self.path / f"{name}.json", lambda: iter((text,)))
