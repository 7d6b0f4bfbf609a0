from pathlib import Path

import pytest

from streams.config import shipped
from streams.errors import BadConfig
from streams.text.lexicons import COLUMNS, KINDS, RELATIONS, Lexicons, check, digest, load
from streams.text.profiles import CompetitorSet

HEAD = 'name = "own"\nversion = 1\nlicence = "MIT"\norigin = "test"\npolarity = true\n'
SET = "sets = [{{name = '全部', version = {}, members = [{}]}}]\n"
BRAND = 'name = "甲"\nversion = 1\nlicence = "MIT"\n'


@pytest.fixture(scope="module")
def ours() -> Lexicons:
    return load([shipped("lexicons")])


def test_ours_are_large_enough(ours: Lexicons) -> None:
    kinds = [entry.kind for entry in ours.sentiment.values()]
    assert set(kinds) == set(KINDS)
    assert set(ours.relations.values()) == set(RELATIONS)
    assert len(ours.known) > 100
    assert kinds.count("pos") > 300
    assert kinds.count("neg") > 300
    assert len(ours.stopwords) > 300
    assert {"[怒]", "😡"} < ours.sentiment.keys()


def test_our_weights_mean_something(ours: Lexicons) -> None:
    for word, entry in ours.sentiment.items():
        allowed: dict[str, set[float]] = {
            "pos": {0.1, 0.4, 1, 2, 3},
            "neg": {0.1, 0.4, 1, 2, 3},
            "not": {1, 2},
            "degree": {0.2, 0.3, 0.4, 0.6, 1.5},
            "plain": {0, 2},
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
    assert both.versions == {**ours.versions, "own": 1}
    assert both.digest != ours.digest


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"head": HEAD.replace('licence = "MIT"\n', "")}, "lexicon.toml 第 1 行第 1 列：缺少 licence"),
        ({"head": HEAD.replace("own", "other")}, "第 1 行第 8 列：name 是 other，须与目录名 own 相同"),
        ({"head": HEAD.replace("= 1", '= "1"')}, "第 2 行第 11 列：version 须为整数"),
        ({"head": "name ="}, "第 1 行第 7 列：不是 TOML"),
        ({"head": HEAD.replace("polarity = true", 'kind = "sentiments"')}, "第 5 行第 8 列：kind 须为"),
        ({"words": "词\t类\n"}, "第 1 行第 1 列：第一行须为 word<TAB>kind<TAB>weight"),
        ({"words": "word\tkind\tweight\n好\tpos\t1\n好\tneg\t1\n"}, "第 3 行第 1 列：好 与第 2 行重复"),
        ({"words": "word\tkind\tweight\nＧＯＯＤ\tpos\t1\ngood\tpos\t1\n"}, "重复"),
        ({"words": "word\tkind\tweight\n好\tgood\t1\n"}, "第 2 行第 3 列：没有 good 这一类"),
        ({"words": "word\tkind\tweight\n好\tposs\t1\n"}, "是不是想写 pos"),
        ({"words": "word\tkind\tweight\n好\tpos\n"}, "要 3 列"),
        ({"words": "word\tkind\tweight\n好\tpos\t很\n"}, "权重须为数"),
        ({"a": BRAND, "b": BRAND}, "第 1 行第 8 列：品牌 甲 已在 a.toml 里"),
        (
            {"a": BRAND, "b": BRAND.replace("甲", "乙") + 'aliases = ["丙", "甲"]'},
            "b.toml 第 4 行第 17 列：别名 甲 同属 甲 和 乙",
        ),
        ({"a": BRAND + 'alias = ["乙"]'}, "第 4 行第 1 列：没有 alias 这一项，是不是想写 aliases"),
        ({"a": BRAND + 'aliases = "乙"'}, "第 4 行第 11 列：aliases 须为"),
        ({"a": BRAND + 'aliases = ["乙", " "]'}, "第 4 行第 17 列：aliases 的第 2 项是空的"),
        ({"a": BRAND + 'words = ["乙 5 n x"]'}, "第 4 行第 10 列：words 里的"),
        ({"a": BRAND + 'exclusions = ["甲"]'}, "第 4 行第 15 列：甲 就是这个品牌的叫法"),
        ({"a": BRAND + 'accounts = ["官方"]'}, "第 4 行第 13 列：官方账号 官方 须为"),
        ({"a": BRAND + 'sector = "手机"'}, "第 4 行第 10 列：sector 须为"),
        ({"a": BRAND + '[[sets]]\nname = "全部"'}, "第 4 行第 1 列：竞品集要有"),
        ({"a": BRAND + SET.format(1, '"乙"')}, "第 4 行第 46 列：竞品集 全部 要包含 甲 自己"),
        ({"a": BRAND + SET.format(1, '"甲"') + SET[7:].format(1, '"甲"')}, "不是 TOML"),
        (
            {
                "a": BRAND + SET.format(1, '"甲"'),
                "b": BRAND.replace("甲", "乙") + SET.format(1, '"甲", "乙"'),
            },
            "竞品集 全部 第 1 版在别的品牌里成员不同",
        ),
        ({"a": BRAND.replace("version = 1\n", "")}, "缺少 version"),
        ({"a": BRAND.replace("version = 1", 'version = "一"')}, "version 须为整数"),
    ],
)
def test_a_mistake_names_file_place_and_remedy(tmp_path: Path, files: dict[str, str], said: str) -> None:
    folder = write(tmp_path, **files)
    with pytest.raises(BadConfig) as raised:
        load([folder])
    assert said in str(raised.value)
    assert str(tmp_path) in str(raised.value)
    assert str(raised.value) in map(str, check(folder))


