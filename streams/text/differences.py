"""Whether two similar texts say the same thing: what differs between them decides, not how much is alike.

Harmless are a changed price or hour, another word for the same, a typo that sounds alike, a few words more or less.
Everything else that is replaced (a name, a model, a side, a day, an opinion) makes another item, and so does a
negation on one side only: 今天星曜赢了 and 今天云岭赢了 differ in a third of their characters, 支持 and 反对 in all.
"""

import re
import string
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cache

from streams.text.synonyms import one_word_each

LONGEST = 1_000
"""Characters of the canonical text; what follows never tells two posts apart."""

LONG = 32
"""Characters, some twenty words: from here on a text bears more change without becoming another."""

TRUNCATED_FROM = {1: 15, 2: 8}
"""Characters that a text cut off must keep to be known again: after an ellipsis, after …全文."""

_BEYOND = 8
"""Characters of the whole text that are looked at behind the place at which the other was cut off."""

_TORN = 2
"""Characters before the cut that are not compared: half a word, or an hour or a price of which a part is gone."""

_SHORT_CHANGE, _LONG_CHANGE = 0.2, 0.25
"""Share of characters that may be added or taken away."""

_HAN = "零〇一二两三四五六七八九十百千万亿半"
_DIGITS = r"\d{0,8}(?:[.,]\d{1,8}){0,3}"
_AMOUNT = rf"(?:\d{_DIGITS}|[{_HAN[2:]}]{{1,4}}[百千万][{_HAN}]{{0,8}})\s?[万wk]?"
_ALONE = "(?<![周期拜双第].)(?<!双十.)"
"""The character before is no part of a day: 周五五折 and 周三五折 differ in more than a price."""
_PART = "(?:上午|下午|晚上|早上|中午|凌晨|傍晚|清晨|夜里|[半深午]夜|早|晚)"
# Each begins with characters of one class, by which the regex engine skips quickly what cannot match.
_HOUR = re.compile(
    r"\d(?:\d?[:：]\d{2}(?!\d)|\d?\s?[点时](?!间|代|候)(?:\s?\d{1,2}分?|半|整|钟)*|\d?\s?[ap]m)"
    rf"|[{_HAN}]{_ALONE}[{_HAN}]{{0,2}}点(?:半|整|钟|(?=[开准前见抢直正到]))"
    rf"|[{_HAN}](?<=[周期拜][一二三四五六日天末].)[{_HAN}]{{0,2}}点半?"
)
_PART_OF_DAY = re.compile(rf"{_PART}\s?\0")
_HAN_HOUR = re.compile(
    rf"[上下晚早中凌傍清夜半深午](?:(?<=[上下中])午|(?<=[早晚])上|(?<=[凌清])晨|(?<=傍)晚|(?<=夜)里|(?<=[半深午])夜)?"
    rf"\s?[{_HAN}]{{1,3}}[点时](?:[{_HAN}]{{1,3}}分|半|整|钟)*"
)
_HAS_HOUR = re.compile("[点时分秒:：m]").search
_PRICE = re.compile(
    rf"[¥￥$]\s?\d{_DIGITS}(?:元|起)*"
    rf"|[\d{_HAN}]{_ALONE}(?:(?<=\d){_DIGITS}|(?<=[{_HAN}])[{_HAN}]{{0,8}})"
    r"\s?[万千百wk]?[多来几余]?\s?(?:元|块|圆|美元|美金|折|毛钱|rmb)(?:钱|起|整|\d)*"
    rf"|\d{_DIGITS}\s?[万wk]?\s?(?:包邮|起售?|到手|入手|拿下|带走|即可|就[能可])"
)
_BEFORE_PRICE = (
    "到手(?:价格?)? 秒杀(?:价格?)? 券后(?:价格?)? 活动价格? 优惠(?:价格?)? 售(?:价格?)? 特惠 特价格? 现价格? 原价格? 价格? "
    "仅需? 只[要需卖] 低至 涨[了价到至]? 降[了价到至]? 立减 直降 立省 满 抵 减 省 定金 返现? 付 补贴 红包 v我"
)
_PRICED = re.compile(
    f"(?:{'|'.join(_BEFORE_PRICE.split())})"
    rf"(?:只要|[是为:：约才至到])?\s?{_AMOUNT}(?![\d.]*\s?(?:[月日号年期人名台件个寸gwm倍天小吋英秒分岁斤:：a-z%]))"
)
_BARE = re.compile(r"(?<=[^\W\da-z_])(?<![分评瓣达到至率版])\d{1,4}\.(?:9\d?|8[08]?|50?)(?![\w%.])")
_SELLS = re.compile("门店|套餐|优惠|特惠|包邮|抢|[价券]|下单|团购|外卖|可用|[块元折]").search
_LIMIT = re.compile(rf"[\d{_HAN}](?<=(?:限时|最后|[还仅]剩|还有).)[\d{_HAN}]{{0,8}}\s?个?(?:小时|分钟|秒)")
_HAS_AMOUNT = re.compile(rf"\d|[{_HAN}][点时元块折圆小分秒百千万]").search

