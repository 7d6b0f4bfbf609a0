"""What it costs to find 4,000 terms in a batch, as they are written and with their evasions."""

import random
import time
from collections import Counter
from collections.abc import Sequence

from bench.material import Material
from bench.report import Figure, Section, spread
from streams.text.finder import Finder, Term
from streams.text.normalise import normalise
from streams.text.segment import Segmenter

BATCH = 5_000
TERMS = 4_000
WANTED = 3.0
"""CPU µs a post for terms without evasions."""


def run(material: Material, *, scale: float, rounds: int) -> Section:
    segmenter = Segmenter()
    texts = [post.text for post in material.posts[: max(BATCH, int(4 * BATCH * scale))]]
    folded = normalise(texts)
    cuts = segmenter.cut(folded)
    words = _seldom(cuts)
    rows, figures = [], []
    for name, evasions in (("as written", False), ("with evasions", True)):
        began = time.thread_time()
        finder = Finder([Term(word, evasions=evasions) for word in words], segmenter)
        built = time.thread_time() - began
        costs, hits = [], 0
        for _ in range(rounds + 1):
            began, hits = time.thread_time(), 0
            for at in range(0, len(texts), BATCH):
                part = slice(at, at + BATCH)
                hits += sum(map(len, finder.find(texts[part], folded[part], cuts[part]).values()))
            costs.append((time.thread_time() - began) / len(texts) * 1e6)
        costs = costs[1:]  # the first round fills what is remembered of homophones
        rows.append((name, spread(costs, ".2f"), f"{hits / len(texts):.2f}", f"{built:.2f}"))
        if not evasions:
            best = min(costs)
            figures.append(
                Figure(
                    f"{len(words):,} terms, CPU a post", f"{best:.1f} µs", f"≤ {WANTED} µs", best <= WANTED
                )
            )
    return Section(
        "finder",
        "Terms of rules",
        f"{len(words):,} words that are seldom in the texts ({material.origin}), {rounds} rounds.",
        ("terms", "CPU µs a post", "hits a post", "built in s"),
        rows,
        figures,
    )


def _seldom(cuts: Sequence[list[str]]) -> list[str]:
    """Words as rules have them: of two to four characters, in a few texts only."""
    counts = Counter(
        word for tokens in cuts for word in set(tokens) if 2 <= len(word) <= 4 and word.isalnum()
    )
    words = sorted(word for word, count in counts.items() if count <= 2)
    return random.Random(0).sample(words, min(TERMS, len(words)))
