"""The blocks of a table joined into one result, which appears whole or not at all."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from qianhang.core.errors import ContractError
from qianhang.runs.scoring.blocks import Facts, Folder

__all__ = ["Sums", "merge", "rejects_of"]


@dataclass(frozen=True, slots=True)
class Sums:
    """Counts over all blocks; rejects : rows of the table, however much is wrong with each."""

    rows: int
    answers: int
    rejects: int
    blank: int
    blocks: int


def rejects_of(out: Path) -> Path:
    """Where the rejects beside a result stand."""
    return out.with_name(f"{out.stem}.rejects.csv")


def merge(folder: Folder, rows: int, out: Path) -> Sums:
    """Counts of what `out` and the rejects beside it now hold, in the order of the table's rows.

    rows : of a block
    Raises ContractError where blocks are missing or do not make up the table.
    """
    total = folder.rows() or 0
    count = -(-total // rows)
    facts = folder.facts(range(count))
    if len(facts) != count or sum(one.rows for one in facts) != total:
        held = sum(one.rows for one in facts)
        raise ContractError(
            "QH818", f"{folder.path}: found {len(facts)} blocks of {held:,} rows, "
            f"expected {count} of {total:,}", hint="--again",
        )  # fmt: skip
    beside, rejects = out.with_name(f".{out.name}.part"), rejects_of(out)
    refused = rejects.with_name(f".{rejects.name}.part")
    try:
        _answers(folder, facts, beside)
        if any(one.rejects for one in facts):
            _rejects(folder, facts, refused)
            refused.replace(rejects)
        else:
            rejects.unlink(missing_ok=True)
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)
        refused.unlink(missing_ok=True)
    return Sums(
        total, sum(one.answers for one in facts), sum(one.rejects for one in facts),
        sum(one.blank for one in facts), count,
    )  # fmt: skip


def _answers(folder: Folder, facts: tuple[Facts, ...], to: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    places = [folder.part(one.number, "answers") for one in facts if one.answers]
    schemas = [parquet.read_schema(place).remove_metadata() for place in places]
    schema = (
        pa.unify_schemas(schemas, promote_options="permissive")
        if schemas
        else pa.schema([("row", pa.int64())])
    )
    with to.open("wb") as file:
        with parquet.ParquetWriter(file, schema) as writer:
            for place in places:
                table = parquet.read_table(place)
                columns = [
                    table[one.name].cast(one.type)
                    if one.name in table.column_names
                    else pa.nulls(len(table), one.type)
                    for one in schema
                ]
                writer.write_table(pa.table(columns, schema=schema))
        file.flush()
        os.fsync(file.fileno())


def _rejects(folder: Folder, facts: tuple[Facts, ...], to: Path) -> None:
    import pandas as pd

    with to.open("w", encoding="utf8", newline="") as file:
        head = True
        for one in facts:
            if one.rejects:
                frame = pd.read_parquet(folder.part(one.number, "rejects"))
                frame.to_csv(file, index=False, header=head)
                head = False
        file.flush()
        os.fsync(file.fileno())