_SOURCE = re.compile(
    r"据[^，,。\s]{2,10}(?:报道|消息|电|讯)[，,：:]?|[(（](?:来源|转自|图源|编辑|记者|责编|via)[^()（）]{0,20}[)）]"
    r"|(?:来源|转自|图源|责编)[:：]\s?\S{1,10}\s?$"
)
_VALUES = dict(zip("零〇一二两三四五六七八九", "001223456789", strict=True))
_UNITS = {"十": 10, "百": 100, "千": 1_000}
_SOME = "".join((*_VALUES, *_UNITS))
_NUMERAL = re.compile(rf"(?:[二两三四五六七八九十]|一(?=[{_SOME}]))[{_SOME}]{{0,8}}")
_MEASURES = "代个些种样下直款件条位名张部台杯家口碗次只本块份瓶袋盒包双套间座辆场篇首段句声片颗粒趟顿圈支根把道年天周路整小"
_ONE = re.compile(rf"[一1](?<![\d.a-z{_HAN}第周期拜].)(?=[{_MEASURES}])")
_MUTE = re.compile(
    r"[\W_的了着著啊呀吧呢嘛哦哈啦呗哟噢喔唉诶嗯哎嘿呵地得很太真超也都就才还又再便将已正这那们个把给]+"
)
_SIGNS = re.compile(r"[\W_]+")


def canonical(text: str) -> str:
    """What is compared character by character: no prices, no hours, no particles, one word for each thing.

    Two texts with one canonical text are one item.

    Args:
        text: own words of a folded text.
    """
    plain = _without_amounts(text) if _HAS_AMOUNT(text) else text
    if "据" in plain or "源" in plain or "(" in plain or "（" in plain:
        plain = _SOURCE.sub("", plain)
    plain = _MUTE.sub("", _ONE.sub("", _NUMERAL.sub(_number, one_word_each(plain))))
    return (plain or _SIGNS.sub("", text) or "".join(text.split()))[:LONGEST]


