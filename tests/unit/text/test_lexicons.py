from pathlib import Path

import pytest

from streams.config import shipped
from streams.errors import BadConfig
from streams.text.lexicons import KINDS, Lexicons, load

HEAD = 'name = "own"\nversion = 1\nlicence = "MIT"\norigin = "test"\npolarity = true\n'
BRAND = 'name = "甲"\nversion = 1\nlicence = "MIT"\n'


@pytest.fixture(scope="module")
def ours() -> Lexicons:
    return load([shipped("lexicons")])


def test_ours_are_large_enough(ours: Lexicons) -> None:
    kinds = [entry.kind for entry in ours.sentiment.values()]
    assert set(kinds) == set(KINDS)
    assert kinds.count("pos") > 300
    assert kinds.count("neg") > 300
    assert len(ours.stopwords) > 300
    assert {"[怒]", "😡"} < ours.sentiment.keys()


def test_our_weights_mean_something(ours: Lexicons) -> None:
    for word, entry in ours.sentiment.items():
        allowed: dict[str, set[float]] = {
            "pos": {1, 2},
            "neg": {1, 2},
            "degree": {0.6, 1.5},
            "plain": {0},
            "compare": {1, 2},
        }
        assert entry.weight in allowed.get(entry.kind, {1}), word


def test_our_brands_are_each_others_competitors(ours: Lexicons) -> None:
    names = {brand.name for brand in ours.brands}
    assert len(names) >= 3
    for brand in ours.brands:
        assert {brand.name, *brand.competitors} == names
        assert brand.name in brand.terms


def test_a_term_with_a_space_is_also_found_without(ours: Lexicons) -> None:
    [brand] = [brand for brand in ours.brands if brand.name == "星曜"]
    assert {"星曜 x1 pro", "星曜x1pro"} < set(brand.terms)


def write(
    folder: Path, *, head: str = HEAD, words: str = "word\tkind\tweight\n好\tpos\t1\n", **brands: str
) -> Path:
    own = folder / "own"
    own.mkdir()
    (own / "lexicon.toml").write_text(head, encoding="utf-8")
    (own / "words.tsv").write_text(words, encoding="utf-8")
    (folder / "brands").mkdir()
    for name, content in brands.items():
        (folder / "brands" / f"{name}.toml").write_text(content, encoding="utf-8")
    return folder


def test_a_later_folder_overrules_word_by_word(tmp_path: Path, ours: Lexicons) -> None:
    own = write(tmp_path, words="word\tkind\tweight\n# ours\n断连\tplain\t0\n")
    both = load([shipped("lexicons"), own])
    assert both.sentiment["断连"].kind == "plain"
    assert both.sentiment["发热"] == ours.sentiment["发热"]
    assert both.version == ours.version + 1
    assert both.digest != ours.digest


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"head": HEAD.replace('licence = "MIT"\n', "")}, "缺少 licence"),
        ({"head": HEAD.replace("own", "other")}, "须与目录名 own 相同"),
        ({"head": HEAD.replace("= 1", '= "1"')}, "version 须为整数"),
        ({"head": "name ="}, "读不懂"),
        ({"words": "词\t类\n"}, "第一行须为 word<TAB>kind<TAB>weight"),
        ({"words": "word\tkind\tweight\n好\tpos\t1\n好\tneg\t1\n"}, "第 3 行：好 与第 2 行重复"),
        ({"words": "word\tkind\tweight\nＧＯＯＤ\tpos\t1\ngood\tpos\t1\n"}, "重复"),
        ({"words": "word\tkind\tweight\n好\tgood\t1\n"}, "没有 good 这一类"),
        ({"words": "word\tkind\tweight\n好\tpos\n"}, "要 3 列"),
        ({"words": "word\tkind\tweight\n好\tpos\t很\n"}, "权重须为数"),
        ({"a": BRAND, "b": BRAND}, "已在别的文件里"),
        ({"a": BRAND, "b": BRAND.replace("甲", "乙") + 'aliases = ["甲"]'}, "别名 甲 同属"),
        ({"a": BRAND + 'alias = ["乙"]'}, "没有 alias 这一项"),
        ({"a": BRAND + 'aliases = "乙"'}, "aliases 须为"),
        ({"a": BRAND + 'aliases = [" "]'}, "别名是空的"),
        ({"a": BRAND + 'words = ["乙 5 n x"]'}, "词 [词频] [词性]"),
        ({"a": BRAND.replace("version = 1\n", "")}, "缺少 version"),
        ({"a": BRAND.replace("version = 1", 'version = "一"')}, "version 须为整数"),
    ],
)
def test_a_mistake_names_file_place_and_remedy(tmp_path: Path, files: dict[str, str], said: str) -> None:
    folder = write(tmp_path, **files)
    with pytest.raises(BadConfig) as raised:
        load([folder])
    assert said in str(raised.value)
    assert str(tmp_path) in str(raised.value) or "同属" in said


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="不存在"):
        load([tmp_path / "nowhere"])


def test_a_brand_brings_its_user_words(tmp_path: Path) -> None:
    folder = write(tmp_path, a=BRAND + 'words = ["灵犀系统 300 nz", "超级快充"]\nproducts = ["甲 A7"]')
    lines = {str(word) for word in load([folder]).user_words}
    assert {"灵犀系统 300 nz", "超级快充", "甲", "甲a7"} <= lines


def test_changed_files_have_a_new_version(ours: Lexicons) -> None:
    """When this fails, raise `version` in the file you changed, then write down both new values here.

    Rows carry the version; the same version must always mean the same words.
    """
    assert (ours.version, ours.digest[:12]) == (6, "547ced0f570b")
