"""What a thousand rules cost a post: the compiled matcher alone, on batches that are folded and cut already."""

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from bench.material import Material
from bench.report import Section, spread
from streams.config import shipped
from streams.rules.matcher import Batch, Matcher
from streams.rules.records import post_columns
from streams.rules.rule import Rule
from streams.text import lexicons
from streams.text.normalise import normalise
from streams.text.segment import Segmenter

BATCH = 5_000
RULES = 1_000
SHAPES = (
    '"{a}" OR "{b}{c}"',
    "{a} AND ({c} OR {d})",
    "({a} OR {b}) AND ({c} OR {d}) NOT {e}",
    "{a} NEAR/5 ({c} OR {d})",
    "({a} OR {b}) ONEAR/3 {c}",
    "{a} {c} followers:[1000 TO *]",
    "({a} OR {b}) NOT ({c} OR {d}) platform:微博",
    "{c} {a} sentiment:neg",
    "{a}~ ({c} OR {d})",
    "{a} /[0-9]+元/",
)
FIELDS_ONLY = "platform:微博 followers:[1000000 TO *] verified:true"


def run(material: Material, *, scale: float, rounds: int) -> Section:
    size = max(BATCH, int(10 * scale) * BATCH)
    posts = (material.posts * (size // len(material.posts) + 1))[:size]
    segmenter = Segmenter(lexicons.load([shipped("lexicons")]).user_words)
    tones = random.Random(5).choices(("pos", "neu", "neg"), (30, 50, 20), k=BATCH)
    batches: list[Batch] = []
    for start in range(0, size, BATCH):
        part = posts[start : start + BATCH]
        folded = normalise([post.text for post in part])
        batches.append(
            Batch(
                [post.text for post in part],
                folded,
                segmenter.cut(folded),
                post_columns(part, lambda _: tones),
            )
        )
    counted = Counter(token for batch in batches for tokens in batch.cuts for token in set(tokens))
    words = [word for word, _ in counted.most_common() if len(word) > 1 and word.isalnum()]
    names = list(made(words[2_000:20_000], words[20:600]))
    loads = {
        "1,000 rules, each about a rare word": names,
        "the same without evasions": plain(names),
        "100 of them": names[:100],
        "1,000 rules, each about a common word": list(made(words[600:4_000], words[20:600])),
    }
    rows = []
    for name, rules in loads.items():
        began = time.thread_time()
        matcher = Matcher(rules, segmenter)
        built = time.thread_time() - began
        found, hits = [], 0
        for _ in range(rounds + 1):
            began, hits = time.thread_time(), 0
            for batch in batches:
                hits += sum(map(len, matcher.match(batch).values()))
            found.append((time.thread_time() - began) / size * 1e6)
        # the first round counts which words are rare
        rows.append((name, spread(found[1:], ".2f"), f"{built * 1e3:.0f}", f"{hits / size:.2f}"))
        print(f"rules: {name}: {min(found[1:]):.2f} µs a post", file=sys.stderr)
    return Section(
        "rules",
        "CPU of a post for its rules",
        f"{len(batches)} batches of {BATCH:,} posts ({material.origin}), folded and cut, {rounds} rounds. Rules of "
        f"{len(SHAPES)} shapes over words of the texts: what a rule is about, and common words that it combines it "
        "with. One rule asks for fields alone.",
        ("rules", "CPU µs a post", "ms to compile", "hits a post"),
        rows,
    )


def made(about: Sequence[str], common: Sequence[str]) -> Iterator[Rule]:
    """A thousand rules.

    Args:
        about: words as brands and products are.
        common: words as are said of them.
    """
    chance = random.Random(4)
    for number in range(RULES - 1):
        a, b = chance.sample(about, 2)
        c, d, e = chance.sample(common, 3)
        query = SHAPES[number % len(SHAPES)].format(a=a, b=b, c=c, d=d, e=e)
        yield Rule(name=str(number), query=query)
    yield Rule(name="fields", query=FIELDS_ONLY)


def plain(rules: Sequence[Rule]) -> list[Rule]:
    """The same rules without evasions."""
    return [Rule(name=rule.name, query=rule.query.replace("~", "")) for rule in rules]
