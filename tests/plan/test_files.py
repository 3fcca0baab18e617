"""Files of every kind: what is read is what stands there, what is refused is named in one line."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from pathlib import Path

import pytest

from qianhang.core.errors import ContractError
from qianhang.plan.reading import files
from qianhang.plan.reading.files import documents_in, text_from, text_of

PLAN = (
    "云泽市推动“人工智能+”行动计划\n\n一、总体要求\n到2027年,建成应用场景20个以上。\n"
    "二、重点任务\n建设城市智能中枢,推动各行业与人工智能融合。(责任单位:市工业和信息化局)\n"
)


def test_utf8_text_keeps_every_character_where_it_stood(tmp_path: Path):
    path = tmp_path / "plan.txt"
    path.write_bytes(PLAN.encode())
    source = text_of(path)
    assert (source.name, source.media) == ("plan.txt", "text/plain")
    assert source.text == PLAN
    assert source.sha256 == hashlib.sha256(PLAN.encode()).hexdigest()


def test_carriage_returns_and_the_mark_of_utf8_stay_so_that_offsets_hold():
    """Indices into bytes.decode("utf8") are what the published schema counts."""
    stored = "\ufeff" + PLAN.replace("\n", "\r\n")
    found = text_from(stored.encode(), name="plan.txt").text
    assert found == stored
    assert found.index("二、") == stored.encode().decode("utf8").index("二、")


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-16", "utf-8-sig"])
def test_text_is_the_same_in_every_encoding_that_offices_use(encoding: str):
    found = text_from(PLAN.encode(encoding), name="plan.txt").text
    assert found.removeprefix("\ufeff") == PLAN


def test_traditional_text_in_big5_is_not_taken_for_gbk():
    """The bytes decode in GB18030 too, as characters that nobody uses."""
    told = "臺灣推動人工智慧應用計畫,強化數位基礎建設,發展智慧醫療與智慧製造,培育專業人才。" * 3
    assert text_from(told.encode("big5"), name="plan.txt").text == told


def test_traditional_text_in_gbk_is_read():
    told = "河南省推動人工智能行動計劃,強化數據基礎設施,發展智慧醫療與製造業,培育專業人才。" * 3
    assert text_from(told.encode("gbk"), name="plan.txt").text == told


@pytest.mark.parametrize(
    "spoilt",
    [
        PLAN.encode("utf-8").decode("gb18030", "replace").encode("utf-8"),
        PLAN.encode("gbk").decode("latin-1").encode("utf-8"),
        PLAN.encode("shift_jis", "ignore") + b"\x81\x40\xff\xfe",
        PLAN.encode("utf-8")[:100] + b"\xff\xfe\xfd" + PLAN.encode("utf-8")[100:],
        (PLAN * 9).encode("utf-8").decode("latin-1").encode("utf-8"),
        PLAN.replace("智", "\ufffd").replace("市", "\ufffd").replace("能", "\ufffd").encode(),
    ],
    ids=[
        "utf8-read-as-gbk",
        "gbk-read-as-latin",
        "shift-jis",
        "broken-utf8",
        "utf8-read-as-latin",
        "replaced",
    ],
)
def test_a_wrong_encoding_is_refused_never_read_as_nonsense(spoilt: bytes):
    with pytest.raises(ContractError) as caught:
        text_from(spoilt, name="plan.txt")
    assert caught.value.code == "QH116"
    assert caught.value.message.startswith("plan.txt: found ")
    assert "\n" not in caught.value.message


def test_english_and_short_texts_are_not_refused_for_their_characters():
    assert text_from(b"Work plan 2026", name="a.txt").text == "Work plan 2026"
    assert text_from("云泽市计划".encode("gbk"), name="a.txt").text == "云泽市计划"


def zipped(**parts: bytes | str) -> bytes:
    """A ZIP whose names have __ for / and _dot_ for the point."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return held.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)


