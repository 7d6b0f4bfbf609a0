import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.differences import canonical
from streams.text.duplicates import Groups, Place
from streams.text.fingerprint import fingerprints, own_words
from streams.text.normalise import normalise

PAIRS = [
    line.split("\t")
    for line in (Path(__file__).parent / "data" / "duplicates.tsv").read_text("utf-8").splitlines()
]
TEXTS = [text for _, _, one, other in PAIRS for text in (one, other)]


def grouped(texts: list[str]) -> list[int]:
    groups: Groups[int] = Groups(capacity=1_000)
    return [place.group for place in groups.assign(range(len(texts)), normalise(texts))]


def test_pairs_are_judged_by_our_conventions() -> None:
    assert len(PAIRS) >= 150
    found = {
        (label, category, one, other): grouped([one, other]) == [0, 0]
        for label, category, one, other in PAIRS
    }
    wrong = [pair for pair, same in found.items() if same != (pair[0] == "same")]
    same = [pair for pair in found if pair[0] == "same"]
    claimed = [pair for pair, together in found.items() if together]
    right = [pair for pair in claimed if pair[0] == "same"]
    assert len(right) / len(same) >= 0.95, wrong
    assert len(right) / len(claimed) >= 0.95, wrong


def test_the_order_of_a_pair_does_not_matter() -> None:
    forward = [grouped([one, other]) == [0, 0] for _, _, one, other in PAIRS]
    backward = [grouped([other, one]) == [0, 0] for _, _, one, other in PAIRS]
    assert forward == backward


def test_batches_and_a_restart_change_nothing() -> None:
    rng = random.Random(1)
    texts = [rng.choice(TEXTS) for _ in range(600)]
    folded = normalise(texts)
    ids = [f"p{number}" for number in range(len(texts))]
    whole = Groups[str](capacity=60).assign(ids, folded)
    for size in (1, 7, 250):
        groups: Groups[str] = Groups(capacity=60)
        places: list[Place[str]] = []
        for start in range(0, len(texts), size):
            places += groups.assign(ids[start : start + size], folded[start : start + size])
            leaders = [index for index, place in enumerate(places) if place.group == ids[index]][-60:]
            groups = Groups(capacity=60)
            groups.restore([ids[index] for index in leaders], [folded[index] for index in leaders])
        assert places == whole
    assert len({place.group for place in whole}) > 60  # old leaders were dropped on the way


def test_a_dropped_leader_is_forgotten() -> None:
    groups: Groups[int] = Groups(capacity=2)
    texts = normalise(["今天星曜赢了", "味道不错", "屏幕碎了", "今天星曜赢了", "屏幕碎了"])
    assert [place.group for place in groups.assign(range(5), texts)] == [0, 1, 2, 3, 2]
    assert len(groups) == 2


def test_the_best_match_leads() -> None:
    start = "昨天在商场三楼的专柜试用了星曜X1，拍照清晰，屏幕顺滑，店员也很耐心"
    leaders = [f"{start}，包装精致，送了贴膜", f"{start}，等得久", f"{start}，等得久，停车方便，下次再来"]
    groups: Groups[str] = Groups(capacity=10)
    groups.restore(["first", "second", "third"], normalise(leaders))
    [place] = groups.assign(["new"], normalise([f"{start}，等得有点久，停车方便，下次会再来"]))
    assert place.group == "third"
    assert 0.9 < place.likeness < 1


@pytest.mark.parametrize("text", ["", "   ", "\u200b\n", "https://t.cn/A6x"])
def test_texts_without_words(text: str) -> None:
    assert fingerprints(normalise([text])) != [0]
    assert grouped([text, text]) in ([0, 1], [0, 0])


def test_empty_texts_are_alone_and_equal_signs_together() -> None:
    assert grouped(["", "", "👍👍", "[赞]", "👍👍", "[赞]", "😭"]) == [0, 1, 2, 3, 2, 3, 6]


@given(st.lists(st.text(max_size=60), max_size=8))
def test_fingerprints_do_not_depend_on_the_batch(texts: list[str]) -> None:
    folded = normalise(texts)
    together = fingerprints(folded)
    assert together == [fingerprints([text])[0] for text in folded]
    assert all(0 < fingerprint < 1 << 64 for fingerprint in together)
    grouped(texts)


def test_fingerprints_are_the_same_on_every_machine() -> None:
    texts = ["今天星曜赢了", "", "星曜x1今晚首发，三千元档最强影像" * 20]
    assert fingerprints(texts) == [17233611158563848537, 1, 16405245908163420190]


def test_fingerprints_are_near_for_near_texts() -> None:
    one = "科学家在深海发现新物种，体长不足两厘米，能够发出蓝色荧光，研究论文已发表在期刊上，团队将继续考察"
    near, far = (
        one.replace("继续", "再次") + "[赞]",
        "机票特价999元起，三亚往返含税，周末出发加价两百，名额有限，先到先得，客服在线解答",
    )
    first, second, third = fingerprints(normalise([one, near, far]))
    assert (first ^ second).bit_count() <= 12 < (first ^ third).bit_count()


