"""What of a post is compared with other posts, and its 64-bit simhash.

Compared is what the post is about: the writer's own words or, where these only remark on what is forwarded, the words
forwarded; no @-tail, no address, no [emoticon]. Then only letters, 汉字 and digits count, so that emoji, punctuation,
blanks and the frames of #topics# never do.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LONGEST = 4_000
"""Characters of a text that are compared; what follows never tells two posts apart."""

_MARKED = re.compile("[@＠\\[/…]").search
_ADDRESS = re.compile(r"https?:[!-~]+|(?:www\.|t\.cn/|url\.cn/)[!-~]+|o?网页链接|查看图片|查看大图")
_EMOTICON = re.compile(r"\[[^\[\]\s]{1,8}\]")
_CHAIN = re.compile(r"//+(?=\s*(?:[@＠]|转|回复|[^\s:：/@＠，。]{1,20}[:：]|$))").split
_HANDLE = r"[@＠]\s?[\w·-]{1,30}"
_SPEAKER = re.compile(rf"^\s*(?:回复\s*)?(?:{_HANDLE}|[^\s:：/，。]{{1,20}}(?=[:：]))\s*[:：]\s*")
_ADDRESSED = re.compile(rf"^(?:\s*(?:回复\s*)?{_HANDLE}(?:\s*[:：]|\s|$))+")
_TAIL = re.compile(rf"{_HANDLE}(?:[\s()（）,，、]{{0,5}}{_HANDLE})*[\W_]*$")
_CREDIT = re.compile(r"(?:转载?自|分享自|来自|via|rt|by|cr)\s{0,3}[:：]?\s{0,3}[(（]?$")
_FILLER = re.compile(
    r"[\W_]*(?:(?:转发|转|快转|求转|分享|扩散|repost|rt|mark|马克|收藏|顶|许愿|求?中奖?|抽我|已?参与|已?关注|围观|路过|看看|来了|"
    r"[哈呵嘿啊哦嗯唉])(?:微博|一下|了|此微博|图片)*[\W_]*)*"
).fullmatch
"""Words that stand before a chain and say nothing of their own."""

_REMARK = 12
"""Letters of a remark at most: up to here people exclaim at what they forward, beyond they say something."""

_DENIAL = re.compile("辟谣|谣言|造谣|不实|不属实|假(?:消息|新闻)|(?<!真的)假的(?![吧吗么?？])").search
"""A remark that makes another item of what is forwarded."""

_CUT = re.compile(r"\s*(?:…+|\.{2,}|。{2,})?\s*(?:展开全文|展开|(?:阅读|查看|显示|点击)?全文|收起)[c>»\s]*$")
_CUT_WITHIN = 20
_TRAILING = re.compile(r"\s*(?:…+|\.{3,})\s*$")
_SAYS = re.compile(r"[^\W_]").search
_TAILS = ("全文", "展开", "全文c", "收起", "网页链接", "...", "。。。")


class Words(NamedTuple):
    """What of each text is compared.

    Attributes:
        texts: its own words, still with punctuation; the whole text when they are nothing but signs.
        truncated: index of each text that was cut off → 1 it ends in an ellipsis, 2 it says so (…全文).
    """

    texts: list[str]
    truncated: dict[int, int]


def own_words(folded: Sequence[str]) -> Words:
    """The own words of each folded text."""
    texts = [text[:LONGEST] for text in folded]
    truncated: dict[int, int] = {}
    for index, text in enumerate(texts):
        if _MARKED(text) or text.endswith(_TAILS):
            words, cut = _own_words(text)
            if _SAYS(words):
                texts[index] = words
                if cut:
                    truncated[index] = cut
    return Words(texts, truncated)


def _own_words(text: str) -> tuple[str, int]:
    if "/" in text or "链接" in text:
        text = _ADDRESS.sub(" ", text)
    if "[" in text:
        text = _EMOTICON.sub(" ", text)
    truncated = 0
    end = max(0, len(text) - _CUT_WITHIN)
    tail = text[end:]
    # the patterns try every place; few texts hold what they end with
    if ("全文" in tail or "展开" in tail or "收起" in tail) and (cut := _CUT.search(text, end)):
        text, truncated = text[: cut.start()], 2
    elif ("…" in tail or "..." in tail) and (cut := _TRAILING.search(text, end)):
        text, truncated = text[: cut.start()], 1
    if "//" in text or "@" in text or "＠" in text:
        text, last = _subject(text)
        truncated *= last
    return text, truncated


def _subject(text: str) -> tuple[str, bool]:
    """What a chain is about, and whether that is the end of it.

    The writer's own words, unless they only remark on what is forwarded (确实//@小明:…): then what that is about.
    """
    head, *links = _CHAIN(text)
    parts = [head, *(_SPEAKER.sub("", link, 1) for link in links)]
    subject, size, last = "", 0, True
    for position in range(len(parts) - 1, -1, -1):
        words = _ADDRESSED.sub("", parts[position], 1)
        if tail := _TAIL.search(words):
            words = _CREDIT.sub("", words[: tail.start()]).rstrip("(（ ")
        if _FILLER(words):
            continue
        length = sum(map(str.isalnum, words))
        if length > _REMARK or length >= size:
            subject, size, last = words, length, position == len(links)
        elif _DENIAL(words):
            subject, size = f"{words} {subject}", length + size
    return (subject, last) if size else (" ".join((head, *links)).replace("@", " "), True)


@cache
def letters() -> NDArray[np.bool_]:
    """Whether a code point counts, for all below 2¹⁷; those above are rare 汉字 and count."""
    return np.fromiter((chr(point).isalnum() for point in range(0x20000)), np.bool_, 0x20000)


class Units(NamedTuple):
    """The characters that count, of a whole batch.

    Attributes:
        codes: code points, text after text.
        starts: index in `codes` at which each text starts.
        lengths: how many characters of each text count, at least 1.
    """

    codes: NDArray[np.uint64]
    starts: NDArray[np.intp]
    lengths: NDArray[np.intp]


def units(texts: Sequence[str], counts: NDArray[np.bool_]) -> Units:
    """The characters of each text that count; all but blanks where none does, U+0000 where nothing is left.

    Args:
        texts: what is compared.
        counts: whether a code point counts.
    """
    lengths, codes, kept = _flat(texts, counts)
    bare = ~np.logical_or.reduceat(np.append(kept, False), np.cumsum(lengths) - lengths) | (lengths == 0)
    if bare.any():
        texts = [
            "".join(texts[index].split()) or "\0" if alone else texts[index]
            for index, alone in enumerate(bare)
        ]
        lengths, codes, kept = _flat(texts, counts)
        kept |= np.repeat(bare, lengths)
    ends = np.append(0, np.cumsum(kept))[np.cumsum(lengths)]
    starts = np.append(0, ends[:-1])
    return Units(codes[kept].astype(np.uint64), starts, ends - starts)


def _flat(
    texts: Sequence[str], counts: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.uint32], NDArray[np.bool_]]:
    """Lengths of the texts, all code points, and which of them count."""
    lengths = np.fromiter(map(len, texts), np.intp, len(texts))
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
    return lengths, codes, counts[np.minimum(codes, len(counts) - 1)]


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Each number scattered over 64 bits (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


_LANES = np.uint64(0x0101010101010101)
_RUN = 255
"""Votes that a lane of 8 bits can count."""


def fingerprints(folded: Sequence[str]) -> list[int]:
    """The simhash (Charikar) of each text over pairs of neighbouring characters, digits all alike; never 0.

    Depends on the text alone. Two posts whose fingerprints differ in at most 3 bits have nearly the same words;
    whether they say the same thing (another price, or another product?) only the texts can tell.

    Args:
        folded: texts as `normalise` gives them.
    """
    if not folded:
        return []
    codes, starts, lengths = units(own_words(folded).texts, letters())
    codes[(codes >= ord("0")) & (codes <= ord("9"))] = ord("0")
    following = np.append(codes[1:], np.uint64(0))
    following[starts[1:] - 1] = 0
    votes = mix(codes << np.uint64(21) | following)
    # 64 counters side by side: each of 8 words counts every eighth bit in lanes of 8 bits, 255 votes at a time.
    runs = -(-lengths // _RUN)
    first = np.cumsum(runs) - runs
    run_starts = np.repeat(starts - first * _RUN, runs) + np.arange(runs.sum()) * _RUN
    counters = np.empty((len(run_starts), 8), "<u8")
    for bit in range(8):
        counters[:, bit] = np.add.reduceat(votes >> np.uint64(bit) & _LANES, run_starts)
    totals = np.add.reduceat(counters.view(np.uint8), first, axis=0, dtype=np.int32)
    hashes = np.packbits(2 * totals > lengths[:, None], axis=1).view("<u8")[:, 0]
    return [fingerprint or 1 for fingerprint in hashes.tolist()]
