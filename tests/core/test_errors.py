"""An error keeps what it says, its place in a table too, across processes and on paper."""

import json
import pickle

import pytest

from qianhang.core.errors import ContractError, Place, UsageError, retold

PLACE = Place("heat.csv", "heat", 6, "2026-01-03 04:00", found="41,000 GJ/h", expected="0 to 400")


@pytest.mark.parametrize("place", [PLACE, None], ids=["in a table", "nowhere"])
def test_a_contract_error_keeps_its_place_through_pickle_and_json(place):
    error = ContractError("QH101", "heat.csv: found 41,000", hint="MJ?", place=place)
    written = json.loads(json.dumps(error.told()))
    for copy in (pickle.loads(pickle.dumps(error)), retold(written, ContractError)):
        assert (copy.code, copy.message, copy.hint, copy.place) == (
            "QH101", "heat.csv: found 41,000", "MJ?", place
        )  # fmt: skip
        assert str(copy) == "QH101 heat.csv: found 41,000 (MJ?)"


def test_an_error_that_is_about_no_table_is_told_without_a_place():
    error = UsageError("QH802", "seed is no number")
    assert error.told() == {"code": "QH802", "message": "seed is no number", "hint": ""}
    assert type(retold(error.told(), UsageError)) is UsageError
