"""How a post is passed on: who shares from whom, when, and with what words."""

from random import Random
from typing import NamedTuple

from streams.sources.simulator.cast import Cast, Maker, Person
from streams.sources.simulator.writer import Writer
from streams.topics.post import Post
from streams.topics.share import Share, Tie

_TIES: tuple[Tie, ...] = ("strong", "strong", "weak", "weak", "weak", "unknown")
_CHANNELS = ("好友动态", "好友动态", "信息流", "信息流", "私信", "群聊", "搜索")
_NEAR = 25
_QUOTED = 60


class Spread(NamedTuple):
    """How far a post goes.

    Attributes:
        size: how many shares.
        pace: mean seconds from the post to a share.
        from_root: part of the shares taken from the post itself; the less, the deeper the cascade.
        mood: symbol of the grammar most comments come from.
    """

    size: int
    pace: float
    from_root: float
    mood: str


def cascade(
    root: Post,
    author: Person,
    spread: Spread,
    maker: Maker,
    *,
    name: str,
    cast: Cast,
    writer: Writer,
    rng: Random,
) -> list[Share]:
    """The shares of a post, in order of time.

    Args:
        root: what is shared.
        author: who wrote it.
        spread: how far it goes.
        maker: the brand it is about.
        name: prefix of the share ids.
        cast: who may share.
        writer: writes the comments.
        rng: source of chance.
    """
    shares: list[Share] = []
    people: list[Person] = []
    times = sorted(rng.expovariate(1 / spread.pace) + 0.4 for _ in range(spread.size))
    for number, after in enumerate(times):
        person = cast.anyone(rng)
        parent: Share | None = None
        if shares and rng.random() > spread.from_root:
            # people share what they saw last
            place = max(0, number - 1 - int(rng.random() ** 2 * _NEAR))
            parent = shares[place]
        text = _comment(spread.mood, maker, writer, rng)
        if parent is not None and text and parent.text and rng.random() < 0.35:
            text = f"{text}//@{people[place].nick}:{parent.text.partition('//@')[0][:_QUOTED]}"
        shares.append(
            Share(
                platform=root.platform,
                share_id=f"{name}-{number}",
                root_id=root.post_id,
                parent_id=parent.share_id if parent else root.post_id,
                user_id=person.author.id,
                shared=round(root.published + after, 3),
                text=text,
                author=person.author,
                tie=_TIES[int(rng.random() * len(_TIES))],
                targets=rng.randrange(1, 40) if rng.random() < 0.15 else 0,
                campaign=root.campaign,
                channel=_CHANNELS[int(rng.random() * len(_CHANNELS))],
                landing="shop.example" if root.campaign and rng.random() < 0.2 else "",
                via="demo",
            )
        )
        people.append(person)
    return shares


def _comment(mood: str, maker: Maker, writer: Writer, rng: Random) -> str:
    chance = rng.random()
    if chance < 0.22:
        return ""
    return writer.line("share.neu" if chance < 0.42 else mood, maker)
