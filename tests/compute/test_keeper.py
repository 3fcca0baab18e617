"""What a keeper costs before it does anything: it starts with every job."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qianhang.compute.drivers import keeper, kernel, notes
from qianhang.compute.drivers.slurm.runfolder import install_keeper

SLOW = {"contextlib", "ctypes", "enum", "json", "pathlib", "re", "shutil", "signal", "typing"}


def test_a_keeper_loads_nothing_that_takes_long():
    """Each of these takes from a half to twice as long as Python takes to start."""
    code = f"import sys; sys.path.insert(0, {str(keeper.FILES[0].parent)!r}); import warden\n"
    code += "warden.prctl(warden.NO_NEW_PRIVS, 1); print(*sys.modules)"
    run = [sys.executable, "-I", "-S", "-c", code]
    loaded = subprocess.run(run, check=True, capture_output=True, text=True).stdout.split()
    assert not SLOW & set(loaded)


def test_what_a_keeper_writes_is_json_and_what_json_writes_it_reads(tmp_path):
    told = {"reason": "failed", "code": None, "signal": 9,
            "usage": {"wall_s": 0.1 + 0.2, "cpu_s": 0.0, "peak_mb": 1e-7, "processes": 3}}  # fmt: skip
    place = tmp_path / "told.json"
    notes.write(str(place), told)
    assert json.loads(place.read_text()) == told
    plan = {"argv": ["/bin/sh", "-c", 'echo "\\ \n 千行"'], "deep": [{"no": None}, True, -1.5e3]}
    for text in (json.dumps(plan), json.dumps(plan, ensure_ascii=False, indent=2)):
        place.write_text(text, encoding="utf8")
        assert notes.read(str(place)) == plan


@pytest.mark.parametrize("text", ["", "{", '{"reason": "fin', "nonsense"])
def test_half_a_note_is_no_note(tmp_path, text):
    place = tmp_path / "told.json"
    place.write_text(text)
    with pytest.raises(ValueError, match=r"JSON|delimiter|Expecting|Unterminated"):
        notes.read(str(place))


def test_only_the_errors_that_are_named_are_forgiven():
    with kernel.Forgiving(FileNotFoundError, PermissionError):
        raise FileNotFoundError
    with pytest.raises(OSError, match="other"), kernel.Forgiving(FileNotFoundError):
        raise OSError("other")


def test_two_hands_of_a_process_that_install_the_keeper_at_once_both_find_it_whole(
    tmp_path, monkeypatch
):
    """Each file is written by both before either puts it in its place."""
    together, replace = threading.Barrier(2), Path.replace

    def late(part, target):
        together.wait(30)
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", late)
    with ThreadPoolExecutor(2) as hands:
        first, second = hands.map(install_keeper, [tmp_path, tmp_path])
    assert first == second
    found = {place.name: place.read_bytes() for place in first.iterdir()}
    assert found == {source.name: source.read_bytes() for source in keeper.FILES}
