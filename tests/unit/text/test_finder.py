import csv
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.text.finder import Finder, Found, Literals, Term
from streams.text.normalise import fold, normalise
from streams.text.segment import NAME, Segmenter, UserWord
from streams.text.track import squeeze
from streams.text.view import Texts, View

DATA = Path(__file__).parent / "data"
SEGMENTER = Segmenter()


def find(finder: Finder, *texts: str) -> dict[int, list[Found]]:
    folded = normalise(texts)
    return finder.find(texts, folded, SEGMENTER.cut(folded))


def spans(term: Term, text: str) -> list[str]:
    return [text[hit.start : hit.stop] for hit in find(Finder([term], SEGMENTER), text).get(0, [])]


def pairs(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    for row in rows:
        row["text"] = re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), row["text"])
    return rows


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("大麻", "买大麻啊", ["大麻"]),
        ("大麻", "大麻烦", []),
        ("大麻", "很大，麻烦", []),
        ("大麻", "他抽大.麻和大麻", ["大.麻", "大麻"]),
        ("mi", "family MI mini", ["MI"]),
        ("SM", "smoking sm，ＳＭ", ["sm", "ＳＭ"]),
        ("13", "138 和 13", ["13"]),
        ("13", "一三八", []),
        ("138", "一三八", ["一三八"]),
        ("下三滥", "下三滥的手段", ["下三滥"]),
        ("9.9", "99元，9.9包邮", ["9.9"]),
        ("c++", "c语言和C++", ["C++"]),
        ("note 7", "note7 note  7 Note　７", ["note  7", "Note　７"]),
        ("🤮", "真🤮", ["🤮"]),
        ("退款", "退\u200b款，退退款款", ["退\u200b款", "退退款款"]),
        ("妈的", "妈妈的味道", []),
        ("好看", "好好看看说明书", []),
        ("刷单", "兼职刷单日结，刷*单日结", ["刷单", "刷*单"]),
        ("刷单", "用软件刷单词，刷*单词", []),
        ("二手", "做工精细。2.手写识别", []),
        ("好", "好好学习，真好", ["好"]),
        ("哈哈", "哈哈，好笑", ["哈哈"]),
        ("加微信", "c++微信", []),
    ],
)
def test_a_term_is_a_word_however_it_is_written(term: str, text: str, found: list[str]) -> None:
    assert spans(Term(term), text) == found


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("麻烦", "大麻烦", ["麻烦"]),
        ("强大", "最强大模型", ["强大"]),
        ("大模", "大模型", ["大模"]),
        ("mi", "family", []),
        ("很好，不错", "很好，不错", ["很好，不错"]),
        ("很好，不错", "很好不错", []),
        ("！！", "好！！", ["！！"]),
    ],
)
def test_a_phrase_is_the_same_characters(phrase: str, text: str, found: list[str]) -> None:
    assert spans(Term(phrase, phrase=True), text) == found


def test_a_guessed_word_rejects_nothing() -> None:
    [tokens] = SEGMENTER.cut(["赵星曜说"])
    assert tokens[0] == "赵星曜"
    assert not SEGMENTER.knows("赵星曜")
    assert spans(Term("星曜"), "赵星曜说") == ["星曜"]


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("退货", "想退货了", ["退货"]),
        ("发热", "发热严重", ["发热"]),
        ("星曜", "星曜手机壳", []),
        ("大麻", "大麻烦", []),
    ],
)
def test_a_user_word_hides_no_dictionary_word(term: str, text: str, found: list[str]) -> None:
    words = [UserWord(word) for word in ("想退货", "发热严重", "星曜手机壳")]
    segmenter = Segmenter(words)
    hits = Finder([Term(term)], segmenter).find([text], [text], segmenter.cut([text]))
    assert [text[hit.start : hit.stop] for hit in hits.get(0, [])] == found


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("手枪", "手抢现货", ["手抢"]),
        ("手枪", "双手抢红包", []),
        ("枪支", "抢支配件", ["抢支"]),
        ("洗钱", "手洗前先泡一下", []),
        ("割韭菜", "又割9菜", ["割9菜"]),
        ("骗子", "pian子公司", ["pian子"]),
        ("爆炸", "火暴火乍", ["火暴火乍"]),
        ("拼多多", "拼duo多和pin duo duo", ["拼duo多", "pin duo duo"]),
        ("拼多多", "拼.多.多", ["拼.多.多"]),
        ("qq", "加Q-Q群", ["Q-Q"]),
        ("垃圾", "真lj", ["lj"]),
        ("垃圾", "LJ品牌官网", []),
        ("赌球", "赌@球、赌!球", ["赌@球", "赌!球"]),
    ],
)
def test_evasions_and_their_ordinary_neighbours(term: str, text: str, found: list[str]) -> None:
    assert spans(Term(term, evasions=True), text) == found


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("oppo", "vivo/oppo都行", ["oppo"]),
        ("oppo", "VIVO OPPO 都行", ["OPPO"]),
        ("t", "that t shirt", ["t"]),
        ("apple", "a.p.p.l.e都行", ["a.p.p.l.e"]),
        ("apple", "aple, appple", ["appple"]),
        ("pear red", "big pear red apple", ["pear red"]),
    ],
)
def test_a_latin_letter_is_repeated_side_by_side_only(term: str, text: str, found: list[str]) -> None:
    assert spans(Term(term), text) == found


