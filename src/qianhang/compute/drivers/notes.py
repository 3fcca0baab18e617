"""The small JSON files between a job's keeper and whoever asks how the job is.

Written whole or not at all. Read and written here without the module json, which takes as long to
load as Python takes to start (see kernel.py).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Exit codes of the keeper: the job was started before; the folder cannot be written.
REFUSED, NO_RECORD = 77, 78
_ROOM = 1024


class _Plainly:
    """How json's own scanner, which is C, is asked to read."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_int = int
    parse_float = parse_constant = float


def read(path: str) -> Any:
    """What the file tells.

    Raises OSError where it cannot be read, ValueError where it is not JSON.
    """
    with open(path, encoding="utf8") as source:
        text = source.read()
    try:
        from _json import make_scanner
    except ImportError:  # another Python's inside
        import json

        return json.loads(text)
    try:
        # It asks for attributes only.
        return make_scanner(_Plainly)(text.strip(), 0)[0]  # type: ignore[arg-type]
    except StopIteration:
        raise ValueError(f"{path} is not JSON") from None


def reserve(path: str) -> None:
    """Take the room that `write` will need for the file: a disk that fills up meanwhile has it.

    Raises OSError where the disk is full already.
    """
    with open(f"{path}.part", "w", encoding="utf8") as out:
        out.write(" " * _ROOM)
        out.flush()
        os.fsync(out.fileno())


def write(path: str, content: dict[str, Any]) -> None:
    """Write the file whole or not at all, in the room that was reserved where it was."""
    part = f"{path}.part"
    handle = os.open(part, os.O_WRONLY | os.O_CREAT, 0o666)
    with open(handle, "w", encoding="utf8") as out:
        out.write(_text(content))
        out.flush()
        out.truncate()
        os.fsync(out.fileno())
    os.replace(part, path)


def _text(value: Any) -> str:
    """JSON of what a keeper has to tell: names, numbers, nothing, and tables of these."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{name}": {_text(one)}' for name, one in value.items()) + "}"
    if value is None:
        return "null"
    if isinstance(value, str) and value.isidentifier():
        return f'"{value}"'
    if type(value) in (int, float) and abs(value) < 1e300:
        return repr(value)
    raise TypeError(f"{value!r} is no name and no number")