def test_what_is_compared() -> None:
    texts = {
        "好看 @小王 @小李[赞]": "好看",
        "转发微博//@小明:好看//@小红:真的": "好看",
        "好看//@小明:难看": "好看",
        "回复@小明:好看 http://t.cn/a6": "好看",
        "好看(来自 @某某)": "好看",
        "确实//@小明:星曜拍照真的清楚": "星曜拍照真的清楚",
        "哭了//@小红//@小李:同感//@小明:星曜拍照真的清楚": "星曜拍照真的清楚",
        "确实//@小红:我用了半年，晚上拍出来全是糊的//@小明:星曜拍照真的清楚": "我用了半年，晚上拍出来全是糊的",
        "我用了半年，晚上拍出来全是糊的//@小明:星曜拍照真的清楚": "我用了半年，晚上拍出来全是糊的",
        "谣言！//@小明:超市的盐都卖光了": "谣言！ 超市的盐都卖光了",
        "真的假的//@小明:超市的盐都卖光了": "超市的盐都卖光了",
    }
    assert [text.strip() for text in own_words(normalise(list(texts))).texts] == list(texts.values())
    assert own_words(["星曜很好…全文", "星曜很好...", "星曜很好"]).truncated == {0: 2, 1: 1}
    cut = ["确实//@小明:星曜拍照真的…全文", "我用了半年，晚上拍出来全是糊的//@小明:星曜拍照真的…全文"]
    assert own_words(cut).truncated == {0: 2}  # the other one's own words are whole


def test_numbers_are_compared_in_one_notation() -> None:
    forms = {
        "十二": "12",
        "三百二": "320",
        "三百二十": "320",
        "一百零五": "105",
        "二零二四": "2024",
        "两千": "2000",
    }
    texts = normalise([f"用了{form}天" for form in forms])
    assert [canonical(text) for text in texts] == [f"用{value}天" for value in forms.values()]


def test_forwards_are_found_again_in_a_crowd() -> None:
    """Hundreds of forwards with the same remarks: each joins its own original, none another's."""
    rng = random.Random(3)
    places = ("北门", "南门", "东站", "西站", "机场", "码头", "体育馆", "图书馆", "菜市场", "电影院")
    things = ("停水", "停电", "封路", "着火", "漏水", "拥挤", "放烟花", "发大水")
    originals = [f"{place}那边今天下午突然{thing}了，朋友们绕着走" for place in places for thing in things]
    remarks = ("确实", "天哪", "转发微博", "注意安全//@小李", "扩散//@小王:收到")
    posts = [(number, text) for number, text in enumerate(originals)]
    forwards = [
        (number, f"{rng.choice(remarks)}//@用户{number}:{text}")
        for number, text in enumerate(originals)
        for _ in range(5)
    ]
    rng.shuffle(forwards)
    found = grouped([text for _, text in posts + forwards])
    assert found == [number for number, _ in posts + forwards]


HOSTILE = {
    "long": "星曜很好用，" * 170_000,
    "handles": "@a@b,c" * 170_000,
    "chain": "//@小明:哈哈" * 120_000,
    "laughter": "哈" * 100_000 + "x//@小明:好",
    "brackets": "[" * 300_000,
    "digits": "1点2元" * 200_000,
    "one number": "1" * 300_000,
    "one price": "9.9" * 100_000 + "券",
    "hundreds": "百" * 300_000,
    "emoji": "😂" * 10_000,
    "zalgo": "好" + "\u0301" * 5_000,
    "right to left": "\u202e好用\u0000\ud800",
    "commas": "@a" + "，" * 300_000 + "b",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_take_bounded_time(text: str) -> None:
    folded = normalise([text, text + "完"])
    groups: Groups[int] = Groups(capacity=10)
    start = time.process_time()
    fingerprints(folded)
    groups.assign([0, 1], folded)
    assert time.process_time() - start < 2


def test_a_hot_advert_is_one_group() -> None:
    rng = random.Random(2)
    texts = [
        f"【秒杀】星曜耳机只要{rng.randrange(99, 300)}元，{rng.randrange(10, 24)}点开抢！{rng.choice(['', '🔥', '@小王'])}"
        for _ in range(5_000)
    ]
    assert set(grouped(texts)) == {0}


def test_no_wrong_groups_among_real_texts(real_texts: list[str]) -> None:
    """Texts of one group differ in no name of a brand, and few groups hold texts that differ at all."""
    folded = normalise(real_texts)
    groups: Groups[int] = Groups(capacity=100_000)
    places = groups.assign(range(len(folded)), folded)
    brands = ("华为", "三星", "苹果", "小米", "诺基亚", "丰田", "本田", "森林人")
    words = own_words(folded).texts
    joined = [
        (words[index], words[place.group]) for index, place in enumerate(places) if place.group != index
    ]
    assert len(joined) > 500
    crossed = [
        (one, other)
        for one, other in joined
        if {brand for brand in brands if brand in one} ^ {brand for brand in brands if brand in other}
    ]
    assert len(crossed) <= len(joined) // 100, crossed[:5]
