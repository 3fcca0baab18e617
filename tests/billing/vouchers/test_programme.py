"""Programmes as files: closed, sourced, shown as they are."""

from pathlib import Path

import pytest

from qianhang.billing.vouchers import named, page, shelf, shipped
from qianhang.billing.vouchers.programme import fields, stated
from qianhang.core.errors import ContractError, UsageError
from qianhang.core.words import LANGUAGES, has

ROOT = Path(__file__).parents[3]
GOOD = (Path(shelf.__file__).parent / "programmes" / "beijing-2023.toml").read_text("utf8")


def wrong(tmp_path, old, new):
    path = tmp_path / "my.toml"
    path.write_text(GOOD.replace(old, new), "utf8")
    with pytest.raises(ContractError) as caught:
        shelf.load(path)
    return caught.value


def test_more_than_six_cities_ship_each_with_a_source_for_every_rule():
    regions = {p.region for p in shipped().values()}
    assert len(regions) >= 12
    assert {p.kind for p in shipped().values()} == {"compute", "model"}
    for programme in shipped().values():
        assert all(s.url.startswith("http") for s in programme.source)


def test_the_figures_of_some_programmes_are_those_of_their_texts():
    """Read by eye in the sources that the files name."""
    assert [t.percent for t in named("beijing-2023").ratio.tiers] == [20]
    assert named("qingyang-2024").fund.per_year_cny == 100_000_000
    assert named("henan-2025").entity.per_year_cny == 1_000_000
    assert named("hangzhou-2025").entity.per_year_cny == 8_000_000
    assert named("shenzhen-2024").fund.per_year_cny == 500_000_000
    assert named("qingyang-target").claim.verified_pflops == 5_000


def test_what_a_text_does_not_state_stays_empty_and_is_said_so():
    found = page.everything(named("yangzhou-2024"))
    assert found["rules"]["ratio.tiers"] is None
    told = "\n".join(page.lines(named("yangzhou-2024"), "en"))
    assert "not stated: status, fund in all" in told


def test_an_unknown_key_is_one_error_with_file_field_and_nearest_name(tmp_path):
    error = wrong(tmp_path, "per_year_cny = 2_000_000", "per_yaer_cny = 2_000_000")
    assert error.code == "QH571"
    assert "my.toml entity: unknown key 'per_yaer_cny'; allowed: per_year_cny" in error.message
    assert error.hint == "did you mean per_year_cny?"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("percent = 20", "percent = 120", "found 120, expected 1 to 100"),
        ("percent = 20", 'percent = "20"', "found '20', expected a whole number"),
        ('base = "contract"', 'base = "deal"', "found 'deal', allowed: 'contract', 'paid', 'used'"),
        ('"ratio.tiers", ', "", "no source is named for ratio.tiers"),
        ('"ratio.tiers", ', '"ratio.tiers", "fund.total_cny", ', "which the file leaves empty"),
        ("2023-09-01", '"soon"', "found 'soon', expected date"),
        ('kind = "compute"', "", "key 'kind' is missing"),
    ],
)
def test_a_bad_field_names_what_was_found_and_expected(tmp_path, old, new, said):
    assert said in wrong(tmp_path, old, new).message


def test_a_broken_file_and_an_unknown_name_are_named(tmp_path):
    assert wrong(tmp_path, "[entity]", "[entity").code == "QH570"
    with pytest.raises(UsageError, match="did you mean hangzhou-2025"):
        named("hangzou-2025")


def test_every_field_and_choice_has_words_in_both_languages():
    for programme in shipped().values():
        for name, _ in fields(programme):
            key = f"voucher.field.{name.replace('.', '_')}"
            assert has(key) or name in ("id", "kind", "name", "issuer", "region", "source", "notes")
        for lang in LANGUAGES:
            assert len(list(page.lines(programme, lang))) > 3
        assert dict(stated(programme))["id"] == programme.id


def test_the_page_of_programmes_is_the_one_that_its_script_writes():
    assert (ROOT / "docs/vouchers.md").read_text("utf8") == page.document()