def test_a_phrase_may_repeat_a_character_over_its_own_symbol() -> None:
    assert spans(Term("很好 好吃", phrase=True), "很好 好吃") == ["很好 好吃"]


def test_only_evasions_on_request() -> None:
    assert spans(Term("微信"), "加薇信 weixin wx") == []
    assert spans(Term("微信", evasions=True), "加薇信，weixin，vx：abc123") == ["薇信", "weixin", "vx"]


def test_names_that_mean_something_else_count_where_somebody_is_asked_to_get_in_touch() -> None:
    assert spans(Term("微信", evasions=True), "他很有威信，加我威信abc123") == ["威信"]


def test_places_tokens_and_variants() -> None:
    finder = Finder([Term("大麻"), Term("枪支", evasions=True)], SEGMENTER)
    text = "\u200b你好，毒品大＊麻 木仓支！"
    [tokens] = SEGMENTER.cut(normalise([text]))
    assert tokens == ["你好", "，", "毒品", "大", "＊", "麻", " ", "木仓支", "！"]
    assert find(finder, "无", text) == {
        1: [Found(0, 6, 9, 2, 4, "inserted"), Found(1, 10, 13, 4, 5, "split")],
    }


def test_evasions_are_found() -> None:
    rows = pairs("evasions.tsv")
    assert len(rows) >= 200
    missed = [row for row in rows if not spans(Term(row["term"], evasions=True), row["text"])]
    assert len(missed) <= 0.05 * len(rows), missed


def test_always_on_evasions_need_no_request() -> None:
    rows = [row for row in pairs("evasions.tsv") if row["variant"] in ("", "inserted", "repeated")]
    missed = [row for row in rows if not spans(Term(row["term"]), row["text"])]
    assert len(missed) <= 0.05 * len(rows), missed


def test_variants_are_named() -> None:
    rows = pairs("evasions.tsv")
    wrong = []
    for row in rows:
        hits = find(Finder([Term(row["term"], evasions=True)], SEGMENTER), row["text"]).get(0, [])
        if hits and row["variant"] not in {hit.variant for hit in hits}:
            wrong.append((row, hits))
    assert len(wrong) <= 0.02 * len(rows), wrong


def test_ordinary_writing_is_left_alone() -> None:
    rows = pairs("benign.tsv")
    assert len(rows) >= 200
    taken = [row for row in rows if spans(Term(row["term"], evasions=True), row["text"])]
    assert len(taken) <= 0.02 * len(rows), taken


CLEAN = [
    ("退款", "我要退款，快点"),
    ("客服", "打给客服也没用"),
    ("vpn", "谁有 vpn 推荐"),
    ("开发票", "店家不给开发票"),
]
TRADITIONAL = str.maketrans("开发票点没推荐给谁车东", "開發票點沒推薦給誰車東")
WIDE = {point: point + 0xFEE0 for point in range(0x21, 0x7F)}


@given(st.data(), st.sampled_from(CLEAN))
def test_what_is_found_is_found_in_any_dress(data: st.DataObject, pair: tuple[str, str]) -> None:
    term, text = pair
    assert spans(Term(term), text)
    if data.draw(st.booleans()):
        text = text.translate(WIDE)
    if data.draw(st.booleans()):
        text = text.translate(TRADITIONAL)
    hidden = data.draw(st.lists(st.sampled_from(["", "\u200b", "\u200d", "\ufeff", "\u202e", "\u0336"]),
                                min_size=len(text), max_size=len(text)))  # fmt: skip
    dressed = "".join(character + extra for character, extra in zip(text, hidden, strict=True))
    [shown] = spans(Term(term), dressed)
    assert fold(shown) == term


