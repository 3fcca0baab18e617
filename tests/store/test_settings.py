"""Settings: precedence, closed schema, secrets."""

import os
from pathlib import Path

import pytest

from qianhang.core.errors import StoreError
from qianhang.store import SETTINGS, Settings


def test_environment_comes_before_the_file_and_the_file_before_the_default(tmp_path):
    (tmp_path / "qianhang.toml").write_text('home = "from-file"\nfiles_url = "s3://b/p"\n')
    env = {"QIANHANG_HOME": str(tmp_path / "from-env")}
    found = Settings.load(environ=env, folder=tmp_path)
    assert found.home == tmp_path / "from-env"
    assert found.files_url == "s3://b/p"
    assert found.database_url == f"sqlite:///{tmp_path}/from-env/qianhang.db"
    assert dict(found.sources)["QIANHANG_HOME"] == "environment"
    assert dict(found.sources)["QIANHANG_FILES_URL"] == str(tmp_path / "qianhang.toml")
    assert dict(found.sources)["QIANHANG_DATA"] == "default"


def test_relative_paths_in_the_file_start_at_the_file(tmp_path):
    (tmp_path / "qianhang.toml").write_text('home = "state"\ndata = ["a", "/b"]\n')
    found = Settings.load(environ={}, folder=tmp_path)
    assert found.home == tmp_path / "state"
    assert found.data == (tmp_path / "a", Path("/b"))


def test_data_folders_are_split_as_the_system_splits_paths(tmp_path):
    env = {"QIANHANG_DATA": os.pathsep.join(["/one", "/two"])}
    assert Settings.load(environ=env, folder=tmp_path).data == (Path("/one"), Path("/two"))


def test_default_home_is_in_the_users_own_folder(tmp_path):
    assert Settings.load(environ={}, folder=tmp_path).home == Path("~/.qianhang").expanduser()


@pytest.mark.parametrize(
    ("text", "sign"),
    [("hoem = 'x'", "did you mean home?"), ("home = 3", "expected text"), ("home = ", "TOML")],
)
def test_a_wrong_settings_file_is_refused_by_name(tmp_path, text, sign):
    (tmp_path / "qianhang.toml").write_text(text)
    with pytest.raises(StoreError, match=r"qianhang\.toml") as caught:
        Settings.load(environ={}, folder=tmp_path)
    assert caught.value.code == "QH708"
    assert sign in str(caught.value)


def test_passwords_are_never_shown(tmp_path):
    found = Settings(
        home=tmp_path,
        database_url="postgresql://me:hunter2@host/db?sslpassword=hunter3",
        files_url="s3://AKIA:hunter4@bucket/p?secret_key=hunter5",
        llm_endpoint="https://me:hunter6@host/v1?api_key=hunter7",
    )
    shown = repr(found) + repr(found.shown())
    assert "hunter" not in shown
    assert "host/db" in shown


def test_every_setting_is_documented():
    assert [s.name for s in SETTINGS] == [
        "QIANHANG_HOME",
        "QIANHANG_DATABASE_URL",
        "QIANHANG_FILES_URL",
        "QIANHANG_DATA",
        "QIANHANG_LLM_ENDPOINT",
        "QIANHANG_LLM_MODEL",
        "QIANHANG_POOL_USER",
    ]
    assert all(len(s.meaning) > 20 for s in SETTINGS)
