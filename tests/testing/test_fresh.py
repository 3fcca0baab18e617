"""A kept model answers in a process that knows nothing of its pack."""

import os

import pandas as pd
import pytest

from qianhang.core.pack import load_pack
from qianhang.models import save
from qianhang.store import Files
from qianhang.testing import Subject, fresh, write_pack

COUNTS = """
_predict, _COUNT = predict, []


def predict(model, rows, *, spec):
    import os

    _COUNT.append(1)
    pd._told = getattr(pd, "_told", 0) + 1
    print("0")
    found = _predict(model, rows, spec=spec)
    return found * 0 + len(_COUNT) + 10 * pd._told + 100 * float(os.environ.get("TOLD", "0"))
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """(pack's folder, folder of files, manifest) of a pack that counts how often it was asked."""
    place = write_pack(
        tmp_path_factory.mktemp("pack"), industry="industry", name="thing", task="classify"
    )
    subject = Subject.of(load_pack(place))
    files = tmp_path_factory.mktemp("files")
    manifest = save(Files(str(files)), subject.trial.model, local=subject.code)
    with (place / "pack.py").open("a", encoding="utf8") as code:
        code.write(COUNTS)
    return place, files, manifest


def asked(kept, out):
    place, files, manifest = kept
    assert fresh.answer(place, files=files, model=manifest, out=out) == ""
    return pd.read_parquet(out).select_dtypes("number").iloc[:, -1].unique().tolist()


def test_each_child_is_the_first_that_the_pack_and_the_libraries_hear_of(kept, tmp_path):
    assert asked(kept, tmp_path / "a.parquet") == [11.0]
    assert asked(kept, tmp_path / "b.parquet") == [11.0]


def test_a_child_has_the_environment_of_the_moment(kept, tmp_path, monkeypatch):
    monkeypatch.setenv("TOLD", "1")
    assert asked(kept, tmp_path / "c.parquet") == [111.0]


def test_a_child_that_fails_says_why_and_the_next_one_answers(kept, tmp_path):
    place, files, _ = kept
    missing = fresh.answer(place, files=files, model="0" * 64, out=tmp_path / "d.parquet")
    assert "0" * 12 in missing
    assert "Error" in missing
    assert asked(kept, tmp_path / "e.parquet") == [11.0]


def test_when_its_process_was_killed_the_next_question_is_answered_by_another(kept, tmp_path):
    parent = fresh._parent(os.getpid())
    parent.kill()
    parent.wait()
    assert asked(kept, tmp_path / "f.parquet") == [11.0]
