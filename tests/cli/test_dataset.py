"""`qianhang dataset`: what a person sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from qianhang.cli.dataset import dataset_command
from qianhang.core.errors import DatasetError
from qianhang.data import names


def call(*words: str, fails: bool = False) -> str:
    result = CliRunner().invoke(dataset_command, words, env={"QIANHANG_LANG": "en"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert bool(result.exit_code) == fails, result.output
    return result.output


def test_list_shows_every_set_and_filters_by_text() -> None:
    shown = json.loads(call("list", "--json"))
    assert [s["name"] for s in shown] == list(names())
    some = [s["name"] for s in json.loads(call("list", "of victoria", "--json"))]
    assert "power-load-vic" in some
    assert "power-load-ett" not in some
    assert "power-load-vic" in call("list")


def test_show_gives_source_licence_citation_and_columns() -> None:
    shown = call("show", "power-load-vic")
    for part in ("GPL-3.0", "skforecast-datasets", "vic_elec", "Demand", "MW"):
        assert part in shown


def test_fetch_takes_the_staged_file(data_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QIANHANG_DATA", str(data_root))
    assert str(data_root) in call("fetch", "power-load-vic", "--offline").replace("\n", "")
    assert "1 files whole" in call("verify", "power-load-vic")


def test_fetch_offline_and_absent_is_one_named_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QIANHANG_DATA", str(tmp_path))
    monkeypatch.setenv("QIANHANG_HOME", str(tmp_path / "home"))
    with pytest.raises(DatasetError, match="transfers are off"):
        call("fetch", "power-load-vic", "--offline")


def test_verify_fails_when_a_file_is_spoilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt = tmp_path / "infra/power_load_vic/vic.parquet"
    spoilt.parent.mkdir(parents=True)
    spoilt.write_bytes(b"x")
    monkeypatch.setenv("QIANHANG_DATA", str(tmp_path))
    monkeypatch.setenv("QIANHANG_HOME", str(tmp_path / "home"))
    assert "spoilt" in call("verify", "power-load-vic", fails=True)


def test_fetch_without_a_name_says_what_to_give() -> None:
    assert "--all" in call("fetch", fails=True)
