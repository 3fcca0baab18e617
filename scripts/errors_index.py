"""docs/errors/README.md from the pages beside it: one row a code."""

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs" / "errors"
HEAD = """# 错误 · Errors

每个错误都有固定的编号。消息写明发现了什么、在哪里、应当怎样，箭头后面是建议。
Every error has a code that stays. The message says what was found, where and
what was expected; the hint follows the arrow.

本页由 `scripts/errors_index.py` 生成。This page is written by `scripts/errors_index.py`.

| 编号 code | 类 class | 中文 | English |
| --- | --- | --- | --- |
"""


def row(page: Path) -> str:
    """The line of one page."""
    text = page.read_text(encoding="utf8")
    title = re.match(r"# (QH\d{3}) (.+) · (.+)\n\n`(\w+)`", text)
    if title is None:
        sys.exit(f"{page}: expected '# CODE 中文 · English', then the class")
    code, chinese, english, kind = title.groups()
    return f"| [{code}]({code}.md) | `{kind}` | {chinese} | {english} |\n"


def index() -> str:
    """The whole page."""
    return HEAD + "".join(row(p) for p in sorted(FOLDER.glob("QH*.md")))


if __name__ == "__main__":
    (FOLDER / "README.md").write_text(index(), encoding="utf8")
