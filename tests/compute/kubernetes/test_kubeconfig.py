"""Kubeconfigs that a service can use, and those that it must not."""

import base64
import json

import pytest

from qianhang.compute.drivers.kubernetes.kubeconfig import access
from qianhang.core.errors import UsageError

CLUSTER = {"server": "https://10.0.0.1:6443/", "certificate-authority": "ca.crt"}


def config(*, cluster=None, user=None):
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": cluster or CLUSTER}],
        "users": [{"name": "u", "user": user or {"tokenFile": "t"}}],
    }


@pytest.fixture
def read(tmp_path):
    def go(content, **more):
        path = tmp_path / "config"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return access(path, context=more.get("context", ""), folder=tmp_path / "keys")

    return go


def test_files_are_named_beside_the_config(read, tmp_path):
    found = read(config())
    assert found.server == "https://10.0.0.1:6443"
    assert found.ca_file == str(tmp_path / "ca.crt")
    assert found.token_file == str(tmp_path / "t")
    assert found.cert_files is None


def test_what_is_inline_goes_into_files_that_only_we_read(read, tmp_path):
    data = {key: base64.b64encode(key.encode()).decode() for key in ("ca", "cert", "key")}
    found = read(
        config(
            cluster={"server": "https://k", "certificate-authority-data": data["ca"]},
            user={"client-certificate-data": data["cert"], "client-key-data": data["key"]},
        )
    )
    for path, content in zip(
        (found.ca_file, *found.cert_files), ("ca", "cert", "key"), strict=True
    ):
        file = tmp_path / "keys" / path.rpartition("/")[2]
        assert file.read_text() == content
        assert file.stat().st_mode & 0o077 == 0


def test_yaml_is_read_where_its_library_is_there(read):
    pytest.importorskip("yaml")
    text = (
        "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
        "clusters: [{name: k, cluster: {server: 'https://k'}}]\n"
        "users: [{name: u, user: {token: abc}}]\n"
    )
    assert read(text).server == "https://k"


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (config(user={"exec": {"command": "aws"}}), "exec is not supported"),
        (config(user={"auth-provider": {"name": "x"}}), "auth-provider is not supported"),
        (config(user={"username": "u", "password": "p"}), "username is not supported"),
        (config(user={"client-key": "k"}), "no credentials"),
        (config(user={"client-certificate-data": "&", "client-key-data": "&"}), "no base64"),
        (config(cluster={"server": "https://k", "insecure-skip-tls-verify": True}), "insecure"),
        (config(cluster={"server": "http://10.0.0.1"}), "an https address"),
        ({**config(), "current-context": "d"}, "no entry 'd' under contexts"),
        ("[1]", "neither YAML nor JSON"),
        ("{", "neither YAML nor JSON"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(read, spoilt, said):
    with pytest.raises(UsageError, match="QH547") as refused:
        read(spoilt)
    assert said in str(refused.value)


def test_a_config_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"QH547.*nowhere"):
        access(tmp_path / "nowhere", context="", folder=tmp_path)
