"""Retrieval: n-grams, BM25, headings, documents, quotations, validity, metrics, learning."""

import io
import re
import zipfile

import lightgbm
import numpy as np
import pytest

from qianhang.engines import retrieve
from qianhang.engines.retrieve import Act, Answered, Bm25, Library, Numbering, Retriever
from qianhang.engines.retrieve.features import _top
from qianhang.engines.retrieve.grams import grams, spell
from qianhang.engines.retrieve.memory import Memory
from qianhang.engines.retrieve.postings import Postings
from qianhang.engines.retrieve.trees import Trees

NUMBERING = Numbering.of(
    {
        "levels": [
            r"第(?P<number>[一二三四五六七八九十百]+)条\s*",
            r"(?P<number>[一二三四五六七八九十]+)、",
            r"（(?P<number>[一二三四五六七八九十]+)）",
            r"(?P<number>\d+)\.(?!\d)",
        ],
        "plain": r"[^，。：\d]{2,12}",
        "leaf": 0,
        "outer": 2,
        "shortest": 4,
        "longest": 40,
    }
)
PATTERNS = {
    "repeal": "同时废止",
    "quoted": "《(?P<name>[^》]+)》",
    "ahead": r"自(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日起施行",
    "prefix": "中华人民共和国",
}


def _library(texts: list[str]) -> Library:
    names = [f"p{n}" for n in range(len(texts))]
    return Library(names, [f"《{n}》" for n in names], texts, [], np.arange(len(texts)))


def _retriever(texts: list[str], answered: Answered | None = None) -> Retriever:
    return Retriever.fit(_library(texts), {"text": texts}, weights={}, answered=answered)


def test_grams_are_single_ideographs_and_pairs_and_never_cross_a_sign() -> None:
    """By hand: 合同 法 gives 合, 同, 法 and 合同; a Latin word gives pairs only; width is folded."""
    assert sorted(spell(grams(["合同，法"]).codes)) == sorted(["合", "同", "法", "合同"])
    assert sorted(spell(grams(["ＡＢ1"]).codes)) == ["ab", "b1"]
    found = grams(["甲乙", "", "丙"])
    assert found.count == 3
    assert dict(zip(spell(found.codes), found.owners.tolist(), strict=True)) == {
        "甲": 0, "乙": 0, "甲乙": 0, "丙": 2,
    }  # fmt: skip


def test_bm25_is_the_formula_by_hand() -> None:
    """Three passages of lengths 3, 1, 3 (mean 7/3): 甲 stands in the first and second."""
    index = Bm25.of({"text": ["甲乙", "甲", "丙丁"]}, {})
    scores = index.scores(index.numbers("甲"), np.ones(1, dtype=np.float32))
    idf = np.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    expected = [idf * 2.2 / (1 + 1.2 * (0.25 + 0.75 * n / (7 / 3))) for n in (3, 1)]
    np.testing.assert_allclose(scores, [*expected, 0.0], rtol=1e-6)


def test_a_field_counts_as_much_as_its_weight() -> None:
    """Weight 2 is the same as the field printed twice, when nothing crosses the seam."""
    texts, titles = ["甲乙丙", "丁"], ["甲", "乙"]
    weighted = Bm25.of({"title": titles, "text": texts}, {"title": 2.0})
    twice = Bm25.of({"text": [f"{t}，{t}，{x}" for t, x in zip(titles, texts, strict=True)]}, {})
    terms, one = weighted.numbers("甲乙"), np.ones(3, dtype=np.float32)
    np.testing.assert_allclose(weighted.scores(terms, one), twice.scores(terms, one), rtol=1e-6)


def test_weighed_terms_are_the_row_of_vectors() -> None:
    index = Bm25.of({"text": ["甲乙丙甲", "乙丁"]}, {})
    terms, times = index.counted("甲乙甲")
    weights = index.weighed(terms, times)
    row = index.vectors(["甲乙甲"]).toarray()[0]
    np.testing.assert_allclose(row[terms], weights, rtol=1e-6)
    assert np.linalg.norm(weights) == pytest.approx(1.0)


