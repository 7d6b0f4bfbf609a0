"""Matches → verdicts: every offset once, however batches are cut."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from streams.alerts import matches
from streams.alerts.matches import Match, verdicts
from streams.rules.rule import Rule
from streams.topics.alert import Verdict, record_key

NOW = 1_790_000_000.0
MS = int(NOW * 1000)

RULES = {
    ("起火", 1): Rule(name="起火", query="起火", brand="星曜", severity="orange", by_reach={"red": 10_000}),
    ("起火", 2): Rule(name="起火", query="起火", brand="星曜", severity="red"),
    ("平台", 1): Rule(name="平台", query="星曜", per="platform"),
    ("作者", 1): Rule(name="作者", query="星曜", per="author"),
    ("源头", 1): Rule(name="源头", query="星曜", per="root", max_age=60.0),
    ("只存", 1): Rule(name="只存", query="星曜", alert=False),
    ("激增", 1): Rule(name="激增", query="星曜", kind="spike"),
}


def match(
    offset: int, *named: tuple[str, int], partition: int = 0, age: int = 0, followers: int = 0, **more: str
) -> Match:
    fields = {"kind": "post", "platform": "微博", "id": str(offset), "root": "r", "author": "a", **more}
    rules, versions = [name for name, _ in named], [version for _, version in named]
    at = MS - age * 1000
    return Match(
        **fields, followers=followers, at=at, appended=MS, partition=partition, offset=offset,
        rules=rules, versions=versions, starts=[1] * len(named), stops=[3] * len(named),
    )  # fmt: skip


def tell(*found: Match) -> list[Verdict]:
    return verdicts(found, lambda name, version: RULES.get((name, version)), topic="posts", epoch=7, now=NOW)


def test_a_verdict_says_where_its_records_lie_and_what_to_show() -> None:
    [one] = tell(match(3, ("起火", 1)), match(8, ("起火", 1), followers=500, age=9, platform="知乎"))
    assert (one.rule, one.version, one.brand, one.entity, one.severity) == ("起火", 1, "星曜", "", "orange")
    assert (one.topic, one.epoch, one.partition, one.offsets) == ("posts", 7, 0, (3, 8))
    assert one.keys == record_key("post", "微博", "3") + record_key("post", "知乎", "8")
    assert (one.window_start, one.window_end, one.appended, one.at) == (NOW - 9, NOW, NOW, NOW)
    assert [(ref.platform, ref.id, ref.start, ref.stop) for ref in one.refs] == [
        ("知乎", "8", 1, 3),
        ("微博", "3", 1, 3),
    ]


def test_reach_raises_the_severity_and_each_version_speaks_for_itself() -> None:
    loud, old = (
        tell(match(1, ("起火", 1), followers=10_000)),
        tell(match(1, ("起火", 1)), match(2, ("起火", 2))),
    )
    assert [one.severity for one in loud] == ["red"]
    assert [(one.version, one.severity, one.offsets) for one in old] == [
        (1, "orange", (1,)),
        (2, "red", (2,)),
    ]
    assert len({one.dedup_key for one in old}) == 1
    assert len({one.id for one in old}) == 2


def test_what_an_alert_is_about_is_its_rules_choice() -> None:
    named = [("平台", 1), ("作者", 1), ("源头", 1)]
    assert [one.entity for one in tell(match(1, *named, root="x", author="y", platform="z"))] == [
        "z",
        "y",
        "x",
    ]


def test_only_rules_about_posts_that_alert_speak() -> None:
    assert tell(match(1, ("只存", 1), ("激增", 1), ("没有", 1))) == []


def test_what_is_too_old_has_a_verdict_a_day_and_never_mixes_with_news() -> None:
    fresh = match(1, ("源头", 1))
    old = [
        match(2, ("源头", 1), age=61),
        match(3, ("源头", 1), age=86_400 * 3),
        match(4, ("源头", 1), age=86_400 * 3),
    ]
    assert [one.offsets for one in tell(fresh, *old)] == [(1,), (2,), (3, 4)]


def test_no_verdict_outgrows_a_kafka_message() -> None:
    made = tell(*(match(offset, ("起火", 1)) for offset in range(matches.LARGEST + 5)))
    assert [len(one.offsets) for one in made] == [matches.LARGEST, 5]


@dataclass
class Counted:
    """What one that counts offsets per alert and partition, each once, would have."""

    seen: dict[tuple[str, int], int]
    counts: dict[str, int]

    def take(self, told: list[Verdict]) -> None:
        for one in told:
            place = (one.dedup_key, one.partition)
            new = [offset for offset in one.offsets if offset > self.seen.get(place, -1)]
            self.counts[one.dedup_key] = self.counts.get(one.dedup_key, 0) + len(new)
            if new:
                self.seen[place] = new[-1]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sets(st.sampled_from(sorted(RULES)), max_size=4),
            st.sampled_from([0, 61, 100_000, 300_000]),
        ),
        max_size=40,
    ),
    st.lists(st.integers(1, 9), min_size=1),
    st.integers(0, 40),
)
def test_counts_are_exact_however_it_is_cut_and_told_again(
    posts: list[tuple[int, set[tuple[str, int]], int]], cuts: list[int], killed: int
) -> None:
    all_of_them = [
        match(offset, *sorted(named), partition=partition, age=age)
        for offset, (partition, named, age) in enumerate(posts)
    ]
    whole, cut = Counted({}, {}), Counted({}, {})
    whole.take(tell(*all_of_them))
    cut.take(tell(*all_of_them[:killed]))
    rest = list(all_of_them)
    while rest:
        for size in cuts:
            cut.take(tell(*rest[:size]))
            rest = rest[size:]
    assert cut.counts == whole.counts
