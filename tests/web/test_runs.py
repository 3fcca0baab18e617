"""Pages of runs: two of them beside each other, in the reader's words and numbers."""

import re

import pytest


def rows(page):
    """Each row of the page's tables as the text of its cells."""
    found = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    cells = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in found)
    return [tuple(re.sub(r"<[^>]+>", "", cell) for cell in row) for row in cells]


@pytest.fixture
def pair(site):
    """A finished run of registered data, and one that has nothing but other facts."""
    first = site.run(
        scores={"mae": 0.3, "rmse": 0.1 + 0.2}, facts={"n": 1200, "shares": {"a": 0.000015}}
    )
    second = site.run(
        scores={"mae": 0.25, "rmse": 0.3}, facts=None, seed=7,
        data={"bad.csv": "ab" * 32}, params={"keep": True, "doses": [1.5, 2]},
    )  # fmt: skip
    return f"/runs/compare?a={first.id}&b={second.id}"


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("zh", ("数据来源", "参数", "切分与计数", "样本数", "是", "1.5、2", "随机种子")),
        (
            "en",
            ("Data provenance", "Parameters", "Cuts and counts", "count", "yes", "1.5, 2", "Seed"),
        ),
    ],
)
def test_what_differs_is_told_in_words_and_not_as_a_program_writes_it(signed, pair, lang, words):
    """0.1 + 0.2 and 0.3 differ by what rounding leaves, which is no change."""
    data, params, facts, n, yes, doses, seed = words
    client = signed("viewer")
    client.cookies.set("qh-lang", lang)
    page = client.get(pair).text
    told = rows(page)
    assert told[2][1:] == ("0.3", "0.3", "0")
    assert (f"{data} · bad.csv", "–", "abababababab…") in told
    assert (f"{params} · keep", "–", yes) in told
    assert (f"{params} · doses", "–", doses) in told
    assert (f"{facts} · {n}", "1,200", "–") in told
    assert (f"{facts} · shares.a", "1.50×10⁻⁵", "–") in told
    assert (seed, "0", "7") in told
    assert not re.search(r"[{}]|&#39;|\de-\d|None|True", " ".join(c for row in told for c in row))
