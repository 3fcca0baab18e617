"""Sums of bytes and of content; the plain ones against hashlib."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from qianhang.data import content_hash, file_sha256, fingerprint, read_table

FRAME = pd.DataFrame(
    {
        "time": pd.to_datetime(["2026-01-03 00:00", "2026-01-03 01:00"]).tz_localize("UTC"),
        "heat": [1.5, None],
        "count": [3, 4],
        "dry": [True, False],
        "place": ["河南", None],
    }
)


def test_sum_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert file_sha256(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


def test_sum_over_files_depends_on_names_and_bytes_not_on_order(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text(name)
    paths = {"a": tmp_path / "a", "b": tmp_path / "b"}
    first = content_hash(paths)
    assert first == content_hash(dict(reversed(paths.items())))
    assert first != content_hash({"a": tmp_path / "b", "b": tmp_path / "a"})


def test_fingerprint_is_that_of_the_content_in_any_container(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "a.csv", index=False)
    FRAME.to_csv(tmp_path / "b.csv.gz", index=False, sep=";")
    FRAME.to_parquet(tmp_path / "c.parquet")
    FRAME.set_index("time").to_parquet(tmp_path / "d.parquet")
    found = {fingerprint(read_table(p)) for p in sorted(tmp_path.iterdir())}
    assert found == {fingerprint(FRAME)} == {fingerprint(FRAME.set_index("time"))}
    assert fingerprint(FRAME[FRAME.columns[::-1]]) == fingerprint(FRAME)


def test_fingerprint_sees_every_change() -> None:
    known = fingerprint(FRAME)
    changed = [
        FRAME.assign(heat=[1.5, 0.0]),
        FRAME.assign(place=["河南", "浙江"]),
        FRAME.iloc[::-1],
        FRAME.iloc[:1],
        FRAME.rename(columns={"heat": "heap"}),
        FRAME.assign(time=FRAME.time + pd.Timedelta("1s")),
    ]
    assert all(fingerprint(frame) != known for frame in changed)


def test_words_cannot_be_moved_between_rows_unseen() -> None:
    left = pd.DataFrame({"a": ["xy", "z"]})
    right = pd.DataFrame({"a": ["x", "yz"]})
    assert fingerprint(left) != fingerprint(right)
