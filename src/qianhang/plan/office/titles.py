"""What scenarios are called in a bulletin: by their titles, not by the ids of their packs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from qianhang.core import schema
from qianhang.core.errors import PackError
from qianhang.core.pack import folders

if TYPE_CHECKING:
    from qianhang.core.words import Lang
    from qianhang.plan.standing import Standing

__all__ = ["titled", "titles"]


def titles(standings: Iterable[Standing], lang: Lang) -> Mapping[str, str]:
    """Id -> title of each scenario that a record of these readings is about.

    One whose pack is not installed any more is left out, and goes on by its id.
    """
    told = {c.subject for s in standings for c in s.reading.components if "." in c.subject}
    if not told:
        return {}
    packs = ((f"{folder.parent.name}.{folder.name}", folder) for folder in folders())
    found = {name: _title(folder, lang) for name, folder in packs if name in told}
    return {name: title for name, title in found.items() if title}


def _title(folder: Path, lang: Lang) -> str:
    """The pack's title, "" where its manifest cannot be read."""
    try:
        return str(schema.read_toml(folder / "pack.toml")["title"][lang])
    except (PackError, KeyError, TypeError):
        return ""


def titled(reason: str, names: Mapping[str, str]) -> str:
    """The reason with titles in place of the ids that it quotes."""
    for name, title in names.items():
        reason = reason.replace(repr(name), repr(title))
    return reason
