"""docs/api.md is what the description of the API says."""

from pathlib import Path

from qianhang.web.api.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def test_the_reference_is_current():
    message = "python scripts/api_reference.py writes it"
    assert PAGE.read_text(encoding="utf8") == reference(), message
