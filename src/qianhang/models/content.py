"""What a model's files may be called and may hold: data, never code."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePosixPath
from typing import IO, Any

from qianhang.core.errors import ModelError

__all__ = ["check_content", "check_name"]

_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_. -]*(?:/[A-Za-z0-9_.][A-Za-z0-9_. -]*)*")
_CODE_SUFFIXES = frozenset(
    {
        ".ckpt",
        ".cloudpickle",
        ".dill",
        ".dll",
        ".dylib",
        ".exe",
        ".joblib",
        ".p",
        ".pickle",
        ".pkl",
        ".pt",
        ".pth",
        ".py",
        ".pyc",
        ".sh",
        ".so",
    }
)
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_NPY = b"\x93NUMPY"
_LARGEST = 8 << 30


def check_name(name: str) -> None:
    """Nothing, where `name` is a plain relative name of a file that holds data.

    Raises ModelError for a path that leads elsewhere, and for endings that mean code or pickle.
    """
    parts = name.split("/")
    if not _NAME.fullmatch(name) or len(name) > 200 or {".", ".."} & set(parts):
        raise ModelError("QH602", f"model file {name!r} is not a plain relative name")
    _check_suffix(name)


def check_content(name: str, data: bytes) -> None:
    """Nothing, where `data` cannot run when it is read.

    Raises ModelError for pickles, and for arrays and archives that hold Python objects.
    """
    if _PICKLE.match(data):
        raise ModelError("QH603", f"model file {name!r} is a pickle", hint=_HINT)
    if data.startswith(_NPY):
        _check_array(name, io.BytesIO(data))
    elif data.startswith(b"PK\x03\x04"):
        _check_archive(name, data)


_HINT = "keep JSON, npz without objects, Parquet, ONNX, or the library's own text"


def _check_archive(name: str, data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > _LARGEST:
                raise ModelError("QH603", f"model file {name!r} unpacks to more than 8 GiB")
            for item in archive.infolist():
                _check_member(name, item.filename)
                with archive.open(item) as member:
                    start = member.read(6)
                if _PICKLE.match(start):
                    raise ModelError("QH603", f"model file {name!r} holds a pickle", hint=_HINT)
                if start.startswith(_NPY):
                    with archive.open(item) as member:
                        _check_array(f"{name}/{item.filename}", member)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as cause:
        raise ModelError("QH603", f"model file {name!r} is a spoilt archive: {cause}") from cause


def _check_member(name: str, inner: str) -> None:
    """An archive of arrays may call them what it likes, as long as that leads nowhere."""
    if inner.startswith("/") or "\\" in inner or ".." in inner.split("/"):
        raise ModelError("QH602", f"model file {name!r} holds {inner!r}, not a plain name")
    _check_suffix(f"{name}/{inner}")


def _check_suffix(name: str) -> None:
    if PurePosixPath(name.lower()).suffix in _CODE_SUFFIXES:
        raise ModelError("QH603", f"model file {name!r} could carry code", hint=_HINT)


def _check_array(name: str, source: IO[bytes]) -> None:
    from numpy.lib import format as numpy_format

    # Its functions carry types in some releases of numpy and none in others.
    npy: Any = numpy_format

    try:
        version = npy.read_magic(source)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        _, _, dtype = read(source)
    except ValueError as cause:
        raise ModelError("QH603", f"model file {name!r} is a spoilt array: {cause}") from cause
    if dtype.hasobject:
        raise ModelError("QH603", f"model file {name!r} holds Python objects", hint=_HINT)
