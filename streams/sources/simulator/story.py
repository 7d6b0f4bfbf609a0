"""simulate(): the story from three days before its start to any time after, event by event."""

from collections.abc import Iterator
from heapq import heappop, heappush
from math import exp
from operator import attrgetter
from random import Random
from typing import NamedTuple

from streams.sources.simulator import schedule
from streams.sources.simulator.cascades import Spread, cascade
from streams.sources.simulator.cast import HERO, MAKERS, Cast, Maker, Person
from streams.sources.simulator.writer import Mood, Writer
from streams.topics.interaction import Interaction
from streams.topics.post import Post
from streams.topics.registry import INTERACTIONS, POSTS, SHARES, Topic
from streams.topics.share import Share

CAMPAIGN = "星曜X1首发"
_SCALE = 1 / 250
"""Posts and sales of the demonstration for each user of the real launch."""
_MAKER_SHARE = (54, 28, 18)
_MOODS: tuple[Mood, ...] = ("pos", "neu", "neg", "mixed", "news")
_MOOD_SHARE = (40, 34, 14, 8, 4)
_ORIGINS = ("发布会直播", "发布会直播", "好友推荐", "好友推荐", "信息流广告", "搜索", "线下门店")
_CHANNELS = ("好友动态", "信息流广告", "官方账号", "搜索", "短信")
_EVERYDAY = (
    "like",
    "like",
    "like",
    "comment",
    "comment",
    "follow",
    "click",
    "click",
    "claim",
    "reserve",
    "dialogue_in",
    "unfollow",
)
_LAUNCH_KINDS = ("click", "reserve", "purchase", "purchase", "claim", "follow", "like")
_CRISIS_KINDS = ("comment", "comment", "dialogue_in", "dialogue_in", "unfollow", "like")
_KEY_POSTS = (
    (5.0, "crisis.key.connect"),
    (14.0, "crisis.key.heat"),
    (24.0, "crisis.key.team"),
    (38.0, "crisis.key.answer"),
)
"""Seconds into the crisis at which someone whom many read joins in, and what is said."""
_NO_SPREAD = 0.78
_STEP = 0.25


class Event(NamedTuple):
    """Something that happens.

    Attributes:
        due: seconds since the start; the history has none above 0.
        topic: where it belongs.
        record: what happened, a Struct of that topic.
    """

    due: float
    topic: Topic
    record: Post | Share | Interaction


def simulate(*, seed: int = 0, start: float, rate: float = 1.0, history: bool = True) -> Iterator[Event]:
    """The events of the demonstration in order of `due`, without end.

    Args:
        seed: the same seed and start give the same events.
        start: Unix seconds of the start. Every id carries it, so that another demonstration doubles nothing.
        rate: multiplies how much happens after the start.
        history: whether to begin with the three days before the start.
    """
    story = _Story(seed, start)
    if history:
        yield from story.play(-schedule.HISTORY, -7_200.0, 300.0, 1.0)
        yield from story.play(-7_200.0, -60.0, 20.0, 1.0)
        yield from story.play(-60.0, 0.0, 1.0, 1.0)
    begin = 0.0
    while True:
        yield from story.play(begin, begin + _STEP, _STEP, rate)
        begin += _STEP


def burst(count: int, *, seed: int = 0, start: float) -> Iterator[Event]:
    """`count` posts of a launch within its first second, as fast as they are asked for."""
    story = _Story(seed, start)
    for number in range(count):
        yield story.post(number / count, "launch" if number % 3 else "pos", HERO, "hash.launch")


