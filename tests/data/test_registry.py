"""The registry: closed schema, cheap listing, and that every registered set is whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qianhang.core.errors import DatasetError
from qianhang.data import all_datasets, codes, dataset, names, read_dataset

GOOD = f"""name = "my-set"
title = {{ zh = "我的", en = "mine" }}
source = "https://example.org"
licence = "CC BY 4.0"
licence_class = "C"
citation = "Me"
[[file]]
reader = "csv"
path = "a/b.csv"
sha256 = "{"0" * 64}"
"""


def read(folder: Path, text: str, name: str = "my-set.toml") -> object:
    (folder / name).write_text(text, encoding="utf8")
    return read_dataset(folder / name)


def test_good_description_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD)
    assert found.file[0].name == "table"
    assert (found.size, found.embedded) == (0, False)


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("licence =", "license =", ("license", "licence")),
        ('reader = "csv"', 'reader = "cvs"', ("file[0] reader", "cvs", "csv")),
        ('"C"', '"X"', ("licence_class", "'X'", "'C', 'R', 'N', 'G'")),
        ("a/b.csv", "../b.csv", ("stay below",)),
        ("a/b.csv", "/etc/passwd", ("stay below",)),
        ("0" * 64, "abc", ("sha256", "64 hexadecimal")),
        ('sha256 = "', 'size = 1.5\nsha256 = "', ("size", "1.5", "whole number")),
        ('path = "a/b.csv"', 'member = "b.csv"', ("package and member",)),
        ('reader = "csv"', 'reader = "csv"\nurl = "ftp://x"', ("https://",)),
        ("my-set", "My Set", ("lower case",)),
        ('citation = "Me"\n', "", ("citation", "missing")),
        ("[[file]]", "[[file", ("not readable as TOML",)),
    ],
)
def test_wrong_description_names_file_key_found_and_allowed(
    tmp_path: Path, old: str, new: str, parts: tuple[str, ...]
) -> None:
    with pytest.raises(DatasetError) as caught:
        read(tmp_path, GOOD.replace(old, new))
    for part in ("my-set.toml", *parts):
        assert part in str(caught.value)


def test_name_must_be_that_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="named after its file"):
        read(tmp_path, GOOD, "other.toml")


def test_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(DatasetError) as caught:
        dataset("power-load-vik")
    assert caught.value.code == codes.NO_DATASET
    assert "power-load-vic" in caught.value.hint


def test_outside_folder_adds_sets_and_cannot_shadow_ours(tmp_path: Path) -> None:
    read(tmp_path, GOOD)
    (tmp_path / "power-load-vic.toml").write_text("broken")
    assert "my-set" in names([tmp_path])
    assert dataset("power-load-vic", [tmp_path]).licence_class == "G"


def test_listing_loads_no_heavy_library() -> None:
    code = (
        "import sys; from qianhang.data import all_datasets; all_datasets();"
        "print(sorted({'pandas', 'numpy', 'pyarrow', 'pooch', 'requests'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize("found", all_datasets(), ids=lambda d: d.name)
def test_every_registered_set_can_be_cited_and_says_how_to_get_it(found: object) -> None:
    assert found.citation
    sources = (found.source,) if isinstance(found.source, str) else found.source
    assert all(s.startswith("http") for s in sources)
    for file in found.file:
        assert file.url or file.public or file.package or found.notes or file.recipe
        assert file.size > 0
