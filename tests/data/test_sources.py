"""Where a data set's files come from: folders, packages, the cache, an address, in that order."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from qianhang.core.errors import DatasetError, MissingExtra
from qianhang.core.manifest import Words
from qianhang.data import DataFile, DataSet, cache_folder, codes, fetch, fingerprint, verify
from qianhang.data import read_table as read
from qianhang.data import sources as module
from qianhang.data.datasets import PublicCopy
from qianhang.data.sources import glance

BODY = b"time,v\n2026-01-03 00:00,1\n"
SUM = hashlib.sha256(BODY).hexdigest()
URL = "https://example.org/x/public.csv"


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two data folders and a cache of the test's own; transfers write BODY."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("QIANHANG_DATA", f"{tmp_path / 'one'}:{tmp_path / 'two'}")
    monkeypatch.setenv("QIANHANG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("QIANHANG_OFFLINE", raising=False)
    return tmp_path


@pytest.fixture
def transfers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []

    def download(url: str, target: Path, **_: object) -> Path:
        asked.append(url)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(BODY)
        return target

    monkeypatch.setattr(module, "download", download)
    return asked


def described(**file: object) -> DataSet:
    given = {"reader": "csv", "path": "a/b.csv", "sha256": SUM, "size": len(BODY), **file}
    return DataSet(
        name="my-set",
        title=Words("我的", "mine"),
        source="https://example.org",
        licence="CC BY 4.0",
        licence_class="C",
        citation="Me",
        file=(DataFile(**given),),
    )


def put(folder: Path, path: str, body: bytes = BODY) -> Path:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(body)
    return target


def test_first_folder_that_holds_the_file_wins(places: Path, transfers: list[str]) -> None:
    put(places / "two", "a/b.csv")
    assert fetch(described(url=URL))["table"].path == places / "two" / "a/b.csv"
    put(places / "one", "my-set/b.csv")
    found = fetch(described(url=URL))["table"]
    assert (found.path, found.origin) == (places / "one" / "my-set/b.csv", "folder")
    assert transfers == []


def test_file_is_fetched_once_into_the_cache(places: Path, transfers: list[str]) -> None:
    first = fetch(described(url=URL))["table"]
    again = fetch(described(url=URL))["table"]
    assert (first.origin, again.origin) == ("download", "cache")
    assert first.path == again.path == cache_folder() / "my-set" / "table" / "b.csv"
    assert transfers == [URL]


def test_good_copy_further_on_is_used_though_an_earlier_one_is_spoilt(places: Path) -> None:
    put(places / "one", "a/b.csv", b"spoilt")
    put(places / "two", "a/b.csv")
    assert fetch(described())["table"].path == places / "two" / "a/b.csv"


def test_spoilt_file_is_named_and_not_fetched_over(places: Path, transfers: list[str]) -> None:
    path = put(places / "one", "a/b.csv", b"spoilt")
    with pytest.raises(DatasetError) as caught:
        fetch(described(url=URL))
    assert caught.value.code == codes.STAGED_SPOILT
    assert str(path) in caught.value.message
    assert (verify(described())[0].state, transfers) == ("spoilt", [])


def test_offline_and_absent_says_what_to_do(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QIANHANG_OFFLINE", "1")
    with pytest.raises(DatasetError) as caught:
        fetch(described(url=URL))
    assert caught.value.code == codes.NOT_HERE
    for part in ("my-set", "a/b.csv", str(places / "one"), str(places / "two"), "cache"):
        assert part in caught.value.message
    assert URL in caught.value.hint
    assert "QIANHANG_DATA" in caught.value.hint
    assert (verify(described())[0].state, glance(described().file[0], described())) == (
        "absent",
        "by_hand",
    )


def test_address_that_is_down_says_so_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    down = "http://127.0.0.1:9/b.csv"
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(DatasetError) as caught:
        fetch(described(url=down))
    assert caught.value.code == codes.NOT_HERE
    assert "cannot be reached" in caught.value.message
    assert down in caught.value.hint


def test_file_without_any_address_asks_for_the_folder() -> None:
    with pytest.raises(DatasetError) as caught:
        fetch(described())
    assert "QIANHANG_DATA" in caught.value.hint
    assert "https://example.org" in caught.value.hint


def test_public_copy_in_another_container_is_taken_when_its_content_is_the_same(
    places: Path, transfers: list[str]
) -> None:
    content = fingerprint(read(put(places, "same.csv")))
    copy = PublicCopy(url=URL, reader="csv")
    known = described(path="a/b.parquet", reader="parquet", fingerprint=content, public=copy)
    found = fetch(known)["table"]
    assert (found.reader, found.origin, found.public) == ("csv", "download", copy)
    assert fetch(known)["table"].origin == "cache"
    assert transfers == [URL]


def test_public_copy_with_other_content_is_refused_and_removed(
    places: Path, transfers: list[str]
) -> None:
    copy = PublicCopy(url=URL, reader="csv")
    with pytest.raises(DatasetError) as caught:
        fetch(described(path="a/b.parquet", fingerprint="1" * 64, public=copy))
    assert caught.value.code == codes.FINGERPRINT
    assert not list((places / "home").rglob("*.csv"))


def test_file_inside_a_package_is_found_without_importing_it() -> None:
    """scikit-learn ships the iris table; its sum is computed here by hashlib alone."""
    import sklearn

    path = Path(sklearn.__file__).parent / "datasets/data/iris.csv"
    known = hashlib.sha256(path.read_bytes()).hexdigest()
    inside = described(path="", package="sklearn", member="datasets/data/iris.csv", sha256=known)
    found = fetch(inside)["table"]
    assert (found.path, found.origin) == (path, "package")
    assert inside.embedded


def test_package_that_is_not_installed_names_the_extra() -> None:
    with pytest.raises(MissingExtra, match="no_such_package"):
        fetch(described(path="", package="no_such_package", member="a.csv"))


def test_package_without_that_file_is_told_apart() -> None:
    with pytest.raises(DatasetError) as caught:
        fetch(described(path="", package="sklearn", member="no.csv"))
    assert caught.value.code == codes.NOT_IN_PACKAGE


def test_real_sets_verify_where_they_lie(data_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from qianhang.data import dataset

    monkeypatch.setenv("QIANHANG_DATA", str(data_root))
    for name in ("power-load-vic", "power-load-ett"):
        assert verify(dataset(name))[0].state == "ok"
        file = dataset(name).file[0]
        assert fingerprint(read(data_root / file.path)) == file.fingerprint
