"""Writes docs/vouchers.md from the files of the programmes."""

from pathlib import Path

from qianhang.billing.vouchers.page import document

Path("docs/vouchers.md").write_text(document(), encoding="utf8")
