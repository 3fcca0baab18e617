"""Write plan/reading/simplified.txt: every traditional character beside its simplified one.

The pairs are what OpenCC (Apache-2.0, https://github.com/BYVoid/OpenCC) makes of each character
of the CJK blocks by itself; 畫 is 划 in words such as 规划, which these documents are full of.
"""

from __future__ import annotations

from pathlib import Path

import opencc

_BLOCKS = ((0x3400, 0x4DC0), (0x4E00, 0xA000))
_OWN = {"畫": "划"}
_TARGET = Path(__file__).parent.parent / "src/qianhang/plan/reading/simplified.txt"


def pairs() -> dict[str, str]:
    """Traditional -> simplified, only where they differ."""
    convert = opencc.OpenCC("t2s").convert
    characters = [chr(code) for first, last in _BLOCKS for code in range(first, last)]
    found = {c: convert(c) for c in characters}
    return {c: s for c, s in found.items() if len(s) == 1 and s != c} | _OWN


if __name__ == "__main__":
    _TARGET.write_text("".join(a + b for a, b in pairs().items()) + "\n", encoding="utf8")
