"""Packs on disk, found without importing them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qianhang.core import pack
from qianhang.core.errors import MissingExtra, PackError

MANIFEST = """
title = { zh = "甲", en = "A" }
summary = { zh = "甲", en = "A" }
task = "forecast"
covers = ["M540"]
owner = "甲局"
risk = "limited"
subject = "area"
purpose = "load_forecast"
target = "y"
horizon = 24
season = 24
{more}
[baseline]
trivial = { zh = "昨天", en = "yesterday" }
[columns]
time = { role = "time", step = "1h" }
y = { role = "target", unit = "MW", low = 0, high = 10 }
[split]
kind = "forward"
[[case]]
name = "first"
title = { zh = "甲", en = "A" }
[[case.bar]]
metric = "mae"
at_most = 1.0
"""


def write(folder: Path, more: str = "", code: str = "X = 1\n") -> Path:
    place = folder / "energy" / "thing"
    place.mkdir(parents=True)
    (place / "pack.toml").write_text(MANIFEST.replace("{more}", more), encoding="utf8")
    (place / "pack.py").write_text(code, encoding="utf8")
    (place / "README.md").write_text("x", encoding="utf8")
    return place


def test_id_comes_from_the_folders(tmp_path):
    assert pack.load_pack(write(tmp_path)).id == "energy.thing"


def test_case_inherits_what_it_does_not_say(tmp_path):
    case = pack.load_pack(write(tmp_path)).manifest.find_case()
    assert (case.horizon, case.split.kind, case.target) == (24, "forward", "y")


def test_a_wrong_case_name_is_answered_with_the_cases(tmp_path):
    manifest = pack.load_pack(write(tmp_path)).manifest
    with pytest.raises(PackError, match=r"cases: first.*did you mean 'first'"):
        manifest.find_case("frist")


def test_source_hash_changes_with_any_byte(tmp_path):
    place = write(tmp_path)
    before = pack.load_pack(place).source_hash
    (place / "README.md").write_text("y", encoding="utf8")
    assert pack.load_pack(place).source_hash != before


def test_code_is_not_imported_before_it_is_asked_for(tmp_path):
    found = pack.load_pack(write(tmp_path, code="raise RuntimeError('imported')\n"))
    with pytest.raises(PackError, match=r"pack\.py: RuntimeError: imported"):
        _ = found.code


def test_missing_library_names_the_extra_in_one_line(tmp_path):
    found = pack.load_pack(write(tmp_path, more='requires = ["no_such_lib"]\nextra = "water"'))
    with pytest.raises(MissingExtra, match=r'pip install "qianhang\[water\]"') as caught:
        _ = found.code
    assert "\n" not in str(caught.value)


def test_missing_file_is_named(tmp_path):
    place = write(tmp_path)
    (place / "README.md").unlink()
    with pytest.raises(PackError, match=r"README\.md is missing"):
        pack.load_pack(place)


def test_unknown_scenario_is_answered_with_the_nearest():
    some = pack.cards()[0].id
    with pytest.raises(PackError, match=f"did you mean {some}"):
        pack.find(some[:-1])


def test_listing_imports_no_pack_code():
    """Seen from outside: after listing, no module of any pack is loaded."""
    code = (
        "import sys; from qianhang.core.pack import cards; cards();"
        "print([m for m in sys.modules if m.startswith('qianhang.packs.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unit_that_is_not_known_is_refused_with_its_column(tmp_path):
    place = write(tmp_path)
    text = (place / "pack.toml").read_text(encoding="utf8").replace('"MW"', '"MWW"')
    (place / "pack.toml").write_text(text, encoding="utf8")
    with pytest.raises(PackError, match=r"columns y: unit 'MWW' is not known; did you mean 'MW'"):
        pack.load_pack(place)


def test_a_pack_may_import_a_module_beside_it(tmp_path):
    place = write(tmp_path, code="from .tables import FACTOR\n")
    (place / "tables.py").write_text("FACTOR = 7\n", encoding="utf8")
    assert pack.load_pack(place).code.FACTOR == 7


def test_ones_own_data_take_the_case_that_names_no_data_set(tmp_path):
    place = write(tmp_path)
    more = '\n[[case]]\nname = "own"\ntitle = { zh = "甲", en = "A" }\n[[case.bar]]\nmetric = "mae"\nat_most = 1.0\n'
    path = place / "pack.toml"
    text = path.read_text(encoding="utf8").replace(
        'name = "first"', 'name = "first"\ndataset = "x"'
    )
    path.write_text(text + more, encoding="utf8")
    manifest = pack.load_pack(place).manifest
    assert manifest.default_case(own=False) == "first"
    assert manifest.default_case(own=True) == "own"