def _number(numeral: re.Match[str]) -> str:
    """12 for 十二, 320 for 三百二, 2024 for 二零二四."""
    if _UNITS.keys().isdisjoint(numeral[0]):
        return "".join(_VALUES[character] for character in numeral[0])
    total, digit, unit = 0, 0, 10
    for character in numeral[0]:
        if character in _UNITS:
            unit = _UNITS[character]
            total, digit = total + (digit or 1) * unit, 0
        elif character in "零〇":
            unit = 10
        else:
            digit = int(_VALUES[character])
    return str(total + digit * unit // 10)


def _without_amounts(text: str) -> str:
    """The text without prices and hours: 20:00, 晚上八点半, 限时3小时, ¥199, 199元起, 9块9, 五折, 到手价199."""
    if _HAS_HOUR(text):
        text = _PART_OF_DAY.sub(" ", _HOUR.sub("\0", _HAN_HOUR.sub("", _LIMIT.sub("", text))))
    without = _PRICED.sub("", _PRICE.sub("", text))
    return _BARE.sub("", without) if "." in without and _SELLS(text) else without


_INNOCENT = re.compile(
    "是不是|对不对|好不好|不仅|不但|不管|不断|不久|不愧|不妨|不禁|不得不|不单|没错|无论|无线|别人|别的|区别|分别|级别|个别|性别|类别|别墅|非洲|莫名|反正"
)
_TURNING = re.compile("[不没未无别勿莫非否假反负被吗难]|取消|拒绝|停止|暂停|推迟|延期|辟谣|谣言|失败")
_MARKING = frozenset("男女前后副左右东南西北上下新旧老大小早晚内外")
_LINKING = frozenset("于在从自向往对由以为所而则即并其之此该些和是有儿来去")
_COUNTED = re.compile(r"\d+(?:\.\d+)?[^\W\da-z]")
_LATIN = re.compile(r"[a-z0-9]+")
_MODEL = re.compile("(?:pro|max|plus|ultra|mini|lite|note).*|se|air|not|no|never|[a-z]").fullmatch
_OPPOSITE = frozenset({"买卖", "卖买"})


def likeness(one: str, other: str, truncated: tuple[int, int] = (0, 0)) -> float:
    """How alike two canonical texts are that say the same thing, up to 1; 0 if they do not.

    Args:
        one: a canonical text.
        other: another.
        truncated: for each, whether it was cut off (as in `Words.truncated`).
    """
    if one == other:
        return 1.0
    if truncated[1] and (len(other) < len(one) or not truncated[0]):
        one, other, truncated = other, one, truncated[::-1]
    cut = bool(truncated[0]) and len(one) <= len(other) + 2
    if cut:
        one = one.rstrip(string.ascii_lowercase + string.digits)
        if len(one) < TRUNCATED_FROM[truncated[0]]:
            return 0.0
        if len(other) >= len(one) + _TORN:
            one = one[:-_TORN]
        other = other[: len(one) + _BEYOND]
    size = max(len(one), len(other))
    allowed = size * (_SHORT_CHANGE if size < LONG else _LONG_CHANGE)
    if abs(len(one) - len(other)) > allowed + _BEYOND * cut:
        return 0.0
    change = _change(one, other, cut, allowed)
    return 0.0 if change is None else 1 - change / size


def _change(one: str, other: str, cut: bool, allowed: float) -> int | None:
    """Characters by which one becomes the other; None if that makes it another item."""
    start = _common(one, other)
    stop = min(_common(one[::-1], other[::-1]), len(one) - start, len(other) - start)
    left, right = one[start : len(one) - stop], other[start : len(other) - stop]
    added: list[str] = []
    taken: list[str] = []
    total = 0
    edits = _edits(left, right, cut and not stop, allowed)
    if edits is None:
        return None
    for before, after in edits:
        total += max(len(before), len(after))
        if total > allowed or not _harmless(before, after):
            return None
        if not before:
            added.append(after)
        elif not after:
            taken.append(before)
    # What is taken away here and put back there changes sides: 星曜赢了云岭, 云岭赢了星曜.
    if _pairs(added) & _pairs(taken):
        return None
    return total


def _edits(left: str, right: str, cut: bool, allowed: float) -> list[tuple[str, str]] | None:
    """What stands in the one text where something else stands in the other, neighbours joined; None if too much does."""
    if not left or not right:
        return [] if cut and not left else [(left, right)]
    if not cut and max(len(set(left) - set(right)), len(set(right) - set(left))) > allowed:
        return None
    edits: list[tuple[int, int, int, int]] = []
    for kind, i, j, k, m in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        if edits and i - edits[-1][1] < 2 and {i == j, edits[-1][0] == edits[-1][1]} != {True}:
            first, _, third, _ = edits.pop()
            edits.append((first, j, third, m))
        else:
            edits.append((i, j, k, m))
    if cut and edits and edits[-1][0] == len(left):
        edits.pop()
    return [(left[i:j], right[k:m]) for i, j, k, m in edits]


def _harmless(before: str, after: str) -> bool:
    if before and after:
        if _LINKING.issuperset(before + after):
            return True
        return before + after not in _OPPOSITE and _sounds(before) == _sounds(after)
    extra = _INNOCENT.sub("", before or after)
    if _TURNING.search(extra) or extra in _MARKING or (extra and not extra.strip(_HAN)):
        return False
    return not any(
        _MODEL(word) or any(map(str.isdigit, word)) for word in _LATIN.findall(_COUNTED.sub(" ", extra))
    )


def _sounds(text: str) -> list[str]:
    """The syllables without tones. Digits and letters sound like nothing else."""
    return [_sound(character) for character in text]


@cache
def _sound(character: str) -> str:
    from pypinyin import lazy_pinyin

    return (
        str(lazy_pinyin(character)[0]) if "一" <= character <= "鿿" and character not in _HAN else character
    )


def _pairs(texts: Sequence[str]) -> set[str]:
    return {text[index : index + 2] for text in texts for index in range(len(text) - 1)}


def _common(one: str, other: str) -> int:
    """Length of the common prefix, by halving: comparing slices is what Python does fastest."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
