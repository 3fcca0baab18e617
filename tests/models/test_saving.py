"""Saving and loading: the same predictions in a fresh process, and no code in disguise."""

import io
import json
import pickle
import subprocess
import sys
import types
import zipfile

import numpy as np
import pytest

from qianhang import models
from qianhang.core.errors import ModelError
from qianhang.engines.classify import Logistic
from qianhang.store import Files


@pytest.fixture
def files(tmp_path):
    return Files(str(tmp_path / "files"))


class Line:
    """A pack's own model: y = a x + b."""

    def __init__(self, content=None):
        self.content = content or {"line.json": b'{"a": 2.0, "b": 1.0}'}

    def to_files(self):
        return dict(self.content)

    @classmethod
    def from_files(cls, files):
        return cls(files)


PACK = types.ModuleType("qianhang.packs.test.line.pack")
PACK.Line = Line
Line.__module__ = PACK.__name__


def keep(files, content):
    return models.save(files, Line(content), local=PACK)


def forge(kept, **changes):
    """A manifest as somebody with access to the files could write one."""
    good = {"class_name": "pack:Line", "files": {"a.json": kept.put(b"{}")}, "format": 1}
    return kept.put(json.dumps(good | changes).encode())


def test_an_engines_model_predicts_the_same_in_a_fresh_process(tmp_path, files):
    chance = np.random.default_rng(1)
    x = chance.normal(size=(200, 3))
    y = (x[:, 0] + chance.normal(size=200) > 0).astype(int)
    model = Logistic().fit(x, y)
    sha = models.save(files, model)
    np.save(tmp_path / "x.npy", x)
    code = (
        "import sys, numpy as np\nfrom qianhang import models\nfrom qianhang.store import Files\n"
        "model = models.load(Files(sys.argv[1]), sys.argv[2])\n"
        "np.save(sys.argv[4], model.predict_proba(np.load(sys.argv[3])))"
    )
    args = [str(tmp_path / "files"), sha, str(tmp_path / "x.npy"), str(tmp_path / "p.npy")]
    subprocess.run([sys.executable, "-c", code, *args], check=True)
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy"), model.predict_proba(x))


def test_a_packs_own_class_comes_back_through_its_module(files):
    sha = keep(files, {"line.json": b'{"a": 3}', "index/.managed.json": b"[]"})
    assert models.manifest(files, sha).class_name == "pack:Line"
    assert models.load(files, sha, local=PACK).content["line.json"] == b'{"a": 3}'
    with pytest.raises(ModelError, match="needs its pack"):
        models.load(files, sha)


def test_the_same_model_has_the_same_manifest(files):
    assert keep(files, {"a": b"1", "b": b"2"}) == keep(files, {"b": b"2", "a": b"1"})


def test_a_class_that_is_not_ours_is_not_saved(files):
    with pytest.raises(ModelError, match="may not be saved") as caught:
        models.save(files, Line())
    assert caught.value.code == "QH601"


@pytest.mark.parametrize(
    "name",
    [
        "os:system",
        "subprocess:Popen",
        "qianhang.engines.classify:Logistic.fit",
        "qianhang.engines.classify.logistic:np",
        "qianhang.engines.classify.logistic:LogisticRegression",
        "qianhang.engines.classify.nowhere:X",
        "qianhang.engines.classify.logistic:Nobody",
        "qianhang.engines..os:system",
        "qianhang.engines.classify.__class__:X",
        "qianhang.store.files:Files",
        "pack:__class__",
        "pack:subprocess",
        "pack:Line\n",
        "",
    ],
)
def test_only_a_models_own_class_is_loaded(files, name):
    with pytest.raises(ModelError) as caught:
        models.load(files, forge(files, class_name=name), local=PACK)
    assert caught.value.code == "QH601"


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../x", "a/../b", "a//b", ".", "..", "a/./b", "C:\\x", "a\\b", "a\x00b", "",
     "x" * 201, "a/", "热.json", "a\nb"],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused_both_ways(files, name):
    with pytest.raises(ModelError) as caught:
        keep(files, {name: b"{}"})
    assert caught.value.code == "QH602"
    with pytest.raises(ModelError):
        models.load(files, forge(files, files={name: files.put(b"{}")}), local=PACK)