SOUP = st.text(
    st.sampled_from("大麻烦微薇信wxv+加q退款 ，。.*😀\u200b\u0301木仓支Ｗ①1一三八哈")
    | st.characters(codec="utf-8"),
    max_size=40,
)
TERMS = [
    Term(text, phrase, evasions)
    for text in ("大麻", "微信", "加微信", "退款", "枪支", "138", "vx", "哈哈", "一", "退 款", "🤮")
    for phrase in (False, True)
    for evasions in (False, True)
]
FINDER = Finder(TERMS, SEGMENTER)
COUNTED = TERMS[::8]
LITERALS = Literals(TERMS, SEGMENTER, COUNTED)


@settings(max_examples=200)
@given(st.lists(SOUP, max_size=6))
def test_the_cut_of_batches_changes_nothing_and_places_are_real(texts: list[str]) -> None:
    together = find(FINDER, *texts)
    for index, text in enumerate(texts):
        hits = together.get(index, [])
        assert hits == find(FINDER, text).get(0, [])
        assert hits == sorted(hits, key=lambda hit: (hit.start, hit.term))
        for hit in hits:
            assert 0 <= hit.start < hit.stop <= len(text)
            assert fold(text[hit.start : hit.stop])
            assert 0 <= hit.first <= hit.last


@settings(max_examples=100)
@given(st.lists(SOUP, min_size=1, max_size=4))
def test_one_term_in_one_text_is_what_the_finder_finds(texts: list[str]) -> None:
    folded = normalise(texts)
    batch = Texts(texts, folded, SEGMENTER.cut(folded), squeeze(folded), SEGMENTER)
    together = find(FINDER, *texts)
    for index in range(len(texts)):
        view = View(batch, index)
        found = [hit for number in range(len(TERMS)) for hit in LITERALS.find(number, view)]
        assert sorted(found) == sorted(
            hit if TERMS[hit.term] in COUNTED else hit._replace(first=0, last=0)
            for hit in together.get(index, [])
            if not TERMS[hit.term].evasions
        )


@pytest.mark.parametrize(
    "text",
    [
        "大" * 1_000_000,
        "a" * 1_000_000,
        "大麻" * 100_000,
        "😀" * 10_000 + "大麻",
        "大" + "😀" * 10_000 + "麻",
        "大" + "\u0336\u0301\u0489" * 300_000 + "麻",
        "\u202e" * 500_000 + "大麻",
        "大\x00" * 500_000 + "麻",
        "wei xin" * 100_000,
        "+" * 1_000_000,
        "大 " * 300_000,
    ],
    ids=range(11),
)
def test_monsters_take_no_time(text: str) -> None:
    finder = Finder(
        [Term("大麻", evasions=True), Term("微信", evasions=True), Term("加v", evasions=True)], SEGMENTER
    )
    folded = normalise([text])
    cuts = SEGMENTER.cut(folded)
    view = View(Texts([text], folded, cuts, squeeze(folded), SEGMENTER), 0)
    plain = Literals([Term("大麻"), Term("微信")], SEGMENTER, ())
    began = time.process_time()
    finder.find([text], folded, cuts)
    plain.find(0, view)
    plain.find(1, view)
    assert time.process_time() - began < 5


def test_no_terms_find_nothing() -> None:
    assert find(Finder([], SEGMENTER), "大麻") == {}
    assert find(Finder([Term(""), Term("\u200b")], SEGMENTER), "大麻") == {}


def test_what_stands_in_a_brands_own_name_is_meant() -> None:
    segmenter = Segmenter([UserWord("星曜", tag=NAME), UserWord("星曜手机", tag=NAME), UserWord("星曜石")])
    finder = Finder([Term("星曜"), Term("手机")], segmenter)
    texts = ["星曜手机起火了", "手串是星曜石的"]
    found = finder.find(texts, texts, segmenter.cut(texts))
    assert {row: [hit.term for hit in hits] for row, hits in found.items()} == {0: [0, 1]}
