"""A SUMO scenario as people hand it over, a configuration or an archive of them; the sample."""

from __future__ import annotations

import functools
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np

from qianhang.core.errors import ContractError, UsageError
from qianhang.core.schema import nearest
from qianhang.engines.control import Roads, read_roads

__all__ = ["configuration", "made_up", "roads"]

_SUFFIX = ".sumocfg"
_LARGEST = 2_000_000_000  # bytes that an archive may unpack to
_NET = Path(__file__).with_name("sample.net.xml")
_TOWARDS = {  # entry of the sample's network -> its ways out, the last one turns into a side road
    "left0A0": ("B0right0", "B0right0", "B0right0", "B0top1"),
    "right0B0": ("A0left0", "A0left0", "A0left0", "A0bottom0"),
    "top0A0": ("A0bottom0", "A0left0"),
    "bottom0A0": ("A0top0", "B0right0"),
    "top1B0": ("B0bottom1", "A0left0"),
    "bottom1B0": ("B0top1", "B0right0"),
}
_PER_HOUR = {"left0A0": 600, "right0B0": 450}
_SIDE = 90


def configuration(path: Path, *, name: str) -> Path:
    """The .sumocfg at `path`, or the one called `name` (or the only one) in an archive.

    An archive is unpacked into a folder that goes when the process ends.
    Raises ContractError for an archive that is damaged, holds none, or several without a name to
    choose by; UsageError for a name that it does not hold.
    """
    if path.suffix.lower() != ".zip":
        return path
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [m for m in archive.namelist() if m.endswith(_SUFFIX)]
            chosen = PurePosixPath(_chosen(path, inside, name))
            size = sum(m.file_size for m in archive.infolist())
            if size > _LARGEST:
                raise ContractError("QH118", f"{path.name}: unpacks to {size / 1e9:.1f} GB")
            folder = Path(_folder(str(path), path.stat().st_mtime_ns).name)
            same = [m for m in archive.namelist() if PurePosixPath(m).parent == chosen.parent]
            archive.extractall(folder, same)
    except zipfile.BadZipFile as cause:
        raise ContractError("QH118", f"{path.name}: cannot be unpacked: {cause}") from None
    return folder / chosen


def _chosen(path: Path, inside: list[str], name: str) -> str:
    stems = {PurePosixPath(m).stem: m for m in inside}
    if not inside:
        hint = "pack the .sumocfg with its network and routes beside it"
        raise ContractError("QH123", f"{path.name}: found no {_SUFFIX} inside", hint=hint)
    if name in stems:
        return stems[name]
    listed = ", ".join(sorted(stems))
    if name:
        guess = nearest(name, stems)
        hint = f"did you mean {guess}?" if guess else ""
        raise UsageError("QH802", f"parameter map: {name!r} is not among {listed}", hint=hint)
    if len(inside) > 1:
        hint = f"choose one: --param map={sorted(stems)[0]}"
        raise ContractError("QH123", f"{path.name}: found {listed}, expected one map", hint=hint)
    return inside[0]


@functools.lru_cache(maxsize=8)
def _folder(path: str, changed: int) -> tempfile.TemporaryDirectory[str]:
    """Where an archive is unpacked, once for each edition of it."""
    return tempfile.TemporaryDirectory(prefix="qianhang-signals-")


@functools.lru_cache(maxsize=4)
def roads(config: Path, reach: float) -> Roads:
    """The network of a configuration, read once."""
    return read_roads(config, reach=reach)


@functools.lru_cache(maxsize=4)
def _made(seed: int) -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory(prefix="qianhang-signals-")
    place = Path(folder.name)
    (place / _NET.name).write_bytes(_NET.read_bytes())
    rng = np.random.default_rng(seed)
    trips = []
    for start, ways in _TOWARDS.items():
        count = rng.poisson(_PER_HOUR.get(start, _SIDE) / 12)
        trips += [(t, start, str(rng.choice(ways))) for t in rng.uniform(0, 290, count)]
    lines = [
        f'<trip id="{i}" depart="{t:.1f}" from="{a}" to="{b}" departSpeed="max"/>'
        for i, (t, a, b) in enumerate(sorted(trips))
    ]
    (place / "sample.rou.xml").write_text(f"<routes>{''.join(lines)}</routes>", encoding="utf8")
    (place / "sample.sumocfg").write_text(
        f'<configuration><input><net-file value="{_NET.name}"/>'
        '<route-files value="sample.rou.xml"/></input><time><begin value="0"/><end value="300"/>'
        "</time></configuration>",
        encoding="utf8",
    )
    return folder


def made_up(seed: int) -> Path:
    """The configuration of five minutes at two made-up signals, for the conformance suite only."""
    return Path(_made(seed).name) / "sample.sumocfg"
