"""What a pack's functions are told beside the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from qianhang.core.errors import UsageError
from qianhang.core.manifest import Case, Column, Manifest
from qianhang.core.schema import nearest

__all__ = ["Param", "Spec", "make"]

Param = int | float | str | bool


@dataclass(frozen=True, slots=True)
class Spec:
    """The settings of one run: the manifest's, then the case's, then the user's.

    manifest : the whole promise, for what a report quotes of it (subgroups, who confirms)
    """

    target: str | tuple[str, ...] = ""
    time: str = ""
    horizon: int = 0
    season: int = 0
    group_by: tuple[str, ...] = ()
    columns: Mapping[str, Column] = field(default_factory=dict)
    params: Mapping[str, Param] = field(default_factory=dict)
    seed: int = 0
    case: str = ""
    manifest: Manifest | None = None


def make(manifest: Manifest, case: Case, *, seed: int, params: Mapping[str, str]) -> Spec:
    """The spec of one run; `case` is already filled in by `Manifest.find_case`.

    params : name -> text as typed by the user, read as the type of the default
    Raises UsageError for a name that the pack does not have, or a value of another type.
    """
    merged: dict[str, Param] = dict(case.params)
    for name, text in params.items():
        if name not in merged:
            guess = nearest(name, merged)
            hint = (
                f"did you mean {guess}?" if guess else f"parameters: {', '.join(merged) or 'none'}"
            )
            raise UsageError("QH802", f"parameter {name!r} does not exist", hint=hint)
        merged[name] = _typed(name, text, like=merged[name])
    return Spec(
        target=case.target,
        time=next((n for n, c in case.columns.items() if c.role == "time"), ""),
        horizon=case.horizon,
        season=case.season,
        group_by=manifest.group_by,
        columns=case.columns,
        params=merged,
        seed=seed,
        case=case.name,
        manifest=manifest,
    )


def _typed(name: str, text: str, *, like: Param) -> Param:
    kind = type(like)
    if kind is bool:
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
    else:
        try:
            return kind(text)
        except ValueError:
            pass
    raise UsageError("QH802", f"parameter {name}: found {text!r}, expected {kind.__name__}")
