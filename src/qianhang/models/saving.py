"""Models as plain files: what may be kept, under which class, and how it comes back."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

from qianhang.core import schema
from qianhang.core.errors import ModelError, StoreError
from qianhang.core.model import Model
from qianhang.models.content import check_content, check_name
from qianhang.store.files import Files

__all__ = ["Saved", "load", "manifest", "save"]

_ENGINES = "qianhang.engines."
_LOCAL = "pack:"
_CLASS = re.compile(
    r"(?:qianhang\.engines(?:\.[a-z_0-9]+)+:|pack:(?:[a-z_][a-z_0-9]*\.)?)[A-Za-z_][A-Za-z_0-9]*"
)
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Saved:
    """What a kept model consists of.

    class_name : "qianhang.engines.x:Name", or "pack:Name" for a class of the pack's own module,
        "pack:beside.Name" for one of a module beside it
    files : plain name -> sha256
    """

    class_name: str
    files: Mapping[str, str]
    format: int = _FORMAT


def save(files: Files, model: Model, *, local: ModuleType | None = None) -> str:
    """The sha256 of the manifest under which `model` is now kept.

    local : the pack's own module, whose classes may be kept too
    Raises ModelError where the class is not one of ours or a file could carry code.
    """
    named = _class_name(type(model), local)
    content = model.to_files()
    if not content:
        raise ModelError("QH602", f"{named}: a model without files cannot come back")
    for name, data in content.items():
        check_name(name)
        check_content(name, data)
    kept = {name: files.put(data) for name, data in sorted(content.items())}
    text = json.dumps(
        {"class_name": named, "files": kept, "format": _FORMAT},
        sort_keys=True,
        separators=(",", ":"),
    )
    return files.put(text.encode())


def manifest(files: Files, sha: str) -> Saved:
    """The manifest kept under `sha`.

    Raises ModelError where it is absent, spoilt, or names what may not be loaded.
    """
    try:
        raw = json.loads(_get(files, sha, "manifest"))
    except ValueError as cause:
        raise ModelError("QH604", f"manifest {sha} is not JSON") from cause
    found = schema.read(Saved, raw, where=f"manifest {sha}", error=ModelError, code="QH604")
    if found.format != _FORMAT:
        raise ModelError("QH604", f"manifest {sha}: format {found.format}, expected {_FORMAT}")
    for name in found.files:
        check_name(name)
    return found


def load(files: Files, sha: str, *, local: ModuleType | None = None) -> Model:
    """The model whose manifest is kept under `sha`, as it was saved.

    local : the pack's own module, for models of a class of the pack
    Raises ModelError where a file is absent or changed, or the class may not be loaded.
    """
    found = manifest(files, sha)
    kind = _class(found.class_name, local)
    content = {name: _get(files, one, name) for name, one in found.files.items()}
    for name, data in content.items():
        check_content(name, data)
    return kind.from_files(content)


def _get(files: Files, sha: str, name: str) -> bytes:
    try:
        return files.get(sha)
    except (StoreError, ValueError) as cause:
        raise ModelError(
            "QH605", f"model file {name}: {cause}", hint="train again, or restore the file"
        ) from cause


def _class_name(kind: type, local: ModuleType | None) -> str:
    named = f"{kind.__module__}:{kind.__qualname__}"
    if local is not None and kind.__module__ == local.__name__:
        named = f"{_LOCAL}{kind.__qualname__}"
    elif local is not None and kind.__module__.rpartition(".")[0] == _folder(local):
        named = f"{_LOCAL}{kind.__module__.rpartition('.')[2]}.{kind.__qualname__}"
    if not _CLASS.fullmatch(named) or not _is_model(kind):
        raise _refused(named)
    return named


def _class(named: str, local: ModuleType | None) -> type[Model]:
    if not _CLASS.fullmatch(named):
        raise _refused(named)
    place, _, name = named.partition(":")
    if named.startswith(_LOCAL):
        if local is None:
            raise ModelError("QH601", f"class {named} needs its pack", hint="give the scenario")
        beside, _, name = name.rpartition(".")
        module = importlib.import_module(f"{_folder(local)}.{beside}") if beside else local
    else:
        try:
            module = importlib.import_module(place)
        except ImportError as cause:
            raise ModelError("QH601", f"class {named}: {cause}") from cause
    kind = getattr(module, name, None)
    # The class must be the module's own: a name that it merely imported could be anything.
    if not isinstance(kind, type) or kind.__module__ != module.__name__ or not _is_model(kind):
        raise _refused(named)
    return kind


def _folder(local: ModuleType) -> str:
    """The package that a pack's module and those beside it live in."""
    return local.__name__.rpartition(".")[0]


def _is_model(kind: type) -> bool:
    return all(callable(getattr(kind, name, None)) for name in ("to_files", "from_files"))


def _refused(named: str) -> ModelError:
    return ModelError(
        "QH601",
        f"class {named} may not be saved or loaded",
        hint=f"a model is a class of a module under {_ENGINES[:-1]} or of the pack's own folder, "
        "with to_files and from_files",
    )
