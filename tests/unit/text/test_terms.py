import pytest

from streams.text.normalise import normalise
from streams.text.profiles import Brand
from streams.text.segment import Segmenter, UserWord
from streams.text.terms import Hit, Terms

BRANDS = [
    Brand("三星", ("三星", "三星手机", "samsung", "s23")),
    Brand("极光", ("极光", "极光note7", "极光 note 7")),
    Brand("云岭", ("云岭",)),
]
SEGMENTER = Segmenter([UserWord("北极光"), UserWord("云岭"), UserWord("极光")])
TERMS = Terms(BRANDS, SEGMENTER)


def find(*texts: str) -> dict[int, list[Hit]]:
    folded = normalise(texts)
    return TERMS.find(folded, SEGMENTER.cut(folded))


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("三星手机不错", ["三星手机"]),
        ("SAMSUNG和三星", ["samsung", "三星"]),
        ("新款S23发布", ["s23"]),
        ("ps23和S23u都不是", []),
        ("极光Note7比云岭好", ["极光note7", "云岭"]),
        ("极光Note70是另一款", ["极光"]),
        ("看到了北极光", []),
        ("云岭云岭", ["云岭", "云岭"]),
        ("没有提到谁", []),
        ("", []),
    ],
)
def test_finds_whole_terms_only(text: str, terms: list[str]) -> None:
    [folded] = normalise([text])
    hits = find(text).get(0, [])
    assert [folded[hit.start : hit.stop] for hit in hits] == terms


def test_a_guessed_word_takes_nothing_away() -> None:
    untaught = Segmenter()
    [tokens] = untaught.cut(["赵星曜说"])
    assert tokens == ["赵星曜", "说"], "the HMM guesses a name here"
    terms = Terms([Brand("星曜", ("星曜",))], untaught)
    assert terms.find(["赵星曜说"], [tokens]) == {0: [Hit(1, 3, "星曜")]}


def test_places_are_counted_within_each_text() -> None:
    assert find("x", "我的三星", "", "云岭和三星") == {
        1: [Hit(2, 4, "三星")],
        3: [Hit(0, 2, "云岭"), Hit(3, 5, "三星")],
    }


def test_without_brands_nothing_is_found() -> None:
    assert Terms([], SEGMENTER).find(["三星"], [["三星"]]) == {}


FRUIT = Brand(
    "苹果",
    ("苹果", "苹果手机", "iphone"),
    contexts=("斤", "红富士"),
    shadows=("苹果汁", "青苹果"),
    clear=frozenset({"iphone"}),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("苹果手机降价了", ["苹果手机"]),
        ("买了两斤苹果", []),
        ("红富士和苹果", []),
        ("喝苹果汁", []),
        ("喝苹果汁看iphone", ["iphone"]),
        ("青苹果乐园", []),
        ("买一斤送iphone", ["iphone"]),
        ("两斤橘子，然后下午去修了那台旧的苹果", ["苹果"]),
    ],
)
def test_exclusions_take_a_mention_away(text: str, found: list[str]) -> None:
    segmenter = Segmenter([UserWord("苹果")])
    hits = Terms([FRUIT], segmenter).find([text], segmenter.cut([text])).get(0, [])
    assert [text[hit.start : hit.stop] for hit in hits] == found


def test_known_brands_are_found_beside_a_monitored_one_only() -> None:
    known = [Brand("小米", ("小米", "redmi"))]
    terms = Terms(BRANDS, SEGMENTER, known)
    texts = ["三星和小米", "小米真好"]
    cuts = SEGMENTER.cut(texts)
    assert terms.brands == {"三星", "极光", "云岭"}
    assert terms.find(texts, cuts) == {0: [Hit(0, 2, "三星"), Hit(3, 5, "小米")]}
    assert terms.find(texts, cuts, ["", "小米"])[1] == [Hit(0, 2, "小米")]
    assert (terms.canonical("Ｒedmi"), terms.canonical("无名")) == ("小米", "无名")


def test_a_name_that_is_asked_for_is_found_as_it_is_written() -> None:
    texts = ["三星比Ａbc12好", "abc12x", "格力空调"]
    folded = normalise(texts)
    found = TERMS.find(folded, SEGMENTER.cut(folded), ["ABC12", "abc12", "格力"])
    assert found == {0: [Hit(0, 2, "三星"), Hit(3, 8, "ABC12")], 2: [Hit(0, 2, "格力")]}
