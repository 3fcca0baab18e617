"""Files that a pack reads itself: checked here, handed on as paths."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from qianhang.core.errors import ContractError
from qianhang.core.schema import nearest
from qianhang.data import codes
from qianhang.data.readers.files import regular

__all__ = ["check_arrays", "check_json", "check_network"]

# EPANET 2.2 user manual, appendix C: section names of the input file
_SECTIONS = frozenset(
    """TITLE JUNCTIONS RESERVOIRS TANKS PIPES PUMPS VALVES EMITTERS CURVES PATTERNS ENERGY STATUS
    CONTROLS RULES DEMANDS QUALITY REACTIONS SOURCES MIXING OPTIONS TIMES REPORT COORDINATES
    VERTICES LABELS BACKDROP TAGS END ROUGHNESS""".split()  # noqa: SIM905 - a list is read faster
)
_LEAST = {"JUNCTIONS": 2, "PIPES": 6, "RESERVOIRS": 2, "TANKS": 2}


def check_network(path: Path) -> Path:
    """The path itself when it holds an EPANET network: junctions, pipes, and a source.

    Raises ContractError naming the section or the line that is wrong.
    """
    counts = _sections(path, _lines(path))
    if not counts:
        raise _wrong(path, "no [SECTION] found", "an EPANET .inp file is text; export it again")
    for section in ("JUNCTIONS", "PIPES"):
        if not counts.get(section):
            raise _wrong(path, f"section [{section}] is missing or empty")
    if not counts.get("RESERVOIRS") and not counts.get("TANKS"):
        raise _wrong(path, "sections [RESERVOIRS] and [TANKS] are both missing or empty")
    return path


def _lines(path: Path) -> Iterable[str]:
    raw = regular(path).read_bytes()
    if b"\0" in raw[:4096]:
        raise _wrong(path, "found a binary file", "export the network as text (.inp)")
    try:
        return raw.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return raw.decode("gb18030", errors="replace").splitlines()


def _sections(path: Path, lines: Iterable[str]) -> dict[str, int]:
    """Rows in each section."""
    counts: dict[str, int] = {}
    section = ""
    for number, line in enumerate(lines, start=1):
        text = line.split(";", 1)[0].strip()
        if text.startswith("["):
            section = _section(path, number, text)
            counts.setdefault(section, 0)
        elif text and not section:
            raise _wrong(path, f"line {number:,}: found {text[:40]!r} before any [SECTION]")
        elif text:
            counts[section] += 1
            if len(text.split()) < _LEAST.get(section, 1):
                least = _LEAST[section]
                raise _wrong(
                    path, f"line {number:,}, section [{section}]: found {text[:40]!r}, "
                    f"expected at least {least} values"
                )  # fmt: skip
    return counts


def _section(path: Path, number: int, text: str) -> str:
    found = re.match(r"\[(\w+)\]?", text)
    name = found.group(1).upper() if found else text
    # EPANET itself matches a section by its first four letters
    known = next((s for s in _SECTIONS if len(name) >= 4 and s.startswith(name[:4])), name)
    if known not in _SECTIONS:
        guess = nearest(name, _SECTIONS)
        hint = f"did you mean [{guess}]?" if guess else ""
        raise _wrong(path, f"line {number:,}: [{name}] is not an EPANET section", hint)
    return known


def _wrong(path: Path, message: str, hint: str = "") -> ContractError:
    return ContractError(codes.NETWORK_FILE, f"{path.name}: {message}", hint=hint)


def check_arrays(path: Path) -> Path:
    """The path itself when it is an .npz file whose arrays load without pickle.

    Raises ContractError for a damaged file and for one that holds pickled objects.
    """
    import numpy as np

    try:
        with np.load(regular(path), allow_pickle=False) as arrays:
            for name in arrays.files:
                if arrays[name].dtype.hasobject:
                    raise ValueError(f"array {name} holds objects")
    except ValueError as cause:
        raise ContractError(
            codes.UNSAFE_CONTENT, f"{path.name}: {cause}", hint="save plain numbers or text"
        ) from None
    except (OSError, zipfile.BadZipFile, EOFError) as cause:
        raise ContractError(
            codes.BROKEN_FILE, f"{path.name}: cannot be read as .npz: {cause}"
        ) from None
    return path


def check_json(path: Path) -> Path:
    """The path itself when it parses as JSON.

    Raises ContractError naming line and column where it does not.
    """
    try:
        json.loads(regular(path).read_bytes())
    except ValueError as cause:
        raise ContractError(codes.BROKEN_FILE, f"{path.name}: not JSON: {cause}") from None
    return path
