"""Parts of a table against the whole of it: every row in one of them, under its own number."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qianhang.core.manifest import Column
from qianhang.data.contract import check_table
from qianhang.data.parts import Parts
from qianhang.data.readers import delimited, open_table

COLUMNS = {"a": Column(low=0, high=100)}
ROWS = {"good": "{},x\n", "bad": "-{},x\n", "text": "w{},x\n", "blank": ",\n", "ragged": "{}\n"}


def all_of(parts):
    """File row -> cell, and the refused rows, of every part."""
    held, refused, blank = {}, set(), 0
    for part in parts:
        blank += part.blank
        if part.bare:
            continue
        checked = check_table(part.table, COLUMNS, mode="partition")
        held |= dict(zip(checked.rows.tolist(), checked.frame["a"], strict=True))
        refused |= set(checked.rejects["row"])
        inside = range(part.first, part.first + part.rows)
        assert {*checked.rows, *checked.rejects["row"]} <= set(inside)
    return held, refused, blank


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(ROWS)), min_size=1, max_size=30),
    st.integers(1, 12),
    st.sampled_from([32, 48, 4096]),
)
def test_parts_of_a_csv_find_what_the_whole_of_it_holds(tmp_path_factory, kinds, rows, read):
    """Ragged and blank rows anywhere; the file's rows are counted here, from 2 below the header.

    read : bytes that the reader takes at a time
    """
    path = tmp_path_factory.mktemp("t") / "t.csv"
    text = "".join(ROWS[kind].format(number + 1) for number, kind in enumerate(kinds))
    path.write_text(f"a,b\n{text}", encoding="utf8")
    parts = Parts(open_table(path), [0], rows, lambda _: True)
    with mock.patch.object(delimited, "_BLOCK", read):
        held, refused, blank = all_of(parts)
    at = {kind: [n + 2 for n, k in enumerate(kinds) if k == kind] for kind in ROWS}
    assert held == {row: float(row - 1) for row in at["good"]}
    assert sorted(refused) == sorted(at["bad"] + at["text"] + at["ragged"])
    assert (blank, parts.total) == (len(at["blank"]), len(kinds))


@pytest.mark.parametrize("rows", [1, 7, 10, 25, 100])
def test_of_a_parquet_file_only_the_groups_of_the_parts_asked_for_are_read(tmp_path, rows):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": np.arange(40.0)}).to_parquet(path, row_group_size=10)
    table = open_table(path)
    read = []
    spied = table.group

    def group(wanted, number):
        read.append(number)
        return spied(wanted, number)

    object.__setattr__(table, "group", group)
    parts = Parts(table, [0], rows, lambda number: number == 1)
    held, _, _ = all_of(parts)
    expected = range(rows, min(2 * rows, 40))
    assert held == {n + 1: float(n) for n in expected}
    assert (parts.total, parts.count) == (40, -(-40 // rows))
    assert read == sorted({n // 10 for n in expected})