@pytest.mark.parametrize(
    ("name", "data", "code", "found"),
    [
        ("a.txt", b"", "QH114", "the file is empty"),
        ("a.txt", b" \r\n\t\n", "QH114", "the file is empty"),
        ("a.docx", b"", "QH114", "the file is empty"),
        ("a.zip", zipped(plan_dot_txt=PLAN, other_dot_txt=PLAN), "QH120", "a ZIP archive of 2 files"),
        ("a.rar", b"Rar!\x1a\x07\x00" + bytes(60), "QH120", "a RAR archive"),
        ("a.txt", b"\x89PNG\r\n\x1a\n" + bytes(60), "QH120", "a PNG picture"),
        ("a.jpg", b"\xff\xd8\xff\xe0" + bytes(60), "QH120", "a JPEG picture"),
        ("a.doc", OLE + "WordDocument".encode("utf-16-le"), "QH120", "an old Word or WPS document"),
        ("a.wps", OLE + "WordDocument".encode("utf-16-le"), "QH120", "an old Word or WPS document"),
        ("a.xls", OLE + "Workbook".encode("utf-16-le"), "QH120", "an old Excel workbook"),
        ("a.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "QH129", "locked with a password"),
        ("a.rtf", b"{\\rtf1\\ansi}", "QH120", "an RTF document"),
        ("a.ofd", zipped(OFD_dot_xml="<x/>"), "QH120", "an OFD document"),
        ("a.odt", zipped(mimetype="x", content_dot_xml="<x/>"), "QH120", "an OpenDocument file"),
        ("a.pptx", zipped(ppt__p_dot_xml="<x/>", **{"[Content_Types]_dot_xml": "<x/>"}), "QH120", "a presentation"),
        ("a.bin", b"abc\0\0\0def", "QH120", "a binary file"),
        ("a.mht", b"MIME-Version: 1.0\nContent-Type: multipart/related", "QH120", "a web archive"),
        ("a.xml", b"<?xml version='1.0'?><pkg:package xmlns:pkg='x'/>", "QH120", "a Word document as one XML"),
        ("a.docx", b"PK\x03\x04 and then nothing", "QH118", "a damaged ZIP container"),
        ("a.docx", zipped(word__document_dot_xml=PLAN)[:-30], "QH118", "a damaged ZIP container"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_named_in_one_line(name: str, data: bytes, code: str, found: str):
    with pytest.raises(ContractError) as caught:
        text_from(data, name=name)
    assert caught.value.code == code
    assert caught.value.message.startswith(f"{name}: ")
    assert found in caught.value.message
    assert "\n" not in caught.value.message


def test_a_folder_a_missing_file_and_a_pipe_are_named(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    for path, found in (
        (tmp_path, "found a folder, expected a file"),
        (tmp_path / "no.txt", "there is no such file"),
        (tmp_path / "pipe", "found a device or a pipe"),
    ):
        with pytest.raises(ContractError, match=found):
            text_of(path)


def test_a_file_of_50_mb_is_refused_without_being_read_whole(tmp_path: Path):
    path = tmp_path / "huge.txt"
    with path.open("wb") as handle:
        handle.truncate(50 * 2**20)
    with pytest.raises(ContractError, match=r"huge\.txt: found 50 MB, expected at most 32 MB"):
        text_of(path)


def test_a_text_of_too_many_characters_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "CHARACTERS", 100)
    with pytest.raises(ContractError, match="found 2,000 characters, expected at most 100"):
        text_from(("云泽市计" * 500).encode(), name="long.txt")


def test_the_readable_files_of_a_folder_come_in_order_without_hidden_ones(tmp_path: Path):
    for name in ("b.txt", "a.docx", "c.png", ".hidden.txt", "~$a.docx", "d/e.PDF", ".git/f.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = [str(p.relative_to(tmp_path)) for p in documents_in(tmp_path)]
    assert found == ["a.docx", "b.txt", "d/e.PDF"]
