"""Near duplicates: what the fingerprint costs in a lane, and grouping in the worker that derives the table."""

import random
import sys
import time
from collections.abc import Callable
from itertools import cycle, islice

from bench.material import Material
from bench.report import Figure, Section, spread
from streams.text.duplicates import Groups
from streams.text.fingerprint import fingerprints
from streams.text.normalise import normalise
from streams.text.segment import Segmenter

BATCH = 5_000
LEADERS = 1_000_000
FINGERPRINT, GROUP = 2.0, 15.0
"""CPU µs a post that may be spent."""


def run(material: Material, *, scale: float, rounds: int) -> Section:
    texts = normalise([post.text for post in islice(cycle(material.posts), max(BATCH, int(50_000 * scale)))])
    batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    hot = normalise(_adverts(BATCH))
    segmenter = Segmenter()
    full: Groups[int] = Groups(LEADERS)
    for number in range(0, int(LEADERS * scale), BATCH):
        full.restore(range(number, number + BATCH), _mixed(texts, number))
    found: dict[str, list[float]] = {name: [] for name in ("cut", "fingerprint", "first", "full", "hot")}
    for number in range(rounds):
        fresh = _mixed(texts, -1 - number)
        found["cut"].append(_cost(segmenter.cut, batches))
        found["fingerprint"].append(_cost(fingerprints, batches))
        found["first"].append(_cost(_grouping(Groups(LEADERS)), batches))
        found["full"].append(_cost(_grouping(full), [fresh]))
        found["hot"].append(_cost(_grouping(full), [hot]))
        print(f"duplicates {number + 1}/{rounds}", file=sys.stderr)
    rows = [
        ("segmentation, for comparison", spread(found["cut"], ".2f")),
        ("fingerprint (in every lane)", spread(found["fingerprint"], ".2f")),
        ("grouping, from no leader on", spread(found["first"], ".1f")),
        (f"grouping beside {len(full):,} leaders", spread(found["full"], ".1f")),
        ("grouping the copies of one advert", spread(found["hot"], ".1f")),
    ]
    cheapest, group = min(found["fingerprint"]), min(found["first"])
    return Section(
        "duplicates",
        "Near duplicates",
        f"Batches of {BATCH:,} texts ({material.origin}), one thread, {rounds} rounds.",
        ("step", "CPU µs a post"),
        rows,
        [
            Figure("fingerprint", f"{cheapest:.2f} µs", f"≤ {FINGERPRINT} µs", cheapest <= FINGERPRINT),
            Figure("grouping", f"{group:.1f} µs", f"≤ {GROUP} µs", group <= GROUP),
        ],
    )


def _grouping(groups: Groups[int]) -> Callable[[list[str]], object]:
    return lambda batch: groups.assign(range(len(batch)), batch)


def _cost(function: Callable[[list[str]], object], batches: list[list[str]]) -> float:
    began = time.thread_time()
    for batch in batches:
        function(batch)
    return (time.thread_time() - began) / sum(map(len, batches)) * 1e6


def _mixed(texts: list[str], seed: int) -> list[str]:
    """New texts in old words: pieces of eight characters, as many as the texts are long."""
    rng = random.Random(seed)
    joined = "".join(texts)
    return [
        "".join(
            joined[start : start + 8] for start in rng.choices(range(len(joined) - 8), k=len(text) // 8 + 1)
        )
        for text in rng.choices(texts, k=BATCH)
    ]


def _adverts(number: int) -> list[str]:
    rng = random.Random(0)
    tails = ("", "🔥", " @小王", "[赞]")
    return [
        f"【秒杀】星曜耳机只要{rng.randrange(99, 300)}元，{rng.randrange(10, 24)}点开抢！{rng.choice(tails)}"
        for _ in range(number)
    ]
