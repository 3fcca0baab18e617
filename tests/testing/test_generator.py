"""`qianhang pack new` writes whole packs, from a checkout and from an installed wheel."""

import shutil

import pytest

from qianhang.core.errors import UsageError
from qianhang.core.pack import load_pack
from qianhang.testing import TASKS, generator, write_pack


@pytest.mark.parametrize("task", TASKS)
def test_a_new_pack_is_whole_for_every_task(tmp_path, task):
    pack = load_pack(write_pack(tmp_path, industry="industry", name="machine_fault", task=task))
    assert pack.manifest.task == task
    assert {p.name for p in pack.folder.iterdir()} >= {"pack.toml", "pack.py", "README.md"}


def test_compiled_files_beside_the_templates_do_not_get_into_a_pack(tmp_path, monkeypatch):
    """pip compiles what it installs, so a wheel's templates lie beside a __pycache__."""
    templates = tmp_path / "templates"
    shutil.copytree(generator._TEMPLATES, templates)
    (templates / "classify" / "__pycache__").mkdir(exist_ok=True)
    monkeypatch.setattr(generator, "_TEMPLATES", templates)
    folder = write_pack(tmp_path, industry="industry", name="fault", task="classify")
    assert [p.name for p in folder.iterdir() if p.is_dir()] == []


@pytest.mark.parametrize("name", ["Machine", "machine-fault", "two words", "../escape", "1st", "m"])
def test_a_name_that_cannot_be_a_module_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="QH806"):
        write_pack(tmp_path, industry="industry", name=name, task="classify")


def test_nobody_s_folder_is_overwritten(tmp_path):
    write_pack(tmp_path, industry="industry", name="fault", task="classify")
    with pytest.raises(UsageError, match="QH807"):
        write_pack(tmp_path, industry="industry", name="fault", task="classify")
