"""docs/api.md from the description of the API."""

from pathlib import Path

from qianhang.web.api.reference import reference

PAGE = Path(__file__).parents[1] / "docs" / "api.md"

if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf8")
