"""koubei words: which words rise, and which are in no dictionary yet."""

import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

import tomlkit
from cyclopts import Parameter

from streams.cli.common import ClickHouse, Data, Json, group, reader_url, say, settings, show_json
from streams.cli.tables import Rows, write
from streams.config import Settings, shipped
from streams.errors import BadConfig
from streams.language import t
from streams.store.client import Column, Connection
from streams.text import lexicons
from streams.text.newwords import NewWord, discover
from streams.text.normalise import fold, normalise
from streams.text.segment import Segmenter
from streams.text.words import hot_sql

app = group("words", "热词和新词", "Hot words and new words")

OWN = "own_words"
"""Folder of the user dictionary, below the user's own lexicons."""

TEXTS = 100_000
"""Texts that new words are looked for in; of more, as many are drawn."""

LETTERS = 500
"""Characters of a text that are read."""

_UNITS = {"m": 60, "h": 3600, "d": 86400}
_NEWEST = "SELECT max(published) FROM posts WHERE toStartOfHour(published) = (SELECT max(toStartOfHour(published)) FROM posts)"
_DRAWN = """\
SELECT substringUTF8(text, 1, {letters:UInt32})
FROM posts_latest
WHERE published >= {from:DateTime64(3, 'UTC')} AND published < {to:DateTime64(3, 'UTC')} AND text != ''
  AND ({brand:String} = '' OR has(mentions.brand, {brand:String}))
ORDER BY cityHash64(platform, post_id)
LIMIT {limit:UInt32}"""

Brand = Annotated[str, Parameter(help=t("只看提及该品牌的帖子", "Only posts that name this brand"))]
Organic = Annotated[bool, Parameter(help=t("不含水军", "Without accounts labelled as 水军"))]
Until = Annotated[
    datetime | None,
    Parameter(help=t("到何时为止，默认到最新的帖子", "End of the range; the newest post by default")),
]


class Range(NamedTuple):
    """A range of time, its end not included."""

    start: datetime
    stop: datetime


