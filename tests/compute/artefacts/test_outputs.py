"""Which files a pattern means, and which patterns are none."""

import pytest

from qianhang.compute.artefacts.outputs import Outputs, fits, may_hold, wrong
from qianhang.compute.door import taskfile
from qianhang.core.errors import UsageError


@pytest.mark.parametrize(
    ("path", "pattern", "meant"),
    [
        ("model.bin", "model.bin", True), ("a/model.bin", "model.bin", False),
        ("results/a.json", "results/*.json", True), ("results/x/a.json", "results/*.json", False),
        ("results/x/a.json", "results/**/*.json", True), ("results/a.json", "results/**", True),
        ("results/x/y/a", "results", True), ("results/a", "results/", True),
        ("resultsx", "results", False), ("a.json", "**/*.json", True), ("a1", "a[0-9]", True),
        ("ab", "a?", True), ("a", "a/b", False), ("x/results/a", "results", False),
    ],
)  # fmt: skip
def test_a_pattern_means_names_within_folders(path, pattern, meant):
    assert fits(path, pattern) is meant


@pytest.mark.parametrize(
    ("folder", "pattern", "entered"),
    [
        ("results", "results/*.json", True), ("results/x", "results/*.json", False),
        ("results/x", "results", True), ("scratch", "results/*.json", False),
        ("a/b/c", "**/*.json", True), ("a/b", "a/b/c/d", True), ("x", "model.bin", False),
    ],
)  # fmt: skip
def test_only_folders_that_may_hold_what_is_meant_are_entered(folder, pattern, entered):
    assert may_hold(folder, pattern) is entered


@pytest.mark.parametrize(
    "files",
    [
        (), ("",), (" ",), ("/etc/passwd",), ("../x",), ("a/../b",), ("a//b",), ("./a",),
        ("a\0b",), ("a\\b",), ("a\nb",), ("x" * 201,), ("**/a/**/b/**",), tuple("abc") * 17,
    ],
)  # fmt: skip
def test_what_leads_out_of_the_folder_or_makes_no_sense_is_refused(files):
    assert wrong(files)


def read(text):
    return taskfile.read_text(f"run: a\n{text}", name="t", org="o")[0].work.outputs


def test_a_task_names_its_outputs_as_a_list_or_with_when():
    assert read("outputs: [results/*.json, model.bin]") == Outputs(
        ("results/*.json", "model.bin"), "success"
    )
    assert read("outputs: {files: [log], when: always}") == Outputs(("log",), "always")
    assert read("outputs: model.bin") == Outputs(("model.bin",))
    assert read("name: b") is None


@pytest.mark.parametrize(
    "text",
    ["outputs: []", "outputs: [../x]", "outputs: 3", "outputs: {when: always}", "outputs: [1]",
     "outputs: {files: [a], when: never}", "outputs: {file: [a]}", "outputs: null"],
)  # fmt: skip
def test_wrong_outputs_are_named_with_what_was_expected(text):
    with pytest.raises(UsageError, match="QH597 t, outputs"):
        read(text)
