"""Packs on disk: a folder each, found without importing any of their code."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from qianhang.core import manifest, schema
from qianhang.core.errors import MissingExtra, PackError
from qianhang.core.manifest import Feed, Manifest

__all__ = ["ENTRY_POINTS", "Card", "Pack", "cards", "find", "load_pack", "packs", "required"]

ENTRY_POINTS = "qianhang.packs"
_BUILT_IN = Path(__file__).parents[1] / "packs"
_ID = re.compile(r"[^./\\]+\.[^./\\]+")
_FILES = ("pack.toml", "pack.py", "README.md")


@dataclass(frozen=True, slots=True)
class Card:
    """What a catalogue line needs of a pack, read without checking the rest of the manifest."""

    id: str
    folder: Path
    title_zh: str
    title_en: str
    task: str
    covers: tuple[str, ...]
    extra: str
    feeds: tuple[Feed, ...] = ()
    broken: str = ""

    @property
    def industry(self) -> str:
        """The first half of the scenario id."""
        return self.id.partition(".")[0]


@dataclass(frozen=True)
class Pack:
    """One pack: its folder, its manifest, and its code once somebody asks for it."""

    folder: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        """`<industry>.<name>`, from the folder."""
        return f"{self.folder.parent.name}.{self.folder.name}"

    @cached_property
    def source_hash(self) -> str:
        """sha256 over the names and bytes of the pack's own files, (64 hex digits)."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(self.folder)}\0".encode())
                digest.update(path.read_bytes())
        return digest.hexdigest()

    @cached_property
    def code(self) -> ModuleType:
        """The pack's functions.

        Raises MissingExtra where a library that the manifest requires is not installed, PackError
        where pack.py cannot be imported.
        """
        required(self)
        name = f"{_package(self)}.pack"
        known = sys.modules.get(name)
        if known is not None:
            return known
        spec = importlib.util.spec_from_file_location(name, self.folder / "pack.py")
        if spec is None or spec.loader is None:
            raise PackError("QH205", f"{self.folder / 'pack.py'}: not importable")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as cause:
            del sys.modules[name]
            message = f"{self.folder / 'pack.py'}: {type(cause).__name__}: {cause}"
            raise PackError("QH205", message) from cause
        return module


def _package(pack: Pack) -> str:
    """The package in which pack.py and the modules beside it live, importable by that name."""
    if pack.folder.is_relative_to(_BUILT_IN):
        return f"qianhang.packs.{pack.id}"
    # Two folders may hold packs of the same id (a draft and its copy): the path tells them apart.
    place = hashlib.sha256(str(pack.folder).encode()).hexdigest()[:12]
    name = f"qianhang_pack_{place}"
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = [str(pack.folder)]
        sys.modules[name] = package
    return name


def required(pack: Pack) -> None:
    """Nothing, where every library that the pack requires is installed.

    Raises MissingExtra with the one command that installs it.
    """
    for module in pack.manifest.requires:
        if importlib.util.find_spec(module) is None:
            extra = pack.manifest.extra
            how = f'pip install "qianhang[{extra}]"' if extra else f"pip install {module}"
            raise MissingExtra("QH810", f"{pack.id} needs the library {module}", hint=how)


def load_pack(folder: Path) -> Pack:
    """The pack in `folder`, its manifest checked whole, its code not yet imported.

    Raises PackError naming the file that is missing or the key that is wrong.
    """
    for name in _FILES:
        if not (folder / name).is_file():
            raise PackError("QH203", f"{folder}: {name} is missing")
    return Pack(folder.resolve(), manifest.load(folder / "pack.toml"))


def _roots() -> Iterator[Path]:
    yield _BUILT_IN
    for module in _installed(tuple(sys.path)):
        spec = importlib.util.find_spec(module)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(place)


@functools.cache
def _installed(_: tuple[str, ...]) -> tuple[str, ...]:
    """The modules that packages on this path name as holding packs; read once, since it is slow."""
    from importlib.metadata import entry_points

    return tuple(entry.value for entry in entry_points(group=ENTRY_POINTS))


def folders() -> Iterator[Path]:
    """Every pack folder: the built-in ones, then those of the entry points, sorted."""
    for root in _roots():
        yield from sorted(p.parent for p in root.glob("*/*/pack.toml"))


def cards() -> tuple[Card, ...]:
    """One card for every pack that can be found, broken ones with their error as a title."""
    return tuple(_card(folder) for folder in folders())


def _card(folder: Path) -> Card:
    id_ = f"{folder.parent.name}.{folder.name}"
    try:
        raw: dict[str, Any] = schema.read_toml(folder / "pack.toml")
        title = raw["title"]
        return Card(
            id_,
            folder,
            title["zh"],
            title["en"],
            raw["task"],
            tuple(raw.get("covers", ())),
            raw.get("extra", ""),
            tuple(schema.read(Feed, f, where=f"{folder} feeds") for f in raw.get("feeds", ())),
        )
    except PackError as cause:
        return Card(id_, folder, "", "", "", (), "", broken=str(cause))
    except (KeyError, TypeError) as cause:
        return Card(id_, folder, "", "", "", (), "", broken=f"{folder / 'pack.toml'}: {cause!r}")


def packs() -> tuple[Pack, ...]:
    """Every pack with its manifest checked whole."""
    return tuple(load_pack(folder) for folder in folders())


def find(scenario: str) -> Pack:
    """The pack with this scenario id, or in this folder.

    Raises PackError with the nearest id that exists.
    """
    place = Path(scenario)
    if (place / "pack.toml").is_file():
        return load_pack(place)
    if _ID.fullmatch(scenario):
        for root in reversed([*_roots()]):
            place = root.joinpath(*scenario.split("."))
            if (place / "pack.toml").is_file():
                return load_pack(place)
    guess = schema.nearest(scenario, [f"{f.parent.name}.{f.name}" for f in folders()])
    hint = f"did you mean {guess}?" if guess else "qianhang list shows every scenario"
    raise PackError("QH206", f"scenario {scenario!r} does not exist", hint=hint)
