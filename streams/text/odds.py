"""How likely Chinese is as it stands: by the frequencies of jieba's own dictionary, without any user words."""

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from math import log

import rjieba

_WORDS = log(60_101_967)
"""All words of the corpus that the dictionary counts."""

_TAKES = frozenset("开打发吃拿收卖买办找搞查抓坐刷骗遭挨讨交付罚炒闹抢偷抽乱走送装做造贪涉充领赌贩吸")
"""Verbs (and 乱) whose object the dictionary lists together with them: 开发票, 打电话, 乱收费."""

_ENDINGS = frozenset(
    "机人者地量厂站场权法家史会率体线学性员品物区型式部室车子贼壶文管道剂商业源器热期度妇额数点界面班国证石门"
)
"""What makes one word of the two characters before it: 发动机 is no 动机."""

_COMMON = 20
"""A word that is rarer is none for which a longer word would be opened."""

_NEARLY = 2.0
"""Of two readings that differ by less, as a logarithm, either may be meant."""

_TWICE = 4.6
"""How much rarer a verb is doubled than once (催催), as a logarithm, where no dictionary counts it."""

AROUND = 6
"""Characters on either side that decide how a word is cut."""

_REACH = 2
"""Characters on either side that a word which takes a term apart may hold."""

_IDIOM = "i"
"""jieba's tag of what means another thing than its words."""

_MONITORED = 50
"""A word that a rule looks for is at least as common as this, whatever the dictionary says."""


@cache
def _plain() -> rjieba.Jieba:
    """Built when first asked for: few batches hold anything doubtful."""
    return rjieba.Jieba()


@lru_cache(maxsize=65_536)
def frequency(text: str) -> int:
    """How often the dictionary's corpus of 60 million words holds the text, or would by chance; at least 1."""
    return int(_plain().suggest_freq(text))


def known(word: str) -> bool:
    """Whether it is a word of jieba's own dictionary."""
    return bool(_plain().has_word(word))


def pieces(text: str) -> Sequence[str]:
    """The dictionary words that the text is most likely made of."""
    return _plain().cut(text, False) if text else ()


@lru_cache(maxsize=65_536)
def inner(word: str) -> tuple[frozenset[int], frozenset[int]]:
    """Where words of two characters and more begin and end within a longer one.

    Within one that only users know (想退货), and within the dictionary's own phrases (开发票, 贩卖毒品).
    """
    begins: set[int] = set()
    ends: set[int] = set()
    start = 0
    for piece in pieces(word):
        stop = start + len(piece)
        if len(piece) > 1:
            begins.add(start)
            ends.add(stop)
        for cut in _joints(piece):
            begins.add(start + cut)
            if cut > 1:
                ends.add(start + cut)
        start = stop
    return frozenset(begins), frozenset(ends)


def _joints(word: str) -> Iterator[int]:
    """Where a dictionary word is parted that is a phrase: a verb and its object, or two words."""
    if len(word) == 3:
        verb, thing = word[0], word[1:]
        if verb in _TAKES and known(thing) and frequency(thing) >= _COMMON:
            head, ending = word[:2], word[2]
            derived = ending in _ENDINGS and known(head)
            if not derived or frequency(head) * frequency(ending) * _COMMON < frequency(verb) * frequency(
                thing
            ):
                yield 1
    elif len(word) > 3 and word[0] != word[1] and _plain().tag(word)[0][1] != _IDIOM:
        for cut in range(2, len(word) - 1):
            if known(word[:cut]) and known(word[cut:]):
                yield cut


@lru_cache(maxsize=65_536)
def likelihood(text: str) -> float:
    """The logarithm of the probability of the likeliest words of the text, short of the same for every text."""
    return sum(log(frequency(piece)) - _WORDS for piece in pieces(text))


def parted(text: str, start: int, stop: int) -> bool:
    """Whether words on both sides may as well take a term apart: 发票 in 分发|票根, 数据 in 数数|据说.

    A word on one side only is no doubt: in real texts the term is meant all the same (翻新机, 最难吃).

    Args:
        text: what the term stands in.
        start: where it begins.
        stop: where it ends.
    """
    has_word = _plain().has_word
    doubled = start > 0 and text[start - 1] == text[start]
    heads = [
        (first, cut)
        for cut in range(start + 1, stop)
        for first in range(max(0, start - _REACH), start)
        if has_word(text[first:cut])
    ]
    if doubled and (start - 1, start + 1) not in heads:
        heads.append((start - 1, start + 1))
    if not heads:
        return False
    ends = range(stop + 1, min(len(text), stop + _REACH) + 1)
    takers = [(first, cut, end) for first, cut in heads for end in ends if has_word(text[cut:end])]
    if doubled and has_word(text[start] * 2) and frequency(text[start] * 2) > _COMMON:
        takers.append((start - 1, start + 1, start + 1))
    if not takers:
        return False
    begin, finish = max(0, start - AROUND), stop + AROUND
    term = text[start:stop]
    whole = gain(text[begin:start], term, term, text[stop:finish]) + likelihood(text[begin:finish])
    apart = max(
        likelihood(text[begin:first])
        + _word(text[first:cut])
        + likelihood(text[cut:end])
        + likelihood(text[end:finish])
        for first, cut, end in takers
    )
    return whole - apart < _NEARLY + doubled


def _word(word: str) -> float:
    """The likelihood of a dictionary word, or of a character that is doubled as verbs are."""
    return likelihood(word) if known(word) else likelihood(word[0]) - _TWICE


def gain(before: str, written: str, term: str, after: str) -> float:
    """How much likelier the surroundings are with the term than as they are written, as a logarithm.

    Args:
        before: what stands before the place.
        written: what stands there.
        term: what would stand there; taken for a word, unless it is made of others (质量差).
        after: what stands behind.
    """
    word = likelihood(term)
    if max(map(len, pieces(term))) in (1, len(term)):
        word = max(word, log(_MONITORED) - _WORDS)
    return likelihood(before) + word + likelihood(after) - likelihood(before + written + after)