def npz(**arrays):
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def npy(array, **more):
    out = io.BytesIO()
    np.save(out, array, **more)
    return out.getvalue()


def archive(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, data in members.items():
            target.writestr(name.replace("_DOT_", "."), data)
    return out.getvalue()


OBJECTS = np.array([{"a": 1}], dtype=object)
FIELDS = np.array([(1, "x")], dtype=[("n", "i4"), ("o", "O")])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("model.pkl", b"{}"),
        ("model.PICKLE", b"{}"),
        ("model.joblib", b"{}"),
        ("model.pt", b"{}"),
        ("run.py", b"print(1)"),
        ("old.bin", pickle.dumps({"a": 1}, protocol=2)),
        ("new.bin", pickle.dumps([1], protocol=5)),
        ("a.npz", npz(good=np.ones(3), bad=OBJECTS)),
        ("a.npy", npy(OBJECTS)),
        ("renamed.json", npy(FIELDS)),
        ("torch.zip", archive(data_DOT_pkl=b"x")),
        ("weights.zip", archive(inner=pickle.dumps([1], protocol=4))),
        ("spoilt.npz", npz(a=np.ones(3))[:60]),
        ("spoilt.npy", npy(np.ones(3))[:20]),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_a_file_that_could_carry_code_is_refused_both_ways(files, name, data):
    with pytest.raises(ModelError) as caught:
        keep(files, {name: data})
    assert caught.value.code == "QH603"
    with pytest.raises(ModelError):
        models.load(files, forge(files, files={name: files.put(data)}), local=PACK)


@pytest.mark.parametrize(
    "data",
    [npz(a=np.ones(3), 温度=np.array(["热", "b"])), npy(np.arange(5)), b"tree\nversion=v4\n",
     b'{"a": 1}', b"", archive(inner_DOT_json=b"{}")],
)  # fmt: skip
def test_plain_data_pass(files, data):
    sha = keep(files, {"data.bin": data})
    assert models.load(files, sha, local=PACK).content["data.bin"] == data


def test_a_changed_or_absent_file_is_refused_by_name(tmp_path, files):
    sha = keep(files, {"weights.bin": b"12345"})
    one = models.manifest(files, sha).files["weights.bin"]
    (tmp_path / "files" / one[:2] / one).write_bytes(b"12346")
    with pytest.raises(ModelError, match=r"weights\.bin.*not what was stored") as caught:
        models.load(files, sha, local=PACK)
    assert caught.value.code == "QH605"
    (tmp_path / "files" / one[:2] / one).unlink()
    with pytest.raises(ModelError, match=r"weights\.bin"):
        models.load(files, sha, local=PACK)


@pytest.mark.parametrize("text", ["", "[1]", '{"class_name": "x"}', '{"format": 2}'])
def test_a_spoilt_manifest_is_refused(files, text):
    with pytest.raises(ModelError) as caught:
        models.load(files, files.put(text.encode()), local=PACK)
    assert caught.value.code == "QH604"
    with pytest.raises(ModelError, match="format 2"):
        models.load(files, forge(files, format=2), local=PACK)


def test_an_archive_whose_members_lead_elsewhere_is_refused(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr("../../outside", b"x")
    with pytest.raises(ModelError) as caught:
        keep(files, {"a.zip": out.getvalue()})
    assert caught.value.code == "QH602"


def test_a_model_without_files_is_refused(files):
    empty = Line()
    empty.content = {}
    with pytest.raises(ModelError) as caught:
        models.save(files, empty, local=PACK)
    assert caught.value.code == "QH602"