def test_check_tells_all_mistakes_and_runs_the_examples(tmp_path: Path) -> None:
    brand = BRAND + 'competitors = ["乙"]\n[examples]\nmentions = ["甲好", "没有谁"]\nothers = ["甲"]\n'
    folder = write(
        tmp_path, a=brand, b="name = 3\nx = 1", words="word\tkind\tweight\n好\tgood\t1\n坏\tbad\t1\n"
    )
    found = [(p.file.name, p.line, p.column, p.severity) for p in check(folder)]
    assert found == [
        ("words.tsv", 2, 3, "error"),
        ("words.tsv", 3, 3, "error"),
        ("b.toml", 2, 1, "error"),
        ("b.toml", 1, 1, "error"),
        ("b.toml", 1, 1, "error"),
        ("a.toml", 4, 16, "warning"),
        ("a.toml", 6, 19, "error"),
        ("a.toml", 7, 11, "error"),
    ]


def test_ours_have_no_mistakes() -> None:
    assert check(shipped("lexicons")) == []
    assert [problem.message for problem in check(Path("nowhere"))] == ["没有这个目录"]


def test_old_versions_of_a_competitor_set_stay(tmp_path: Path) -> None:
    one = "[[sets]]\nname = '全部'\nversion = {}\nmembers = [{}]\n"
    loaded = load([write(tmp_path, a=BRAND + one.format(1, "'甲'") + one.format(2, "'甲', '乙'"))])
    assert loaded.sets == (CompetitorSet("全部", 1, ("甲",)), CompetitorSet("全部", 2, ("甲", "乙")))
    assert loaded.brands[0].competitors == ("乙",), "the newest version tells who is compared today"


def test_official_accounts_are_known_by_platform_and_id(tmp_path: Path) -> None:
    loaded = load([write(tmp_path, a=BRAND + 'accounts = ["微博:123", "论坛: a:b "]')])
    assert loaded.accounts == {("微博", "123"): "甲", ("论坛", "a:b"): "甲"}


def test_a_brand_with_a_profile_is_no_longer_a_known_one(tmp_path: Path, ours: Lexicons) -> None:
    assert any(brand.name == "三星" for brand in ours.known)
    both = load([shipped("lexicons"), write(tmp_path, a=BRAND.replace("甲", "三星"))])
    assert not any(brand.name == "三星" for brand in both.known)


def test_a_lexicon_of_before_may_say_polarity(tmp_path: Path) -> None:
    head = HEAD.replace("polarity = true", "polarity = false")
    assert load([write(tmp_path, head=head, words="word\n的\n")]).stopwords == {"的"}
    assert COLUMNS["stopwords"] == ("word",)


def test_the_digest_of_names_and_times_tells_of_changes(tmp_path: Path) -> None:
    folder = write(tmp_path, a=BRAND)
    first = digest([folder])
    assert digest([folder]) == first
    (folder / "brands" / "a.toml").write_text(BRAND + "# x\n", encoding="utf-8")
    second = digest([folder])
    (folder / "brands" / "a.toml").unlink()
    assert len({first, second, digest([folder])}) == 3


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="不存在"):
        load([tmp_path / "nowhere"])


def test_a_brand_brings_its_user_words(tmp_path: Path) -> None:
    folder = write(tmp_path, a=BRAND + 'words = ["灵犀系统 300 nz", "超级快充"]\nproducts = ["甲 A7"]')
    lines = {str(word) for word in load([folder]).user_words}
    assert {"灵犀系统 300 nz", "超级快充", "甲 nz", "甲a7 nz"} <= lines


def test_every_file_tells_its_version(ours: Lexicons) -> None:
    assert {"sentiment", "relations", "brands/星曜"} < ours.versions.keys()
    assert min(ours.versions.values()) > 0
