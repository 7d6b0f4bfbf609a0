"""koubei simulate: the demonstration's launch and crisis, fed to Kafka in real time or written to a file."""

import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Annotated, BinaryIO

from cyclopts import Parameter

from streams.broker.address import Broker, landing_group
from streams.broker.feeder import Feeder
from streams.cli.common import Data, Kafka, say, settings
from streams.clock import SYSTEM, Clock
from streams.config import KafkaSettings
from streams.errors import BadConfig
from streams.language import t
from streams.sources.simulator import ACTS, Event, burst
from streams.sources.simulator import simulate as play
from streams.topics.codec import encode

_FILE_SECONDS = 300.0
"""How much of the endless story goes into a file unless --duration says otherwise."""


def simulate(
    *,
    seed: Annotated[
        int, Parameter(help=t("随机种子；相同则内容相同", "The same seed tells the same story"))
    ] = 0,
    rate: Annotated[float, Parameter(help=t("热度倍数", "Multiplies how much happens"))] = 1.0,
    duration: Annotated[
        float | None, Parameter(help=t("多少秒后停止（默认不停）", "Seconds after which it ends (never)"))
    ] = None,
    out: Annotated[
        Path | None,
        Parameter(
            allow_leading_hyphen=True,
            help=t(
                "写成 JSONL 文件而不发往 Kafka；- 为标准输出（默认写 300 秒）",
                "Write JSONL instead of feeding Kafka; - is stdout (300 seconds unless told)",
            ),
        ),
    ] = None,
    burst_: Annotated[
        int | None,
        Parameter(
            name="--burst",
            help=t("只发这么多条首发帖子，越快越好", "Only this many posts of a launch, as fast as can be"),
        ),
    ] = None,
    start: Annotated[
        float | None,
        Parameter(
            help=t(
                "发布时刻（Unix 秒，默认现在）；同一时刻重放不会重复计数",
                "Moment of the launch, Unix seconds (now); the same moment again counts nothing twice",
            )
        ),
    ] = None,
    data: Data = None,
    kafka: Kafka = None,
) -> int:
    """Play three days of history, a launch, a complaint crisis and then everyday life, until Ctrl-C."""
    _positive("--rate", rate)
    _positive("--duration", duration)
    _positive("--burst", burst_)
    start = SYSTEM.now() if start is None else start
    if burst_ is not None:
        # made beforehand, so that what is measured is the way in and not this program
        events: Iterator[Event] = iter(list(burst(burst_, seed=seed, start=start)))
    else:
        events = play(seed=seed, start=start, rate=rate)
        if duration is None and out is not None:
            duration = _FILE_SECONDS
        if duration is not None:
            last = duration
            events = takewhile(lambda event: event.due <= last, events)
    with _Ending() as ending, _progress() as report:
        if out is not None:
            with _opened(out) as file:
                _write(ending.until(events), file, report)
        else:
            paced = events if burst_ is not None else _paced(events, start, SYSTEM, ending)
            _feed(ending.until(paced), settings(data, kafka).kafka, report)
    return 0


def _positive(name: str, value: float | None) -> None:
    if value is not None and value <= 0:
        raise BadConfig(t(f"{name} 须大于 0，得到 {value:g}", f"{name} must be above 0, found {value:g}"))


class _Ending:
    """Ctrl-C and SIGTERM are the ordinary end, between two events; a second one does not wait for it."""

    def __enter__(self) -> "_Ending":
        self.asked = False
        self._before = {one: signal.signal(one, self._ask) for one in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for one, before in self._before.items():
            signal.signal(one, before)

    def _ask(self, *_: object) -> None:
        self.asked = True
        self.__exit__()

    def until(self, events: Iterator[Event]) -> Iterator[Event]:
        """The same events, as long as nobody asked for the end."""
        return takewhile(lambda _: not self.asked, events)


def _paced(events: Iterator[Event], start: float, clock: Clock, ending: _Ending) -> Iterator[Event]:
    """The same events, each no sooner than it is due."""
    for event in events:
        while (early := start + event.due - clock.now()) > 0 and not ending.asked:
            time.sleep(min(early, 0.25))
        yield event


def _write(events: Iterator[Event], file: BinaryIO, report: Callable[[Event], None]) -> None:
    for event in events:
        file.write(b'{"topic":"%s",%s\n' % (event.topic.name.encode(), encode(event.record)[1:]))
        report(event)


def _feed(events: Iterator[Event], kafka: KafkaSettings, report: Callable[[Event], None]) -> None:
    with Feeder(Broker.of(kafka), landing_group(kafka)) as feeder:
        for event in events:
            feeder.send(event.topic, event.topic.key(event.record), encode(event.record))
            report(event)


@contextmanager
def _opened(out: Path) -> Iterator[BinaryIO]:
    if str(out) == "-":
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    try:
        file = out.open("wb")
    except OSError as error:
        raise BadConfig(
            t(
                f"写不了 {out}（{error.strerror}）：换一个 --out",
                f"cannot write {out} ({error.strerror}): choose another --out",
            )
        ) from error
    with file:
        yield file


@contextmanager
def _progress() -> Iterator[Callable[[Event], None]]:
    """Say how far it is, on stderr."""
    told = _Progress(SYSTEM)
    try:
        yield told.event
    finally:
        told.end()


class _Progress:
    """One line a second on a terminal; in a log, one line an act."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._terminal = sys.stderr.isatty()
        self._sent: Counter[str] = Counter()
        self._begun = self._told = clock.monotonic()
        self._act = ""

    def event(self, event: Event) -> None:
        """One more event is on its way."""
        self._sent[event.topic.name] += 1
        act = next(t(zh, en) for at, zh, en in reversed(ACTS) if event.due >= at)
        now = self._clock.monotonic()
        if act != self._act or (self._terminal and now - self._told >= 1):
            self._act, self._told = act, now
            line = f"{act} {max(event.due, 0):.0f} s · {self._counts()}"
            if self._terminal:
                sys.stderr.write(f"\r\x1b[K{line}")
                sys.stderr.flush()
            else:
                say(line)

    def end(self) -> None:
        """Say what has been sent in all; nothing, if an error came first."""
        if not self._sent:
            return
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
        seconds = max(self._clock.monotonic() - self._begun, 1e-3)
        rate = self._sent.total() / seconds
        say(
            t(
                f"共 {self._counts()}，{seconds:.1f} 秒，每秒 {rate:,.0f} 条",
                f"{self._counts()} in {seconds:.1f} s, {rate:,.0f} a second",
            )
        )

    def _counts(self) -> str:
        posts, shares, acts = (self._sent[name] for name in ("posts", "shares", "interactions"))
        return t(
            f"帖子 {posts:,} · 转发 {shares:,} · 互动 {acts:,}",
            f"{posts:,} posts · {shares:,} shares · {acts:,} interactions",
        )
