"""Writes posts and comments: what is said comes from the grammar, how it looks from the platform."""

from collections import deque
from random import Random
from typing import Literal

from streams.sources.simulator.cast import HERO, MAKERS, Cast, Maker
from streams.sources.simulator.grammar import Grammar

Mood = Literal["pos", "neg", "neu", "mixed", "launch", "crisis", "news"]

_ASPECTS = ["camera", "screen", "battery", "speed", "look", "system", "signal", "sound", "price", "service"]
_TONE = {"launch": "pos", "crisis": "neg", "mixed": "neu", "news": "neu"}
_ENDS = ("", "", "。", "。", "！", "！！", "～", "…", "。。。")
_SLIPS = (
    ("的", "得"),
    ("再", "在"),
    ("，", " "),
    ("，", ","),
    ("真的", "针的"),
    ("什么", "啥"),
    ("没有", "木有"),
    ("这个", "介个"),
    ("好看", "好康"),
    ("了", "辽"),
)
_FRESH = 3_000


class Writer:
    """One source of texts; it never repeats itself within a few thousand.

    Args:
        rng: source of chance.
        cast: people to be mentioned with @.
    """

    def __init__(self, rng: Random, cast: Cast) -> None:
        self._rng = rng
        self._cast = cast
        self._grammar = Grammar.shipped()
        self._recent: deque[str] = deque(maxlen=_FRESH)
        self._taken: set[str] = set()

    def post(self, platform: str, mood: Mood, maker: Maker, tag: str) -> tuple[str, str]:
        """Title (often "") and text of a post.

        Args:
            platform: decides length, tags and decorations.
            mood: what kind of post.
            maker: whom it is about.
            tag: symbol of the grammar that hashtags come from, or "".
        """
        while True:
            title, text = self._draft(platform, mood, maker, tag)
            if text not in self._taken:
                break
        if len(self._recent) == _FRESH:
            self._taken.discard(self._recent[0])
        self._recent.append(text)
        self._taken.add(text)
        return title, text

    def line(self, symbol: str, maker: Maker = HERO) -> str:
        """One line of the grammar."""
        return self._grammar.say(symbol, self._given(maker), self._rng)

    def _given(self, maker: Maker) -> dict[str, str]:
        rng = self._rng
        rival = rng.choice([other for other in MAKERS if other is not maker])
        return {
            "p": maker.products[int(rng.random() * len(maker.products))],
            "b": maker.name,
            "r": rival.products[int(rng.random() * len(rival.products))],
        }

    def _draft(self, platform: str, mood: Mood, maker: Maker, tag: str) -> tuple[str, str]:
        rng, given = self._rng, self._given(maker)
        say = self._grammar.say
        tone = _TONE.get(mood, mood)
        text = self._sentence(mood, given)
        title = ""
        if platform in ("知乎", "论坛", "小红书") and mood != "news":
            if rng.random() < 0.75:
                title = say("title.crisis" if mood == "crisis" else "title", given, rng)
            if tone in ("pos", "neg"):
                for more in rng.sample(_ASPECTS, rng.choice((0, 0, 1, 1, 2, 3))):
                    again = given | {"p": rng.choice(("它", "这手机", given["p"]))}
                    text = f"{_stopped(text)}{say(f'{more}.{tone}', again, rng)}{say(f'second.{tone}', again, rng)}"
            if rng.random() < 0.3:
                text = _stopped(text) + say("note.end", given, rng)
        elif platform == "QQ空间" and mood != "news" and rng.random() < 0.35:
            text = say("diary", given, rng) + text
        if text[-1] not in "。？！?…】～":
            ends = ("", "。") if mood == "news" else ("", "", "？", "？？") if _asks(text) else _ENDS
            text += ends[int(rng.random() * len(ends))]
        if rng.random() < 0.05:
            text = text.replace(*_SLIPS[int(rng.random() * len(_SLIPS))])
        if mood == "news":
            return title, f"【{given['b']}】{text}" if rng.random() < 0.3 else text
        return title, self._decorate(platform, tone, tag, text, given)

    def _sentence(self, mood: Mood, given: dict[str, str]) -> str:
        rng, say = self._rng, self._grammar.say
        if mood == "neu":
            kind = rng.choices(("question", "intent", "chat", "compare"), (38, 26, 26, 10))[0]
            return say(kind, given, rng)
        if mood in ("mixed", "launch", "news"):
            return say(mood, given, rng)
        tone = "pos" if mood == "pos" else "neg"
        core = "crisis" if mood == "crisis" else f"{rng.choice(_ASPECTS)}.{tone}"
        text = say(f"open.{tone}", given, rng) if rng.random() < 0.55 else ""
        text += say(core, given, rng)
        for symbol, often in ((f"second.{tone}", 0.35), (f"tail.{tone}", 1.0)):
            if rng.random() < often:
                more = say(symbol, given, rng)
                text += more.removeprefix("，") if text[-1] in "？！" else more
        return text

    def _decorate(self, platform: str, tone: str, tag: str, text: str, given: dict[str, str]) -> str:
        rng, say = self._rng, self._grammar.say
        if rng.random() < (0.6 if platform in ("微博", "小红书") else 0.25):
            mark = say(f"emo.{tone}", given, rng)
            if mark.startswith("[") and platform != "微博":
                mark = ""
            text += mark * (3 if rng.random() < 0.2 else 1)
        if platform == "微博":
            if tag and rng.random() < 0.4:
                hashtag = say(tag, given, rng)
                text = hashtag + text if rng.random() < 0.6 else f"{text} {hashtag}"
            if rng.random() < 0.12:
                nick = self._cast.anyone(rng).nick if rng.random() < 0.6 else f"{given['b']}官方"
                text += f" @{nick}"
        elif platform == "小红书":
            tags = rng.sample(
                ("手机推荐", "数码好物", given["b"], "真实测评", "开箱", "手机摄影", "学生党"),
                rng.randrange(1, 4),
            )
            text += " " + " ".join(f"#{name}" for name in tags)
        return text


def _stopped(sentence: str) -> str:
    return sentence if sentence[-1] in "。？！～…" else sentence + "。"


def _asks(sentence: str) -> bool:
    return any(
        word in sentence for word in ("吗", "怎么", "哪", "什么", "多少", "还是等", "求过来人", "推荐的")
    )
