"""The sentiment engines alone: CPU a post at the batch sizes that occur, and the parts of `hybrid`."""

import time
from collections.abc import Callable

from bench.material import Material
from bench.report import Figure, Section
from streams.config import shipped
from streams.text.normalise import normalise
from streams.text.sentiment import weights
from streams.text.sentiment.hybrid import Hybrid
from streams.text.sentiment.ngrams import Ngrams
from streams.text.sentiment.rule import Rule
from streams.text.toolkit import build

BATCHES = (5_000, 32, 1)
LIMIT = 8.0


def run(material: Material, *, scale: float, rounds: int) -> Section:
    tools = build(sentiment="hybrid", lexicons=[shipped("lexicons")])
    alone = build(sentiment="lexicon", lexicons=[shipped("lexicons")])
    texts = normalise([post.text for post in material.posts[: max(200, int(50_000 * scale))]])
    cuts = tools.segmenter.cut(texts)
    ngrams = Ngrams(weights.load([shipped("lexicons")]))

    def cost(judge: Callable[[list[str], list[list[str]]], object], size: int) -> float:
        count = len(texts) if size > 1 else min(len(texts), 5_000)
        best = float("inf")
        for _ in range(rounds):
            begin = time.process_time()
            for start in range(0, count, size):
                judge(texts[start : start + size], cuts[start : start + size])
            best = min(best, time.process_time() - begin)
        return 1e6 * best / count

    def first(engine: Hybrid) -> float:
        begin = time.process_time()
        for start in range(0, len(texts), 5_000):
            engine.judge(texts[start : start + 5_000], cuts[start : start + 5_000])
        return 1e6 * (time.process_time() - begin) / len(texts)

    never_seen = first(Hybrid(Rule(tools.lexicons.sentiment, tools.segmenter.split), ngrams))
    whole = {size: cost(tools.engine.judge, size) for size in BATCHES}
    rows = [(f"hybrid, batches of {size:,}", f"{value:.1f} µs") for size, value in whole.items()]
    rows += [
        ("hybrid, batches of 5,000, words and texts never met before", f"{never_seen:.1f} µs"),
        ("n-grams alone, batches of 5,000", f"{cost(lambda part, _: ngrams.read(part), 5_000):.1f} µs"),
        ("lexicon, batches of 5,000", f"{cost(alone.engine.judge, 5_000):.1f} µs"),
    ]
    return Section(
        "sentiment",
        "Sentiment",
        f"CPU a post of the judging alone, best of {rounds}, {len(texts):,} texts folded and cut before.",
        ("what", "a post"),
        rows,
        [
            Figure(
                "judge, batches of 5,000",
                f"{whole[5_000]:.1f} µs",
                f"≤ {LIMIT:.0f} µs",
                whole[5_000] <= LIMIT,
            )
        ],
    )
