"""The lexicon rule: negation, degree, 但, questions and news, over what is left of a text in a lexicon's eyes.

Each token becomes one letter or nothing, so a text becomes a short signature such as `!p,|+n`. Signatures
repeat: most texts are judged by a dictionary look-up, and only new signatures are walked letter by letter.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import count, repeat
from typing import NamedTuple

import numpy as np

from streams.text.lexicons import Entry
from streams.text.sentiment.base import Cuts, Scores, Texts

_CLAUSE_END = "，。！!；;,、…~～\n "
_ASKING = "？?"
_BEHIND = re.compile(
    r"(?:-([pPnNo])\.?[!^]|[1l]([nNo]{1,4})\.?[!^]|([nNo]{1,4})[+-]{0,3}\.?(?:\^|[!^][nNop+]?s))$"
).sub
"""一点磕碰都没有, 一个坏点也没有, 异味几乎闻不到 and 发热不严重 say what 没有磕碰 says."""
_NOT_EVEN = re.compile(r"l[1pPg]?\.?[!^]$").sub
"""连筷子都没有, 连个笑脸也没有: whatever it is, it should be there."""
_SO = ("就", "就会", "就要", "也", "又", "都")
"""不注意就会打滑: what follows is not negated any more."""
_ONE = ("一个", "一次", "一处", "一根", "一滴", "一条", "一粒", "一颗", "一丁点", "半个", "半次")
"""What is not there is counted like this."""
_HEAVY = re.compile(r"[nNo]\+?ps").sub
"""磨得厉害: a bad word for a trouble, a good one else."""
_PROCESS = re.compile(r"^N(?=![no]$)").sub
"""退货没扯皮: the first word names what was gone through, not a complaint."""
_FEARED = re.compile(r"(?<!!)f(?=[nNo])").sub
"""怕掉色, 担心会卡: a trouble that somebody fears is not there yet."""
_AND = ("、", "和", "或", "或者", "及", "以及")
_SEVERE = frozenset(("严重", "夸张", "离谱", "吓人", "明显", "频繁", "厉害", "过分"))
"""What a trouble can be or not be."""
_TRIED = re.compile(r"[^wlu?]*(?<!!)t[^wlu?]*[!^][^hwlu?]*").fullmatch
"""用了半年没掉链, 摔了三次都没花: after a trial, what did not happen was a trouble, whatever its name."""
_SPAN = re.compile(
    "[0-9.一二两三四五六七八九十几半多数百千整好大]*[个来多]?"
    "(?:小时|钟头|天|晚|夜|周|星期|月|年|冬|夏天|次|回|遍|趟|圈|晚上|下午|上午|宿|整天|阵子|公里|万公里)"
).fullmatch
"""How long or how often something was tried."""
_TRIAL = (
    "完 全程 一路 一路上 到现在 多年 至今为止 从没 从来没 从未 从没有 从来没有 一点没 一点也没 一点都没 一滴 一丝 一分 "
    "平时 天天 每天 长期 没被 没有被"
)
"""What speaks of a trial, or of what could have gone wrong."""
_WAITED = (
    "就 才 等 等了 催 问 找 叫 联系 打电话 电话 申请 反馈 投诉 预约 约 承诺 答应 至今 怎么 明明 还没 还没有 半天 说 "
    "见过 看过 吃过 用过 住过 遇到 碰到 见 听说 想到 买过 喝过 去过 玩过 够 以后 下次 必要 没到 不到 给 不给 没给 看到 "
    "收到 连 建议 如果 要是 居然 竟然 竟 居然不 居然没 竟然没 知道 感觉 觉得 出来 饱 消化 提 谈 买 再 休息 念 好意思 认识 "
    "愿意 要求 希望 还没收到 送到 送达 到货 发货 再也不 敢 肯"
)
"""Waiting, asking, knowing and what comes too soon: what did not happen then is missing, or means nothing."""
_THING = ("没有", "无", "任何", "什么", "没啥", "不到", "不出", "不见")
"""A negation that ends like this negates a thing: one without a known name may as well be missing."""
_HEADS = frozenset(
    "掉漏串断裂烂糊呛硌勒扎磨夹粘黏腻臭馊霉锈晃塌垮鼓翘皱缩渗溢洒溅爆炸崩歪骗宰褪脱冒噎熏撞摔磕划刮蹭逼催拖乱瞎误丢偷"
)
_TAILS = frozenset("痕渍斑垢锈屑霉臭疼痛痒麻晕肿坏烂裂断破碎皱歪弯疹痘")
"""What a word for a trouble begins or ends with, one that no dictionary of ours holds (茶垢, 压弯)."""
_WORRY = ("担心", "担忧", "操心", "害怕", "怕")
"""再也不用担心死机: what nobody worries about is not there."""
_EMOTICON = re.compile(r"\[[^\[\]]{1,8}\]").findall
_REMEMBERED = 200_000
_LETTERS = {"but": ",|", "question": "?", "news": "=", "others": "~"}
_VALUE = {
    "p": 1.0,
    "P": 1.8,
    "n": -1.0,
    "N": -1.8,
    "<": -1.0,
    ">": 0.0,
    "}": 1.5,
    "a": 0.35,
    "z": -0.35,
    "R": -1.8,
    "r": 1.8,
    "g": 1.0,
    "o": -1.0,
    "f": -1.0,
}
_TROUBLE = frozenset("nNof")
_LISTED = re.compile(r"(?<!!)!((?:f:?|[nNo]:)+[nNof])").sub
"""没有划痕和掉漆: what is listed is negated together."""
_MILD = 0.4
"""A pos or neg up to this leans a little (还行, 一般) and is no opinion."""
LATENT = 0.1
"""A neg up to this is a trouble worth a word only where it is absent (不压鼻梁, 没起褶子)."""
RHETORIC = 3
"""An opinion of this weight has the form of a question (凭什么, 谁能不爱): its clause asks nothing."""
_NOT_GOOD, _NOT_BAD = -0.8, -0.7
_BEFORE_BUT, _AFTER_BUT = 0.35, 1.3
_ASKED = 0.5
_BESIDE = dict.fromkeys(map(ord, ".:1ltuh"))
"""What means something only beside a negation: without it, fewer texts differ."""
_TRIAL_ONLY = dict.fromkeys(map(ord, "tuh"))
"""What means something only to `_TRIED`."""
_DEGREE = {"+": 1.4, "-": 0.6, "w": 0.2}
_WISH = 0.4
"""A degree up to this is a wish or a condition (希望, 如果): what it wishes for is not there."""


class Readings(NamedTuple):
    """What the rule says of each text.

    Attributes:
        lean: sum of its opinions, about ±1 for each; 0 without any.
        good: how many opinions are positive, negation applied.
        bad: how many are negative.
        turned: how many of them stand behind a negation, single or double.
        asked: 1 when all that it says is asked, ½ when a part is, else 0.
        news: how many words of news, plans, facts and indifference.
    """

    lean: Scores
    good: Scores
    bad: Scores
    turned: Scores
    asked: Scores
    news: Scores


class _Letters(dict[str, str]):
    """Token → its letter; a token met for the first time is split, its letters are remembered."""

    def __init__(self, split: Callable[[str], list[str]]) -> None:
        super().__init__()
        self._split = split
        self._fixed: dict[str, str] | None = None

    def __missing__(self, token: str) -> str:
        letters = ""
        if len(token) > 1:
            parts = self._split(token)
            if len(token) == 4 and token[0] == token[2] == "不":
                parts = list(token)
            elif token[0] in "不没" and len(parts) == 1 and self.get(token[1:], "_")[0:1] in _TROUBLE:
                parts = [token[0], token[1:]]
            if _SPAN(token) or (token[-1] == "完" and token[0] not in "不没"):
                letters = "t"
            elif len(parts) > 1:
                letters = "".join(map(self.__getitem__, parts))
            elif len(token) < 4 and (token[0] in _HEADS or token[-1] in _TAILS):
                letters = "o"
        self[token] = letters
        return letters

    def trim(self) -> None:
        """Forget what was split once that has grown large."""
        if self._fixed is None:
            self._fixed = dict(self)
        elif len(self) > _REMEMBERED:
            self.clear()
            self.update(self._fixed)


class Rule:
    """A sentiment lexicon at work.

    Args:
        lexicon: folded word → what it does.
        split: cuts a word that no dictionary knows (强太多) into words that one does.
    """

    def __init__(self, lexicon: Mapping[str, Entry], split: Callable[[str], list[str]]) -> None:
        self._letter = _Letters(split)
        self._letter["连"] = "l"
        for words, letter in ((_CLAUSE_END, ","), (_SO, "."), (_ONE, "1"), (_AND, ":")):
            self._letter.update(dict.fromkeys(words, letter))
        self._emoticon: dict[str, str] = {}
        self._clauses = _Clauses()
        self._row: dict[str, int] = {}
        self._table = np.zeros((len(Readings._fields), 0))
        for word, entry in lexicon.items():
            table = self._emoticon if word.startswith("[") and len(word) > 1 else self._letter
            again = "." if entry.kind == "not" and word[0] in _SO else ""
            letters = _taken_back(word, lexicon) or again + _letter(word, entry)
            letters += "s" if word in _SEVERE else ""
            if entry.kind == "not" and word.endswith(_THING):
                letters += "h"
            table[word] = letters + ("," if word in _ASKING else "")
        for listed, letter in ((_TRIAL, "t"), (_WAITED, "u")):
            for word in listed.split():
                self._letter[word] = letter + self._letter.get(word, "")

    def read(self, texts: Texts, cuts: Cuts) -> Readings:
        """The reading of each text."""
        if len(self._row) > _REMEMBERED:
            self._row = {}
        signatures = self._signatures(texts, cuts)
        new = [signature for signature in dict.fromkeys(signatures) if signature not in self._row]
        if new:
            first = len(self._row)
            self._row.update(zip(new, count(first), strict=False))
            fresh = np.array([_walk(signature, self._clauses) for signature in new]).T
            room = self._table.shape[1] - first - len(new)
            if room < 0:  # doubled, so that small batches do not copy the table each time
                wider = np.zeros((len(Readings._fields), max(first, -room)))
                self._table = np.concatenate([self._table, wider], axis=1)
            self._table[:, first : first + len(new)] = fresh
        rows = np.fromiter(map(self._row.__getitem__, signatures), np.intp, len(signatures))
        return Readings(*self._table[:, rows])

    def _signatures(self, texts: Texts, cuts: Cuts) -> list[str]:
        """What is left of each text: one letter for each word that the lexicon knows."""
        self._letter.trim()
        letter = self._letter.__getitem__
        signatures = ["".join(map(letter, tokens)) for tokens in cuts]
        signatures = [
            _kept(signature) if "!" in signature or "^" in signature else signature.translate(_BESIDE)
            for signature in signatures
        ]
        for index, text in enumerate(texts):
            if "[" in text:
                emoticons = "".join(map(self._emoticon.get, _EMOTICON(text), repeat("")))
                signatures[index] += f",{emoticons}"
        return signatures


def _kept(signature: str) -> str:
    """The signature, a `t` behind it when what did not happen is worth a word."""
    if "t" in signature:
        return signature.translate(_TRIAL_ONLY) + ("t" if _TRIED(signature) else "")
    return signature.translate(_TRIAL_ONLY)


def _taken_back(word: str, lexicon: Mapping[str, Entry]) -> str:
    """The letters of a word of praise that is a complaint and its negation (不卡, 没有色差); "" for any other."""
    if lexicon[word].kind == "pos":
        for cut in range(1, len(word)):
            head, rest = lexicon.get(word[:cut]), lexicon.get(word[cut:])
            if head and rest and head.kind == "not" and (letter := _letter(word[cut:], rest)) in _TROUBLE:
                return "!" + letter
    return ""


def _letter(word: str, entry: Entry) -> str:
    kind, weight = entry
    if kind in ("pos", "neg"):
        return "f" if word in _WORRY else _opinion(kind == "pos", weight)
    if kind == "degree":
        return "+" if weight > 1 else "w" if weight <= _WISH else "-"
    if kind == "compare":
        return "}" if weight > 1 else ">"
    if kind == "not":
        return "^" if weight > 1 else "!"
    if kind == "plain":
        return "!" * int(weight)
    return "<" if kind == "lose" else _LETTERS[kind]


def _opinion(good: bool, weight: float) -> str:
    if weight >= RHETORIC:
        return "r" if good else "R"
    if weight > _MILD:
        letter = "p" if good else "n"
        return letter.upper() if weight > 1 else letter
    if weight > LATENT:
        return "a" if good else "z"
    return "g" if good else "o"


class _Clause(NamedTuple):
    """What one clause says; `but` when it opens with a turn."""

    but: bool
    lean: float
    good: int
    bad: int
    turned: int
    asked: bool
    news: int
    mild: bool


class _Clauses(dict[str, _Clause]):
    """Signature of a clause → what it says; clauses repeat far more than texts do."""

    def __missing__(self, signature: str) -> _Clause:
        if len(self) > _REMEMBERED:
            self.clear()
        clause = self[signature] = _clause(signature)
        return clause


def _walk(signature: str, clauses: _Clauses) -> Sequence[float]:
    """The row of `Readings` for a text: its clauses from first to last."""
    lean, emphasis = 0.0, 1.0
    good = bad = turned = stated = news = 0
    asked = mild = feared = False
    if tried := "t" in signature:
        signature = signature.replace("t", "")
    for part in signature.split(","):
        if not part:
            continue
        but, leans, praises, blames, turns, asks, tells, lukewarm = clauses[part]
        if but and (good or bad):
            lean, emphasis = lean * _BEFORE_BUT, _AFTER_BUT
            if feared:
                turns += praises
        lean += leans * emphasis
        good += praises
        bad += blames
        turned += turns
        feared = leans < 0 and ("w" in part or "f" in part)
        news += tells
        mild |= lukewarm
        if asks:
            asked = True
        else:
            stated += praises + blames
    if tried and not (good or bad):
        lean, good, turned = -_NOT_BAD, 1, 1
    if mild and not (good or bad):
        news += 1
    return lean, good, bad, turned, asked and (0.5 if stated else 1), news


def _straight(signature: str) -> str:
    """The clause with every negation in front of what it negates, and what its neighbours turn bad or unreal."""
    signature = _HEAVY("N", signature)
    if "!" in signature or "^" in signature:
        signature = _PROCESS("", signature)
        signature = _LISTED(_each, _NOT_EVEN("!g", _BEHIND(_negated, signature)))
    return _FEARED("w", signature) if "f" in signature else signature


def _negated(said: re.Match[str]) -> str:
    return f"!{said[1] or said[2] or said[3]}"


def _each(listed: re.Match[str]) -> str:
    """The same with a negation of its own for each trouble."""
    return "".join(f"!{letter}" for letter in listed[1] if letter in _TROUBLE)


def _clause(signature: str) -> _Clause:
    lean = 0.0
    good = bad = turned = negations = 0
    degree = 1.0
    mild = False
    for letter in _straight(signature):
        value = _VALUE.get(letter)
        if value is None or (letter in "og" and not negations):
            negations = 0 if letter == "." else negations + (letter in "!^")
            degree *= _DEGREE.get(letter, 1.0)
            continue
        if abs(value) <= _MILD:
            mild |= value != 0
        else:
            turned += negations > 0 or letter in "rR"
            if negations % 2:
                value *= _NOT_GOOD if value > 0 else _NOT_BAD
            good += value > 0
            bad += value < 0
        lean += value * degree
        negations, degree = 0, 1.0
    asked = "?" in signature and "r" not in signature.lower()
    return _Clause(
        signature[0] == "|",
        lean * (_ASKED if asked else 1),
        good,
        bad,
        turned,
        asked,
        signature.count("="),
        mild,
    )
