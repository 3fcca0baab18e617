"""From a manifest and the user's files, or a registered set, to the inputs of a pack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qianhang.core import schema
from qianhang.core.errors import ContractError
from qianhang.core.manifest import Manifest
from qianhang.data import codes, file_sha256, open_inputs

WORDS = {"zh": "甲", "en": "a"}
PACK = {
    "title": WORDS,
    "summary": WORDS,
    "task": "detect",
    "covers": ["M433"],
    "owner": "市住建局",
    "risk": "limited",
    "subject": "thing",
    "purpose": "leak_detection",
    "baseline": {"trivial": WORDS},
    "columns": {
        "time": {"role": "time", "step": "1h", "zone": "Asia/Shanghai"},
        "flow": {"unit": "m3/h", "low": 0, "role": "target"},
    },
    "inputs": {
        "network": {"format": "epanet", "title": WORDS},
        "repairs": {
            "format": "table",
            "title": WORDS,
            "required": False,
            "columns": {"pipe": {"kind": "text"}, "cost": {"unit": "CNY", "low": 0}},
        },
    },
    "case": [{"name": "own", "title": WORDS}],
}
NETWORK = "[JUNCTIONS]\nJ1 10\n[RESERVOIRS]\nR1 50\n[PIPES]\nP1 R1 J1 100 200 100 0\n"
FLOW = "time,flow\n2026-01-03 00:00,1\n2026-01-03 01:00,2\n"


def manifest(**changed: object) -> Manifest:
    return schema.read(Manifest, {**PACK, **changed}, where="pack.toml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "readings.csv").write_text(FLOW)
    (tmp_path / "town.inp").write_text(NETWORK)
    (tmp_path / "repairs.csv").write_text("pipe,cost\nP1,3000\n")
    (tmp_path / "notes.docx").write_bytes(b"not asked for")
    return tmp_path


def open_own(pack: Manifest, data: Path, **how: object) -> object:
    return open_inputs(pack, pack.find_case(), data=data, **how)


def test_folder_fills_inputs_by_name_then_by_sort(folder: Path) -> None:
    opened = open_own(manifest(), folder)
    assert set(opened.inputs) == {"table", "network", "repairs"}
    assert opened.inputs["network"] == folder / "town.inp"
    assert opened.inputs["repairs"].cost.tolist() == [3000.0]
    assert opened.inputs.table.flow.tolist() == [1.0, 2.0]
    sums = {f.name: f.sha256 for f in opened.files}
    assert sums["table"] == file_sha256(folder / "readings.csv")


def test_folder_without_a_required_input_names_it(folder: Path) -> None:
    (folder / "town.inp").unlink()
    with pytest.raises(ContractError, match="input network is missing") as caught:
        open_own(manifest(), folder)
    assert caught.value.code == codes.MISSING_INPUT


def test_folder_with_nothing_readable_says_how_to_name_files(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"x")
    with pytest.raises(ContractError, match="no file fits") as caught:
        open_own(manifest(), tmp_path)
    assert "table.csv" in caught.value.hint


def test_single_file_is_the_main_table_or_the_input_of_its_sort(folder: Path) -> None:
    table_only = manifest(inputs={})
    assert list(open_own(table_only, folder / "readings.csv").inputs) == ["table"]
    network_only = manifest(columns={}, inputs={"network": PACK["inputs"]["network"]})
    assert list(open_own(network_only, folder / "town.inp").inputs) == ["network"]
    with pytest.raises(ContractError, match="epanet") as caught:
        open_own(network_only, folder / "readings.csv")
    assert caught.value.code == codes.UNKNOWN_FORMAT


def test_partition_names_the_input_of_each_refused_row(folder: Path) -> None:
    (folder / "repairs.csv").write_text("pipe,cost\nP1,3000\nP2,-5\n")
    opened = open_own(manifest(), folder, mode="partition")
    assert opened.rejects[["input", "row", "field"]].values.tolist() == [["repairs", 3, "cost"]]
    assert opened.rows["repairs"].tolist() == [2]


def test_registered_set_is_opened_under_the_contract(
    data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """52,608 half hours are the three years 2012 to 2014: (366 + 365 + 365) x 48 by hand."""
    monkeypatch.setenv("QIANHANG_DATA", str(data_root))
    columns = {
        "time": {"role": "time", "step": "30min", "zone": "Australia/Melbourne"},
        "demand": {"unit": "MW", "low": 0, "high": 20000, "role": "target"},
        "temperature": {"unit": "degC", "low": -45, "high": 60},
        "holiday": {"kind": "boolean"},
    }
    case = [{"name": "vic", "title": WORDS, "dataset": "power-load-vic"}]
    pack = manifest(columns=columns, inputs={}, case=case)
    opened = open_inputs(pack, pack.find_case())
    table = opened.inputs.table
    assert len(table) == (366 + 365 + 365) * 48
    assert str(table.index[0]) == "2012-01-01 00:00:00+11:00"
    assert table.holiday.dtype == np.bool_
    assert opened.files[0].sha256.startswith("0a2cadf6")
