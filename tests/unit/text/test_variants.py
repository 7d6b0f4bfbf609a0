from pathlib import Path

import pytest

from streams.config import shipped
from streams.errors import BadConfig
from streams.text.characters import Characters, load
from streams.text.normalise import normalise
from streams.text.sounds import sounds
from streams.text.track import squeeze
from streams.text.variants import lettered, literal, renamed, shaped, shortened, spoken

CHARACTERS: Characters = load(shipped("lexicons") / "characters" / "characters.toml")


def heard(text: str) -> str:
    return squeeze([text]).sound(sounds().table)


def test_squeezing_leaves_letters_once_and_leads_back() -> None:
    track = squeeze(normalise(["大.大麻__叁1", "", "a  a!B"]))
    assert track.squeezed == "大麻31\x1f\x1faab"
    assert [track.joined[place] for place in track.places] == list("大麻叁1\x1f\x1faab")
    assert track.begins == [0, 9, 10, 17]


def test_digits_are_never_taken_for_repeats() -> None:
    assert squeeze(["100 一一"]).squeezed == "10011"


def test_sounds_are_toneless() -> None:
    assert heard("微信") == heard("薇芯") != heard("位置")
    assert heard("女") == sounds().code["nv"]
    assert heard("wx,大") == "wx" + sounds().code["da"]


def test_a_term_keeps_the_symbols_within() -> None:
    pattern = literal(0, "note 7")
    assert (pattern.units, pattern.gaps) == ("note7", ((4, " "),))
    assert literal(0, "天天向上").runs == (2, 1, 1)


def test_spoken_patterns() -> None:
    table = sounds().code
    ways = {(pattern.units, pattern.variant) for pattern in spoken(0, "微信", CHARACTERS)}
    wei, xin = table["wei"], table["xin"]
    assert ways == {
        (wei + xin, "homophone"),
        ("weixin", "pinyin"),
        (wei + "xin", "pinyin"),
        ("wei" + xin, "pinyin"),
    }


def test_a_word_with_two_readings_is_heard_both_ways() -> None:
    table = sounds().code
    units = {pattern.units for pattern in spoken(0, "重庆", CHARACTERS)}
    assert {table["zhong"] + table["qing"], table["chong"] + table["qing"], "chongqing"} <= units


@pytest.mark.parametrize("term", ["枪", "vpn", "", "note 7", "一二三", "字" * 30])
def test_single_characters_and_foreign_terms_have_no_sound(term: str) -> None:
    assert not list(spoken(0, term, CHARACTERS))
    assert not list(shortened(0, term, CHARACTERS))


def test_ordinary_latin_words_are_no_pinyin_and_no_initials() -> None:
    assert "women" not in {pattern.units for pattern in spoken(0, "我们", CHARACTERS)}
    assert {pattern.evidence for pattern in shortened(0, "大麻", CHARACTERS) if pattern.units == "dm"} == {
        "demand"
    }
    assert "ad" not in {pattern.units for pattern in shortened(0, "暗淡", CHARACTERS)}
    assert "4s" not in {pattern.units for pattern in shortened(0, "四是", CHARACTERS)}


def test_initials() -> None:
    units = {pattern.units for pattern in shortened(0, "支付宝", CHARACTERS)}
    assert {"zfb", "z付b", "支fb", "zf宝", "zfbao"} <= units
    assert {"wx", "vx", "v信", "微x"} <= {pattern.units for pattern in shortened(0, "微信", CHARACTERS)}


def test_split_characters_in_every_form_of_their_radicals() -> None:
    units = {pattern.units for pattern in shaped(0, "强奸", CHARACTERS)}
    assert {"弓虽女干", "弓虽奸", "强女干"} <= units
    assert {"讠射", "言射"} <= {pattern.units for pattern in shaped(0, "谢", CHARACTERS)}


def test_slang_replaces_the_name_within_a_term() -> None:
    ways = {(pattern.text, pattern.contact, pattern.plus) for pattern in renamed(0, "加微信", CHARACTERS)}
    assert {("加v信", False, False), ("v信", False, True), ("加卫星", True, False)} <= ways


def test_long_terms_do_not_explode() -> None:
    assert len(list(spoken(0, "中国人民银行信用卡中心", CHARACTERS))) < 150
    assert len(list(shaped(0, "微信谢谢强奸诈骗枪炮", CHARACTERS))) < 300


@pytest.mark.parametrize(
    ("content", "says"),
    [("", "缺少 name"), ("= 1", "读不懂"), (None, "读不懂")],
)
def test_mistakes_are_named(tmp_path: Path, content: str | None, says: str) -> None:
    file = tmp_path / "characters.toml"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(BadConfig, match=says):
        load(file)


def test_a_lookalike_is_one_character_for_one(tmp_path: Path) -> None:
    source = (shipped("lexicons") / "characters" / "characters.toml").read_text(encoding="utf-8")
    file = tmp_path / "characters.toml"
    file.write_text(source.replace('alike = """', 'alike = """微信三 '), encoding="utf-8")
    with pytest.raises(BadConfig, match="微信三"):
        load(file)


def test_the_pinyin_of_a_place_is_the_place() -> None:
    assert "dalian" not in {pattern.units for pattern in spoken(0, "打脸", CHARACTERS)}
    assert "dalian" in {pattern.units for pattern in spoken(0, "大连", CHARACTERS)}


def test_an_outcry_is_slang_only_alone() -> None:
    ways = {(pattern.text, pattern.evidence) for pattern in renamed(0, "妈的", CHARACTERS)}
    assert ("md", "alone") in ways


def test_numerals_may_be_repeated() -> None:
    ways = {(pattern.units, pattern.runs) for pattern in lettered(0, "王八蛋")}
    assert ways == {("王88蛋", (1, 1, 1, 1)), ("王888蛋", (1, 1, 1, 1, 1))}
    assert ("22手", (1, 1, 2)) in {(pattern.units, pattern.runs) for pattern in lettered(0, "二手")}
    assert not list(lettered(0, "一一零"))
    assert not list(lettered(0, "3g"))


def test_parts_that_end_in_the_next_character_are_written_once_in_the_squeezed_text() -> None:
    assert ("亚心", (1, 2)) in {(pattern.units, pattern.runs) for pattern in shaped(0, "恶心", CHARACTERS)}