@app.command(help=t("比之前更热的词", "Words that rise against the time before"))
def hot(
    *,
    brand: Brand = "",
    window: Annotated[str, Parameter(help=t("多长时间，如 30m、24h、7d", "How long: 30m, 24h, 7d"))] = "24h",
    until: Until = None,
    baseline: Annotated[
        int,
        Parameter(
            help=t("与之前多少段同样长的时间相比", "How many ranges of that length before to compare with")
        ),
    ] = 1,
    organic: Organic = False,
    limit: Annotated[int, Parameter(help=t("最多多少个", "At most so many"))] = 30,
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Print the words that rise, most first."""
    loaded = settings(data, None, clickhouse)
    known = lexicons.load(_folders(loaded))
    own = [term for one in known.brands if one.name == brand for term in one.terms]
    query = hot_sql(view="organic" if organic else "raw", periods=_positive(baseline), limit=_positive(limit))
    connection = Connection(reader_url(loaded))
    try:
        span = _range(connection, window, until, loaded.timezone)
        without = sorted({*known.stopwords, *own})
        found = connection.query(
            query, {"from": span.start, "to": span.stop, "brand": brand, "without": without}
        )
    finally:
        connection.close()
    if json:
        show_json(
            [dict(zip((column.name for column in found.columns), row, strict=True)) for row in found.rows]
        )
        return
    titles = [
        (t("词", "word"), "String"),
        (t("帖子数", "posts"), "UInt64"),
        (t("之前", "before"), "UInt64"),
        (t("热度", "rise"), "Float64"),
        (t("负面 %", "negative %"), "Float64"),
    ]
    rounded = [(*row[:3], _round(row[3]), _round(row[4])) for row in found.rows]
    _print(titles, rounded, loaded)
    if not found.rows:
        say(t("这段时间没有变热的词", "No word rises in this range"))
    elif found.rows[0][3] is None:
        say(
            t(
                "之前没有帖子可比，按帖子数排列",
                "There are no posts before to compare with: sorted by posts",
            )
        )


@app.command(help=t("词典里还没有的词", "Words that are in no dictionary yet"))
def new(
    *,
    since: Annotated[str, Parameter(help=t("看多久以来的帖子，如 24h、7d", "Of how long: 24h, 7d"))] = "7d",
    until: Until = None,
    brand: Brand = "",
    add: Annotated[
        list[str] | None,
        Parameter(
            help=t(
                "把这些词加入自己的词典（text.lexicons）；可多次",
                "Add this word to your own dictionary; repeatable",
            )
        ),
    ] = None,
    least: Annotated[
        int, Parameter(help=t("至少多少条不同的文本", "In at least so many different texts"))
    ] = 8,
    limit: Annotated[int, Parameter(help=t("最多多少个", "At most so many"))] = 50,
    json: Json = False,
    data: Data = None,
    clickhouse: ClickHouse = None,
) -> None:
    """Propose words for the user dictionary, or add those chosen."""
    loaded = settings(data, None, clickhouse)
    if add:
        file, added = keep(_own_folder(loaded), add)
        known = ", ".join(word for word in add if fold(word).strip() not in added)
        if known:
            say(t(f"已在词典里：{known}", f"In the dictionary already: {known}"))
        if added:
            words = t("、".join(added), ", ".join(added))
            say(
                t(
                    f"已加入 {file}：{words}。新帖子几秒后起用",
                    f"Added to {file}: {words}. New posts use them shortly",
                )
            )
        return
    known_words = lexicons.load(_folders(loaded))
    connection = Connection(reader_url(loaded), timeout=60.0)
    try:
        span = _range(connection, since, until, loaded.timezone)
        asked = {"from": span.start, "to": span.stop, "brand": brand, "letters": LETTERS, "limit": TEXTS}
        texts = [row[0] for row in connection.query(_DRAWN, asked).rows]
    finally:
        connection.close()
    found = discover(
        normalise(texts),
        Segmenter(known_words.user_words),
        without=known_words.stopwords,
        least=max(least, 2),
        limit=_positive(limit),
    )
    if json:
        show_json([word._asdict() for word in found])
        return
    titles = [
        (t("词", "word"), "String"),
        (t("文本数", "texts"), "UInt64"),
        (t("凝固度", "PMI"), "Float64"),
        (t("自由度", "entropy"), "Float64"),
        (t("例", "sample"), "String"),
    ]
    _print(titles, [_line(word) for word in found], loaded)
    if found:
        first = found[0].word
        say(
            t(
                f"加入自己的词典：koubei words new --add {first}（可多次）",
                f"Add one to your dictionary: koubei words new --add {first} (repeatable)",
            )
        )
    else:
        say(
            t(
                f"{len(texts):,} 条文本里没有新词；可加长 --since 或减小 --least",
                f"No new word in {len(texts):,} texts; try a longer --since or a smaller --least",
            )
        )


def keep(folder: Path, words: Sequence[str]) -> tuple[Path, list[str]]:
    """Write words into the user dictionary below the folder; returns its file and those that were not in it.

    The lexicon's version grows, so that each post says which dictionary cut it. A word means nothing by itself
    (`plain`) until a person gives it a polarity.

    Raises:
        BadConfig: a word that cannot be one, or a dictionary that cannot be read or written.
    """
    place = folder / OWN
    head_file, words_file = place / "lexicon.toml", place / "words.tsv"
    try:
        place.mkdir(parents=True, exist_ok=True)
        head = tomlkit.parse(head_file.read_text("utf-8") if head_file.is_file() else _HEAD)
        lines = words_file.read_text("utf-8").splitlines() if words_file.is_file() else ["word\tkind\tweight"]
        known = {line.split("\t")[0] for line in lines}
        added = [word for word in dict.fromkeys(map(_word, words)) if word not in known]
        if added:
            lines += [f"{word}\tplain\t0" for word in added]
            head["version"] = int(head.get("version", 0)) + 1
            _replace(words_file, "\n".join(lines) + "\n")
            _replace(head_file, tomlkit.dumps(head))
    except (OSError, ValueError) as error:  # tomlkit's errors are ValueErrors
        raise BadConfig(
            t(f"写不了词典 {place}：{error}", f"Cannot write dictionary {place}: {error}")
        ) from error
    return words_file, added


_HEAD = f"""\
name = "{OWN}"
version = 0
licence = "private"
origin = "koubei words new --add"
kind = "sentiment"
"""


def _replace(file: Path, content: str) -> None:
    """Whole or not at all: a worker may be reading it."""
    partial = file.with_suffix(f".{os.getpid()}")
    partial.write_text(content, encoding="utf-8")
    partial.replace(file)


def _word(word: str) -> str:
    folded = fold(word).strip()
    if len(folded) < 2 or not re.fullmatch(r"[\w.+-]+", folded):
        raise BadConfig(
            t(
                f"{word!r} 不是一个词：要两个字以上，没有空格和标点",
                f"{word!r} is no word: two characters at least, no blank and no punctuation",
            )
        )
    return folded


def _own_folder(loaded: Settings) -> Path:
    if loaded.text.lexicons is None:
        raise BadConfig(
            t(
                '没有自己的词典目录：在 koubei.toml 里写 [text] lexicons = "lexicons"，再试一次',
                'No lexicon folder of your own: put [text] lexicons = "lexicons" into koubei.toml and try again',
            )
        )
    return loaded.text.lexicons


def _folders(loaded: Settings) -> list[Path]:
    own = loaded.text.lexicons
    return [shipped("lexicons"), *([own] if own else [])]


def _range(connection: Connection, length: str, until: datetime | None, timezone: str) -> Range:
    """The range that ends at `until`, by default right behind the newest post."""
    match = re.fullmatch(r"(\d{1,5})([mhd])", length)
    if not match or not int(match[1]):
        raise BadConfig(
            t(
                f"时长要写成 30m、24h 或 7d，得到 {length!r}",
                f"A length reads 30m, 24h or 7d, found {length!r}",
            )
        )
    stop = until
    if stop is None:
        stop = connection.query(_NEWEST).rows[0][0] + timedelta(milliseconds=1)
    elif stop.tzinfo is None:
        stop = stop.replace(tzinfo=ZoneInfo(timezone))
    stop = stop.astimezone(UTC)
    return Range(stop - timedelta(seconds=int(match[1]) * _UNITS[match[2]]), stop)


def _positive(number: int) -> int:
    if number < 1:
        raise BadConfig(t(f"要 1 以上的数，得到 {number}", f"Needs a number from 1 up, found {number}"))
    return number


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _line(word: NewWord) -> tuple[Any, ...]:
    sample = word.samples[0] if word.samples else ""
    at = sample.find(word.word)
    quoted = sample[max(0, at - 10) : at + len(word.word) + 10]
    return (word.word, word.posts, round(word.pmi, 1), round(word.entropy, 1), quoted)


def _print(titles: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]], loaded: Settings) -> None:
    columns = [Column(name, kind) for name, kind in titles]
    if rows:
        write(Rows(columns, iter(rows)), "table", loaded.timezone, sys.stdout)