@pytest.mark.parametrize("many", [0, 10**6])
def test_sums_of_lists_by_hand(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists {0: 1, 2: 2} and {2: 4}; the lists in turned order weigh 3 and 10. Both ways agree."""
    monkeypatch.setattr("qianhang.engines.retrieve.postings._MANY", many)
    owners, values = np.array([0, 2, 2], dtype=np.int32), np.array([1, 2, 4], dtype=np.float32)
    some = Postings(np.array([0, 2, 3]), owners, values, 4).some(np.array([1, 0]))
    weights = np.array([3, 10], dtype=np.float32)
    np.testing.assert_array_equal(some.sums(weights)[0], [10, 0, 32, 0])
    np.testing.assert_array_equal(some.held(weights)[0], [10, 0, 13, 0])


def test_tables_give_what_walking_the_trees_gives() -> None:
    """Against LightGBM's own prediction, on rows that also lie right on the limits."""
    rng = np.random.default_rng(0)
    rows = rng.integers(-4, 5, (500, 6)).astype(np.float32) / 3
    data = lightgbm.Dataset(rows, rows[:, 0] * rows[:, 1] + np.abs(rows[:, 2]))
    told = {"num_leaves": 15, "min_data_in_leaf": 5, "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(told, data, 30)
    limits = [t["threshold"] for t in _splits(booster.dump_model()["tree_info"])]
    limits = [t for t in limits if abs(t) > 1e-30]  # nearer to zero LightGBM rounds to it
    edge = rng.choice(np.array(limits, dtype=np.float32), (200, 6))
    for given in (rows, edge):
        found = Trees(booster.model_to_string()).predict(given)
        np.testing.assert_allclose(found, booster.predict(given), rtol=1e-12)


def _splits(node: object) -> list[dict[str, float]]:
    """Every split within what LightGBM dumps."""
    if isinstance(node, list):
        return [s for part in node for s in _splits(part)]
    if not isinstance(node, dict):
        return []
    own = [node] if "threshold" in node else []
    return own + [s for part in node.values() for s in _splits(part)]


def test_best_scores_are_those_of_a_whole_sort() -> None:
    scores = np.random.default_rng(1).integers(0, 900, 20_000).astype(np.float32)
    order = np.argsort(-scores, kind="stable")
    for count in (1, 10, 300):
        np.testing.assert_array_equal(_top(scores, count), order[:count])
    assert _top(scores[:5], 300).tolist() == np.argsort(-scores[:5], kind="stable").tolist()


def test_nothing_known_in_a_question_is_refused() -> None:
    answer = _retriever(["甲乙丙", "丁戊己"]).answer("zqxj 0000 %%%")
    assert answer.refused
    assert answer.reason == retrieve.OFF_TOPIC
    assert not answer.hits


def test_best_passage_comes_first_with_its_citation() -> None:
    answer = _retriever(["房屋租赁合同", "道路交通安全", "劳动合同期限"]).answer("租赁房屋")
    assert [h.passage for h in answer.hits][:1] == ["p0"]
    assert answer.hits[0].citation == "《p0》"


def _synonyms() -> tuple[list[str], list[str], Answered]:
    """Passages of two formal words each, a question for each in lay words that no passage holds."""
    formal = [chr(0x4E00 + 2 * n) + chr(0x4E01 + 2 * n) for n in range(12)]
    lay = [chr(0x6000 + 2 * n) + chr(0x6001 + 2 * n) for n in range(12)]
    pairs = [(a, b) for a in range(12) for b in range(a)]
    texts, asked = ([f"{words[a]}，{words[b]}" for a, b in pairs] for words in (formal, lay))
    rows = range(0, len(pairs), 2)
    answered = Answered([asked[r] for r in rows], [""] * len(rows), [[r] for r in rows])
    return texts, asked, answered


def _views(memory: Memory, index: Bm25, question: str) -> dict[str, np.ndarray]:
    terms, times = index.counted(question)
    return memory.views(index, terms, index.weighed(terms, times, memory.idf))


def test_answered_questions_translate_lay_words() -> None:
    """Known lay words in a new pairing lead to the formal twins of both: mostly the one passage."""
    texts, asked, answered = _synonyms()
    index = Bm25.of({"text": texts}, {}, beside=asked)
    memory = Memory.of(index, answered)
    new = range(1, len(texts), 2)
    found = [int(np.argmax(_views(memory, index, asked[n])["translated"])) for n in new]
    assert _retriever(texts).answer(asked[1]).refused
    assert np.mean([f == n for f, n in zip(found, new, strict=True)]) > 0.8


def test_kept_files_bring_the_same_answers_back() -> None:
    texts, _, answered = _synonyms()
    made = _retriever(texts, answered).refusing(0.25)
    files = made.to_files()
    assert set(files) == {"library.npz", "index.npz", "retriever.json", "memory.npz"}
    back = Retriever.from_files(files)
    for question in [*texts[:10], *answered.questions[:10]]:
        assert back.answer(question) == made.answer(question)
    assert back.to_files() == files


def test_threshold_lies_between_the_two_sorts() -> None:
    """By hand with lost = 0: the least of the kept, the largest of the refused, their middle."""
    assert retrieve.threshold([5.0, 9.0], [1.0, 3.0], lost=0.0) == 4.0
    assert retrieve.threshold([5.0, 9.0], [], lost=0.0) == 5.0
    assert retrieve.threshold([], [1.0], lost=0.0) == 0.0


def test_off_topic_is_refused_after_calibration() -> None:
    made = _retriever(["房屋租赁合同的期限", "劳动合同的解除", "道路交通安全"])
    tuned = made.calibrated(
        ["房屋租赁期限多久", "怎么解除劳动合同"], ["道士做饭", "同桌"], lost=0.0
    )
    assert tuned.answer("道具").refused
    assert not tuned.answer("房屋租赁合同").refused


def test_sections_follow_the_printed_numbers() -> None:
    lines = [
        "前言说明事项",
        "一、总体要求",
        "总的要求如下",
        "（一）目标",
        "1.数量",
        "（二）原则",
        "二、任务说明",
    ]
    found = retrieve.cut(lines, NUMBERING)
    assert [s.path for s in found] == ["0", "1", "1.1", "1.1.1", "1.2", "2"]
    assert found[3].headings == ("总体要求", "目标", "数量")
    assert "".join(found[3].printed) == "一、（一）1."


def test_an_article_is_not_cut_further() -> None:
    lines = [
        "第一百二十三条 应当提交：",
        "（一）申请书；",
        "（二）证明。",
        "第一百二十四条 本法施行",
    ]
    found = retrieve.cut(lines, NUMBERING)
    assert [s.path for s in found] == ["123", "124"]
    assert found[0].text.endswith("证明。")


def test_plain_lines_are_headings_only_without_numbers() -> None:
    assert [s.path for s in retrieve.cut(["办理条件", "年满十八岁，有住所。"], NUMBERING)] == [
        "办理条件"
    ]
    assert [s.path for s in retrieve.cut(["一、办理条件", "另行通知"], NUMBERING)] == ["1"]


def test_long_sections_are_parted_between_paragraphs() -> None:
    found = retrieve.cut(["一、说明", "甲" * 30, "乙" * 30], NUMBERING)
    assert [s.path for s in found] == ["1", "1#2"]


def test_paragraphs_of_a_word_document_and_a_page() -> None:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "<w:p><w:r><w:t>第一</w:t></w:r><w:r><w:t>条</w:t></w:r></w:p><w:p/>"
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{space}">{body}</w:document>')
    assert retrieve.paragraphs(".docx", held.getvalue()) == ["第一条"]
    page = "<title>通知</title><style>p{}</style><p>第一 <b>段</b></p><p>第二段</p>".encode()
    assert retrieve.paragraphs(".html", page) == ["通知", "第一 段", "第二段"]
    assert retrieve.paragraphs(".txt", "国标".encode("gb18030")) == ["国标"]


@pytest.mark.parametrize("data", [b"no archive", b"PK\x03\x04broken"])
def test_a_word_document_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a Word document"):
        retrieve.paragraphs(".docx", data)


def test_entities_in_a_word_document_are_refused() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    with pytest.raises(ValueError, match="entities"):
        retrieve.paragraphs(".docx", held.getvalue())


def test_quotation_is_whole_sentences_with_the_question_in_them() -> None:
    text = "甲" * 60 + "。押金应当退还。" + "乙" * 60 + "。"
    quoted = retrieve.extract(text, {"押金": 2.0, "退还": 2.0}, longest=40)
    assert quoted == "押金应当退还。"
    assert retrieve.extract("短文。", {}, longest=40) == "短文。"


def test_quotation_is_in_the_script_of_the_document() -> None:
    plain = "甲" * 60 + "。发展规划。" + "乙" * 60 + "。"
    shown = "甲" * 60 + "。發展規劃。" + "乙" * 60 + "。"
    assert retrieve.extract(plain, {"规划": 1.0}, longest=40, shown=shown) == "發展規劃。"


def _stand(acts: list[Act], day: str = "2022-01-01", **repealed: str) -> list[bool]:
    found = retrieve.in_force(acts, day=day, patterns=PATTERNS, repealed=repealed)
    return [not s.ended for s in found]


def test_only_the_newest_version_is_in_force() -> None:
    assert _stand(
        [Act("甲法", "2001-01-01", ["旧"]), Act("中华人民共和国甲法", "2010-01-01", ["新"])]
    ) == [
        False,
        True,
    ]


def test_an_act_ends_on_the_day_when_its_successor_begins() -> None:
    new = Act("乙法", "2021-06-01", ["本法自2022年3月1日起施行。《甲条例》同时废止。"])
    acts = [Act("甲条例", "2001-01-01", ["条文"]), new]
    assert _stand(acts, "2022-02-28") == [True, False]
    assert _stand(acts, "2022-03-01") == [False, True]


def test_a_reviewed_list_repeals_too() -> None:
    assert _stand([Act("丙法", "1999-01-01", ["条文"])], 丙法="2021-01-01") == [False]
    assert _stand([Act("丙法", "1999-01-01", ["条文"])], "2020-12-31", 丙法="2021-01-01") == [True]


def test_a_later_act_of_the_same_name_survives_an_older_repeal() -> None:
    old = Act("丁规则", "2012-01-01", ["自2013年1月1日起施行。《戊规则》同时废止。"])
    assert _stand([old, Act("戊规则", "2019-01-01", ["条文"])]) == [True, True]


def test_ranking_by_hand() -> None:
    """Ranks of the first gold passage: 1, 3 and none; recall 1/2, 1 and 0."""
    ranked = [["a", "b"], ["x", "y", "c"], ["z"]]
    scores = retrieve.metrics.ranking(ranked, [["a", "q"], ["c"], ["d"]])
    assert scores["hit1"] == pytest.approx(1 / 3)
    assert scores["hit5"] == pytest.approx(2 / 3)
    assert scores["mrr10"] == pytest.approx((1 + 1 / 3) / 3)
    assert scores["recall100"] == pytest.approx(0.5)
    with pytest.raises(ValueError, match="gold"):
        retrieve.metrics.ranking([["a"]], [[]])


def test_refusal_shares_by_hand() -> None:
    found = retrieve.metrics.refusal([True, False, False, True], [True, True, False, False])
    assert found == {"off_topic_refused": 0.5, "on_topic_kept": 0.5}


def test_collection_names_the_file_that_it_cannot_read() -> None:
    patterns = {
        "title": "(?P<name>.+通知)",
        "title_cut": "$^",
        "date": r"(?P<year>\d{4})年(?P<month>\d+)月(?P<day>\d+)日",
    }
    files = {"b.txt": "关于停水的通知\n一、时间安排\n明天停水。\n2024年5月1日".encode()}
    pieces = retrieve.collect(files, numbering=NUMBERING, patterns=patterns)
    assert pieces[-1].id == "b/1"
    assert pieces[-1].title == "关于停水的通知"
    assert pieces[-1].date == "2024-05-01"
    with pytest.raises(ValueError, match=re.escape("a.xls")):
        retrieve.collect({"a.xls": b""}, numbering=NUMBERING, patterns=patterns)
    table = {"c.csv": "title,no,text\n办法,第一条,应当申报\n".encode()}
    row = retrieve.collect(table, numbering=NUMBERING, patterns=patterns)[0]
    assert (row.title, row.printed, row.text) == ("办法", "第一条", "应当申报")
