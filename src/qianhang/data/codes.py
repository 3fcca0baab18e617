"""Error codes of the data layer, one for each kind of problem; each has a page in docs/errors."""

from __future__ import annotations

from typing import Final

__all__ = [
    "AMBIGUOUS_TIME",
    "BAD_TOML",
    "BELOW_SCALE",
    "BROKEN_FILE",
    "CHECKSUM",
    "DIRECTORY",
    "DOWNLOAD",
    "DUPLICATE_COLUMN",
    "EMPTY_FILE",
    "ENCODING",
    "FINGERPRINT",
    "GAP",
    "HEADER_ONLY",
    "MISSING_COLUMN",
    "MISSING_FILE",
    "MISSING_INPUT",
    "MISSING_VALUE",
    "MIXED_ZONES",
    "NETWORK_FILE",
    "NOT_HERE",
    "NOT_IN_PACKAGE",
    "NOT_WHOLE",
    "NO_DATASET",
    "NO_ROOM",
    "OFF_STEP",
    "OUT_OF_BOUNDS",
    "RAGGED_ROW",
    "REPEATED_TIME",
    "SCHEMA",
    "STAGED_SPOILT",
    "TIME_UNREADABLE",
    "UNKNOWN_FORMAT",
    "UNSAFE_CONTENT",
    "WRONG_CATEGORY",
    "WRONG_TYPE",
    "WRONG_UNIT",
]

# ContractError: what is wrong with the data
OUT_OF_BOUNDS: Final = "QH101"
WRONG_UNIT: Final = "QH102"
MISSING_COLUMN: Final = "QH103"
DUPLICATE_COLUMN: Final = "QH104"
WRONG_TYPE: Final = "QH105"
MISSING_VALUE: Final = "QH106"
WRONG_CATEGORY: Final = "QH107"
TIME_UNREADABLE: Final = "QH108"
REPEATED_TIME: Final = "QH109"
GAP: Final = "QH110"
OFF_STEP: Final = "QH111"
MIXED_ZONES: Final = "QH112"
AMBIGUOUS_TIME: Final = "QH113"
EMPTY_FILE: Final = "QH114"
HEADER_ONLY: Final = "QH115"
ENCODING: Final = "QH116"
RAGGED_ROW: Final = "QH117"
BROKEN_FILE: Final = "QH118"
DIRECTORY: Final = "QH119"
UNKNOWN_FORMAT: Final = "QH120"
NETWORK_FILE: Final = "QH121"
UNSAFE_CONTENT: Final = "QH122"
MISSING_INPUT: Final = "QH123"
MISSING_FILE: Final = "QH124"
NOT_WHOLE: Final = "QH125"
BELOW_SCALE: Final = "QH126"

# DatasetError: what is wrong with a registered data set or its transfer
BAD_TOML: Final = "QH301"
SCHEMA: Final = "QH302"
NO_DATASET: Final = "QH303"
NOT_HERE: Final = "QH304"
DOWNLOAD: Final = "QH305"
CHECKSUM: Final = "QH306"
NO_ROOM: Final = "QH307"
STAGED_SPOILT: Final = "QH308"
NOT_IN_PACKAGE: Final = "QH309"
FINGERPRINT: Final = "QH310"