class _Story:
    """What has happened so far, and what is about to."""

    def __init__(self, seed: int, start: float) -> None:
        self._rng = Random(f"{seed}:{int(start)}")  # noqa: S311 - a play, not a secret
        self._start = start
        self._name = f"demo-{int(start)}"
        self._cast = Cast(self._rng, start)
        self._writer = Writer(self._rng, self._cast)
        self._number = 0
        self._later: list[tuple[float, int, Event]] = []
        self._key_posts = [(schedule.CRISIS + after, symbol) for after, symbol in _KEY_POSTS]
        self._answered = False

    def play(self, begin: float, end: float, step: float, rate: float) -> Iterator[Event]:
        """Everything due from `begin` to `end`, drawn `step` seconds at a time."""
        while begin < end:
            stop = min(begin + step, end)
            events = self._step(begin, stop, rate)
            later = self._later
            while later and later[0][0] < stop:
                events.append(heappop(later)[2])
            events.sort(key=attrgetter("due"))
            yield from events
            begin = stop

    def post(self, due: float, mood: Mood, maker: Maker, tag: str, person: Person | None = None) -> Event:
        """One post, by anyone unless `person` is given."""
        rng = self._rng
        if person is None:
            person = rng.choice(self._cast.influential) if mood == "news" else self._cast.anyone(rng)
        title, text = self._writer.post(person.platform, mood, maker, tag)
        return self._posted(due, person, text, maker, tag, title=title)

    def _step(self, begin: float, end: float, rate: float) -> list[Event]:
        rng, length = self._rng, end - begin
        middle = (begin + end) / 2
        events: list[Event] = []

        def often(expected: float) -> list[float]:
            return [begin + rng.random() * length for _ in range(_poisson(expected, rng))]

        everyday = schedule.base(middle, self._start)
        for due in often(everyday * length * rate):
            maker = rng.choices(MAKERS, _MAKER_SHARE)[0]
            mood = rng.choices(_MOODS, _MOOD_SHARE)[0]
            events.append(self.post(due, mood, maker, "hash.steady"))
        for wave in schedule.waves(middle):
            for due in often(wave.rate(middle) * length * rate):
                events.append(self.post(due, wave.mood, wave.maker, wave.tag))
        new_users = schedule.launched(end) - schedule.launched(begin)
        for due in often(new_users * _SCALE * rate):
            events.append(self.post(due, rng.choice(("launch", "launch", "pos", "neu")), HERO, "hash.launch"))
        for due in often(new_users * _SCALE * rate * 2):
            events.append(self._interaction(due, _LAUNCH_KINDS, HERO, CAMPAIGN))
        for due in often(everyday * length * rate * 0.9):
            maker = rng.choices(MAKERS, _MAKER_SHARE)[0]
            campaign = CAMPAIGN if maker is HERO and rng.random() < 0.4 else ""
            events.append(self._interaction(due, _EVERYDAY, maker, campaign))
        crisis = sum(wave.rate(middle) for wave in schedule.waves(middle) if wave.mood == "crisis")
        for due in often(crisis * length * rate * 0.6):
            events.append(self._interaction(due, _CRISIS_KINDS, HERO, ""))
        for event in events:
            if isinstance(event.record, Post):
                self._maybe_shared(event, rate)
        return events + self._turning_points(end, rate)

    def _turning_points(self, end: float, rate: float) -> list[Event]:
        """The posts that everyone passes on, and the brand's answer."""
        events: list[Event] = []
        while self._key_posts and self._key_posts[0][0] < end:
            due, symbol = self._key_posts.pop(0)
            person = self._rng.choice(self._cast.influential)
            event = self._posted(due, person, self._writer.line(symbol), HERO, "hash.crisis")
            events.append(event)
            size = int(self._rng.uniform(220, 420) * max(rate, 0.1))
            self._share(event, person, Spread(size, 55.0, 0.3, "share.neg"), HERO)
        if not self._answered and end > schedule.ANSWER:
            self._answered = True
            official = self._cast.official
            text = self._writer.line("crisis.reply")
            event = self._posted(schedule.ANSWER, official, text, HERO, "hash.crisis")
            events.append(event)
            self._share(event, official, Spread(int(260 * max(rate, 0.1)), 80.0, 0.6, "share.reply"), HERO)
        return events

    def _posted(
        self, due: float, person: Person, text: str, maker: Maker, tag: str, *, title: str = ""
    ) -> Event:
        rng = self._rng
        self._number += 1
        launch = tag == "hash.launch" and maker is HERO
        reach = person.author.followers**0.5
        likes = int(reach * rng.random() ** 3)
        record = Post(
            platform=person.platform,
            post_id=f"{self._name}-{self._number}",
            text=text,
            published=round(self._start + due, 3),
            author=person.author,
            title=title,
            campaign=CAMPAIGN if launch else "",
            channel=_CHANNELS[int(rng.random() * len(_CHANNELS))] if launch else "",
            paid=launch and rng.random() < 0.04,
            client=person.client,
            pictures=int(rng.random() * 4) if rng.random() < 0.4 else 0,
            likes=likes,
            comments=int(likes * rng.random() * 0.3),
            reposts=int(likes * rng.random() * 0.2),
            via="demo",
        )
        return Event(due, POSTS, record)

    def _maybe_shared(self, event: Event, rate: float) -> None:
        rng = self._rng
        post = event.record
        if not isinstance(post, Post) or post.author is None or rng.random() < _NO_SPREAD:
            return
        # most are passed on once or twice, a few by dozens
        size = min(int(1.2 * (1 - rng.random()) ** -0.8), 90)
        crisis = any(word in post.text for word in ("断连", "发热", "烫", "售后"))
        mood = "share.neg" if crisis else "share.pos"
        pace = 40.0 if event.due >= 0 else 900.0 * exp(rng.gauss(0, 0.7))
        person = Person(post.author, post.platform, post.client, "")
        maker = next((maker for maker in MAKERS if maker.name in post.text), HERO)
        self._share(event, person, Spread(size, pace, 0.5, mood), maker)

    def _share(self, event: Event, person: Person, spread: Spread, maker: Maker) -> None:
        post = event.record
        assert isinstance(post, Post)
        shares = cascade(
            post,
            person,
            spread,
            maker,
            name=f"{post.post_id}-s",
            cast=self._cast,
            writer=self._writer,
            rng=self._rng,
        )
        for share in shares:
            due = share.shared - self._start
            self._number += 1
            heappush(self._later, (due, self._number, Event(due, SHARES, share)))

    def _interaction(self, due: float, kinds: tuple[str, ...], maker: Maker, campaign: str) -> Event:
        rng = self._rng
        person = self._cast.anyone(rng)
        kind = kinds[int(rng.random() * len(kinds))]
        self._number += 1
        new_fan = kind in ("follow", "claim", "reserve")
        record = Interaction(
            platform=person.platform,
            id=f"{self._name}-i{self._number}",
            user_id=person.author.id,
            kind=kind,
            at=round(self._start + due, 3),
            author=person.author,
            brand=maker.name,
            origin=_ORIGINS[int(rng.random() * len(_ORIGINS))] if new_fan else "",
            campaign=campaign,
            channel=_CHANNELS[int(rng.random() * len(_CHANNELS))] if campaign else "",
            inviter=self._cast.anyone(rng).author.id if new_fan and rng.random() < 0.25 else "",
            site="shop.example" if kind in ("purchase", "reserve") and rng.random() < 0.5 else "",
            value=maker.price + rng.choice((0, 0, 300, 800)) if kind == "purchase" else 0.0,
            via="demo",
        )
        if kind == "dialogue_in" and rng.random() < 0.8:
            self._number += 1
            wait = rng.expovariate(1 / 30)
            answer = Interaction(
                platform=record.platform,
                id=f"{self._name}-i{self._number}",
                user_id=record.user_id,
                kind="dialogue_out",
                at=round(record.at + wait, 3),
                author=person.author,
                brand=maker.name,
                via="demo",
            )
            heappush(self._later, (due + wait, self._number, Event(due + wait, INTERACTIONS, answer)))
        return Event(due, INTERACTIONS, record)


def _poisson(expected: float, rng: Random) -> int:
    """How often something happens that is expected so often."""
    if expected > 30:
        return max(0, round(rng.gauss(expected, expected**0.5)))
    count, left = 0, rng.random()
    limit = exp(-expected)
    while left > limit:
        left *= rng.random()
        count += 1
    return count
