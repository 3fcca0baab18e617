"""Everything a source tracker needs that does not depend on readings, kept without pickle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.detect.source import Places, Plant, Settings
from qianhang.engines.detect.sources import SourceTracker
from qianhang.engines.saving import pack_arrays, unpack_arrays

__all__ = ["SourceModel"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SourceModel:
    """Places, error covariances and thresholds of one system.

    bias, noise : (n, n) ; notes : plain values that the owner keeps beside (JSON)
    """

    places: Places
    bias: Array
    noise: Array
    settings: Settings
    notes: Mapping[str, Any]

    def tracker(self, plant: Plant) -> SourceTracker:
        """A tracker that has seen nothing yet."""
        return SourceTracker(plant, self.places, self.bias, self.noise, settings=self.settings)

    def to_files(self) -> dict[str, bytes]:
        """The whole model as arrays and notes."""
        places = self.places
        arrays = {
            "responses": places.responses,
            "distance": places.distance,
            "bias": self.bias,
            "noise": self.noise,
        }
        fixed = {"sizes": list(places.sizes), "reach": places.reach}
        notes = {"places": fixed, "settings": asdict(self.settings), "notes": dict(self.notes)}
        return pack_arrays(arrays, notes)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `to_files` wrote."""
        arrays, notes = unpack_arrays(files)
        small, large = notes["places"]["sizes"]
        places = Places(
            arrays["responses"], (small, large), arrays["distance"], notes["places"]["reach"]
        )
        held = notes["settings"].items()
        settings: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in held}
        return cls(places, arrays["bias"], arrays["noise"], Settings(**settings), notes["notes"])
