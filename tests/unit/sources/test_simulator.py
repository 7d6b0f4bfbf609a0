from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import pairwise, takewhile

import pytest

from streams.config import shipped
from streams.sources.simulator import ACTS, Event, burst, schedule, simulate
from streams.sources.simulator.cast import MAKERS
from streams.sources.simulator.grammar import Grammar
from streams.text.analyse import analyse
from streams.text.lexicons import load
from streams.text.toolkit import build
from streams.topics.codec import decode, decoder, encode
from streams.topics.interaction import Interaction
from streams.topics.post import Post
from streams.topics.share import Share

START = 1_790_000_000.0


@cache
def story(seed: int = 1) -> Sequence[Event]:
    """Five minutes of it, with its history."""
    return tuple(takewhile(lambda event: event.due < 300, simulate(seed=seed, start=START)))


def posts(begin: float, end: float) -> list[Post]:
    return [e.record for e in story() if isinstance(e.record, Post) and begin <= e.due < end]


def shares() -> list[Share]:
    return [e.record for e in story() if isinstance(e.record, Share)]


def test_the_same_seed_and_start_tell_the_same_story() -> None:
    assert story() == tuple(takewhile(lambda event: event.due < 300, simulate(seed=1, start=START)))


def test_another_seed_tells_another() -> None:
    texts = {post.text for post in posts(-1e9, 300)}
    other = [e.record.text for e in story(2) if isinstance(e.record, Post)]
    assert sum(text in texts for text in other) < len(other) / 2


def test_events_come_in_order_and_at_their_time() -> None:
    assert all(before.due <= after.due for before, after in pairwise(story()))
    for due, topic, record in story():
        assert getattr(record, topic.time_field) == pytest.approx(START + due, abs=0.01)
        assert isinstance(record, topic.struct)


def test_every_record_passes_the_contract() -> None:
    for event in story()[::7]:
        assert decode(decoder(event.topic.struct), encode(event.record)) == event.record
        assert event.topic.key(event.record)
        assert event.record.via == "demo"


def test_ids_are_unique_and_carry_the_start() -> None:
    ids = [getattr(event.record, event.topic.id_field) for event in story()]
    assert len(set(ids)) == len(ids)
    assert all(name.startswith(f"demo-{int(START)}-") for name in ids)


