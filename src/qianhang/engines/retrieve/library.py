"""The passages that answers quote, kept as plain arrays of bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.engines.retrieve.features import Passages

__all__ = ["Library"]


@dataclass(frozen=True, slots=True)
class Library:
    """Passages (n,): id, citation as printed, text to quote, text to search, document of each.

    searched : empty where the quoted texts are searched themselves
    """

    ids: Sequence[str]
    citations: Sequence[str]
    texts: Sequence[str]
    searched: Sequence[str]
    document: NDArray[np.int64]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Library:
        """The library of a frame (n,) with columns id, citation, text, searched, document."""
        texts, searched = frame["text"].tolist(), frame["searched"].tolist()
        return cls(
            frame["id"].astype(str).tolist(),
            frame["citation"].tolist(),
            texts,
            [] if searched == texts else searched,
            pd.factorize(frame["document"])[0].astype(np.int64),
        )

    @property
    def passages(self) -> Passages:
        """What a ranker knows of the passages."""
        return Passages(np.array([len(t) for t in self.texts], dtype=np.int64), self.document)

    def plain(self, number: int) -> str:
        """The searched text of a passage."""
        return self.searched[number] if self.searched else self.texts[number]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The library as plain arrays, for keeping."""
        found: dict[str, NDArray[Any]] = {"document": self.document}
        for name in ("ids", "citations", "texts", "searched"):
            encoded = [t.encode("utf-8") for t in getattr(self, name)]
            found[f"{name}.bytes"] = np.frombuffer(b"".join(encoded), dtype=np.uint8)
            found[f"{name}.sizes"] = np.array([len(e) for e in encoded], dtype=np.int64)
        return found

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Library:
        """The library that `arrays` wrote."""
        return cls(
            **{name: _texts(arrays, name) for name in ("ids", "citations", "texts", "searched")},
            document=arrays["document"],
        )


def _texts(arrays: Mapping[str, NDArray[Any]], name: str) -> list[str]:
    whole = arrays[f"{name}.bytes"].tobytes()
    sizes = arrays[f"{name}.sizes"]
    ends = np.cumsum(sizes)
    spans = zip((ends - sizes).tolist(), ends.tolist(), strict=True)
    return [whole[a:b].decode("utf-8") for a, b in spans]
