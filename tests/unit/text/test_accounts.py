from dataclasses import dataclass

import pytest

from streams.text.accounts import DAY, Seen, judge

NOW = 1_700_000_000_000


@dataclass
class Maker:
    """Posts of one account, five minutes apart unless said otherwise."""

    followers: int = 200
    following: int = 150
    total: int = 500
    verified: bool = False
    joined: int = NOW - 400 * DAY

    def posts(self, copies: int, own: int, apart: int = 300_000) -> list[Seen]:
        return [
            Seen(
                NOW + number * apart,
                str(number),
                number < copies,
                self.followers,
                self.following,
                self.total,
                self.verified,
                self.joined,
            )
            for number in range(copies + own)
        ]


ORDINARY = Maker()
ODD = Maker(followers=20, following=1_900)
"""Follows many, followed by few: 5 + 3."""


@pytest.mark.parametrize(
    ("maker", "copies", "own", "label"),
    [
        (ORDINARY, 0, 10, "none"),
        (ORDINARY, 1, 9, "none"),
        (ORDINARY, 1, 0, "none"),
        (ORDINARY, 6, 4, "suspected"),
        (ORDINARY, 20, 0, "suspected"),
        (ODD, 0, 10, "none"),
        (ODD, 1, 0, "suspected"),
        (ODD, 2, 1, "light"),
        (ODD, 4, 1, "heavy"),
        (ODD, 3, 1, "light"),
        (Maker(followers=20, following=1_900, joined=NOW - 2 * DAY, total=900), 0, 1, "suspected"),
        (Maker(followers=20, following=1_900, verified=True), 40, 0, "suspected"),
        (Maker(followers=20, following=1_900, verified=True), 4, 6, "none"),
        (Maker(followers=20, following=1_900, joined=NOW - 2_000 * DAY), 4, 6, "none"),
        (Maker(followers=0, following=0, total=0, joined=0), 3, 0, "suspected"),
    ],
)
def test_labels(maker: Maker, copies: int, own: int, label: str) -> None:
    assert judge(maker.posts(copies, own)).label == label


def test_a_burst_counts() -> None:
    quick = judge(ORDINARY.posts(5, 0, apart=5_000))
    assert (quick.burst, quick.score, quick.label) == (5, 5, "light")
    assert judge(ORDINARY.posts(5, 0)).burst == 1


def test_a_single_post_is_at_most_suspected() -> None:
    worst = Maker(followers=1, following=5_000, total=10**6, joined=NOW - DAY)
    assert judge(worst.posts(1, 0)).label == "suspected"


def test_unknown_figures_score_nothing() -> None:
    assert judge(Maker(0, 0, 0, False, 0).posts(1, 1)).score == 0


def test_figures_do_not_depend_on_the_order_of_posts() -> None:
    posts = ODD.posts(3, 4)
    assert judge(posts) == judge(posts[::-1])