def test_the_history_fills_three_days() -> None:
    history = [event for event in story() if event.due <= 0]
    assert history[0].due < -71 * 3600
    number = sum(isinstance(event.record, Post) for event in history)
    assert 5_000 <= number <= 8_500
    hours = Counter(int(event.due // 3600) for event in history)
    assert len(hours) == 72
    assert max(hours.values()) > 5 * min(hours.values()), "nights are quiet"
    assert sum(event.due > -10 for event in history) >= 10, "charts of the last seconds have something, too"


def test_the_launch_is_a_burst_that_decays() -> None:
    at = schedule.LAUNCH
    first = len([event for event in story() if at <= event.due < at + 1])
    later = len([event for event in story() if at + 20 <= event.due < at + 30]) / 10
    assert first > 5 * later


@pytest.mark.parametrize(
    ("seconds", "users"), [(1, 50e3), (60, 300e3), (600, 600e3), (1_800, 1e6), (86_400, 3.5e6)]
)
def test_the_launch_curve_goes_through_the_known_points(seconds: float, users: float) -> None:
    assert schedule.launched(schedule.LAUNCH + seconds) == pytest.approx(users)


def test_the_crisis_stands_out_and_the_engine_sees_it() -> None:
    tools = build(sentiment="hybrid", lexicons=[shipped("lexicons")])

    def negative(begin: float, end: float) -> float:
        result = analyse([post.text for post in posts(begin, end)], tools)
        about = zip(result.brands, result.brand_sentiments, strict=True)
        return sum(("星曜", "neg") in zip(*pair, strict=True) for pair in about) / (end - begin)

    calm, crisis = negative(10, 40), negative(50, 90)
    assert crisis > 5 * calm
    assert crisis > 3
    words = [post.text for post in posts(50, 90)]
    assert sum("断连" in text or "发热" in text or "售后" in text or "烫" in text for text in words) > 200


def test_key_posts_of_the_crisis_grow_deep_cascades() -> None:
    depth: dict[str, int] = {}
    for share in shares():
        depth[share.share_id] = depth.get(share.parent_id, 0) + 1
        known = share.parent_id in depth or share.parent_id == share.root_id
        assert known, "a parent comes before its children"
    deepest: Counter[str] = Counter()
    for share in shares():
        deepest[share.root_id] = max(deepest[share.root_id], depth[share.share_id])
    sizes = Counter(share.root_id for share in shares())
    large = [root for root, size in sizes.items() if size >= 150]
    assert len(large) >= 4
    assert sum(deepest[root] >= 6 for root in large) >= 4
    empty = sum(not share.text for share in shares()) / len(shares())
    assert 0.1 < empty < 0.5


def test_roots_of_cascades_are_posts() -> None:
    known = {post.post_id: post.platform for post in posts(-1e9, 300)}
    for share in shares():
        assert known[share.root_id] == share.platform


def test_every_kind_of_interaction_occurs() -> None:
    acts = [e.record for e in story() if isinstance(e.record, Interaction)]
    kinds = {act.kind for act in acts}
    assert kinds >= {
        "follow",
        "like",
        "comment",
        "dialogue_in",
        "dialogue_out",
        "reserve",
        "purchase",
        "claim",
    }
    assert all(act.value > 0 for act in acts if act.kind == "purchase")
    asked = {act.user_id for act in acts if act.kind == "dialogue_in"}
    assert all(act.user_id in asked for act in acts if act.kind == "dialogue_out")


def test_nobody_repeats_within_a_thousand_posts() -> None:
    texts = [post.text for post in posts(-1e9, 300)]
    for begin in range(0, len(texts) - 1_000, 250):
        block = texts[begin : begin + 1_000]
        assert len(set(block)) == 1_000
        assert len({text[:8] for text in block}) >= 300


def test_people_differ() -> None:
    authors = {post.author.id: post.author for post in posts(-1e9, 300) if post.author}.values()
    followers = sorted(author.followers for author in authors)
    assert followers[-1] > 100 * followers[len(followers) // 2] > 0
    assert len({author.location for author in authors}) > 50
    assert {author.verified for author in authors} == {True, False}
    assert len({post.platform for post in posts(-1e9, 300)}) == 5


def test_it_goes_on_for_ever() -> None:
    events = simulate(seed=3, start=START, history=False)
    late = [event for event in takewhile(lambda event: event.due < 1_260, events) if event.due >= 1_200]
    assert {event.topic.name for event in late} == {"posts", "shares", "interactions"}
    assert len(late) > 300


def test_the_rate_multiplies_what_happens() -> None:
    def number(rate: float) -> int:
        events = simulate(seed=4, start=START, rate=rate, history=False)
        return sum(1 for _ in takewhile(lambda event: event.due < 60, events))

    assert 2.5 < number(3.0) / number(1.0) < 3.5


def test_a_burst_is_as_large_as_asked() -> None:
    events = list(burst(2_000, seed=1, start=START))
    assert len({event.record.text for event in events if isinstance(event.record, Post)}) == 2_000
    assert all(0 <= event.due < 1 for event in events)


def test_brands_are_those_of_the_lexicons() -> None:
    terms = {brand.name: brand.terms for brand in load([shipped("lexicons")]).brands}
    for maker in MAKERS:
        assert maker.name in terms
        assert all(product.startswith(maker.name) for product in maker.products)


def test_the_grammar_leaves_nothing_open_but_what_is_given() -> None:
    assert Grammar.shipped().open == {"p", "b", "r"}


def test_acts_are_in_order() -> None:
    assert [at for at, _, _ in ACTS] == sorted(at for at, _, _ in ACTS)
