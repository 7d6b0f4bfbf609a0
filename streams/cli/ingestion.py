"""One run of `koubei ingest`: lines become records, records go to Kafka, and every one is accounted for."""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote

import msgspec
from rich.console import Console

from streams import sources
from streams.broker.address import Broker
from streams.broker.feeder import Feeder
from streams.cli.accounts import Landed, Ledger
from streams.cli.common import reader_url, say, show_json, stack
from streams.clock import SYSTEM
from streams.config import Settings
from streams.errors import BadConfig, BadRecord, StoreRefused, StoreUnavailable
from streams.language import t
from streams.sources.base import Config
from streams.sources.replay import Line, Replay
from streams.topics.codec import encode
from streams.topics.intake import Intake
from streams.topics.registry import EVENTS, INTERACTIONS, POSTS, SHARES, Topic

SHOWN = 10
"""Bad lines that are shown in full; further ones are counted."""

SMALL = 1000
"""Records from standard input up to which the command waits until they can be seen."""

DISTINCT_LIMIT = 5_000_000
"""Records up to which distinct ids are counted: each takes about 60 bytes."""

IDLE = 30.0
"""Seconds for which derived tables may stand still while --wait waits for them."""

LIMIT = 86_400.0
"""Seconds that --wait waits at most; it gives up long before when nothing moves."""

TAGGED = b'{"topic":"'
"""How `koubei simulate --out` begins a line."""


class Fed(NamedTuple):
    """What one file gave."""

    file: str
    topics: list[str]
    sent: int
    bad: int


class Run:
    """One call of the command: intake, sending and the account of both."""

    def __init__(
        self,
        feeder: Feeder,
        out: BinaryIO | None,
        *,
        via: str,
        key: bytes | None,
        platform: str | None,
        rate: float | None,
        count: bool,
    ) -> None:
        self.bad = 0
        self.link: tuple[str, str] | None = None
        self._feeder = feeder
        self._out = out
        self._edge: dict[str, Intake] = {
            one.name: Intake(one, via=via, hmac_key=key, platform=platform) for one in EVENTS
        }
        self._rate = rate
        self._begun = SYSTEM.monotonic()
        self._sent = 0
        self._ids: set[int] | None = set() if count else None
        self._files: list[Fed] = []
        self._reasons: Counter[str] = Counter()

    @property
    def code(self) -> int:
        """Exit code: 65 when any line was bad."""
        return BadRecord.exit_code if self.bad else 0

    def file(
        self, file: Replay, topic: Topic | None, columns: dict[str, str], tick: Callable[[], None]
    ) -> None:
        """Feed one file."""
        before, bad_before, name = self._sent, self.bad, str(file.path)
        default = topic
        found: set[str] = set()
        now = SYSTEM.now()
        for count, line in enumerate(file):
            if not count & 1023:
                now = SYSTEM.now()
                tick()
            try:
                if isinstance(line.item, BadRecord):
                    raise line.item
                if default is None and not _tagged(line.item):
                    default = _guess(file.path, line.item, columns)
                chosen, record = self._record(line.item, default, columns, now)
                self._send(chosen, record)
                found.add(chosen.name)
            except BadRecord as error:
                self._refuse(name, line, error)
        tick()
        if file.encoding != "utf-8":
            say(t(f"{name} 按 GB18030 编码读取", f"{name} was read as GB18030"))
        fed = Fed(name, sorted(found), self._sent - before, self.bad - bad_before)
        self._files.append(fed)
        if not fed.bad and not fed.sent:
            say(t(f"{name} 是空的，一条也没有发送", f"{name} is empty, nothing was sent"))
        if fed.bad > 1 and not fed.sent:
            say(
                t(
                    f"{name}：{fed.bad:,} 行全部有误，一条也没有发送",
                    f"{name}: all {fed.bad:,} lines are bad, nothing was sent",
                )
            )

    async def source(self, name: str, config: Config, since: float | None) -> None:
        """Feed what a source has."""
        if not config.targets:
            raise BadConfig(t(f"要读哪里？例：koubei ingest {name} https://…", f"koubei ingest {name} URL…"))
        number = 0
        async for post in sources.source(name)(config).posts(since):
            number += 1
            if isinstance(post, BadRecord):
                self._refuse(name, Line(number, post, b""), post)
            else:
                self._send(POSTS, post)
        self._files.append(Fed(name, ["posts"], self._sent, self.bad))

    def tell(self) -> None:
        """Say what a person should know about the input beyond its numbers."""
        if self.bad > SHOWN:
            say(
                t(
                    f"另有 {self.bad - SHOWN:,} 行有误：{_listed(self._reasons)}。加 --bad 文件名 可全部写出",
                    f"{self.bad - SHOWN:,} more bad lines: {_listed(self._reasons)}. Write them all by --bad FILE",
                )
            )
        ignored: Counter[str] = Counter()
        for edge in self._edge.values():
            ignored.update(edge.ignored)
        if ignored:
            say(
                t(
                    f"忽略了不认识的字段：{_listed(ignored)}",
                    f"Unknown fields were ignored: {_listed(ignored)}",
                )
            )
        if zoneless := sum(edge.zoneless for edge in self._edge.values()):
            say(
                t(
                    f"{zoneless:,} 个时间没有时区，按 Asia/Shanghai 处理",
                    f"{zoneless:,} times had no offset and were taken as Asia/Shanghai",
                )
            )

    def account(self) -> dict[str, Any]:
        """Sent, bad and files, for --json."""
        return {
            "sent": self._sent,
            "distinct": self._distinct(),
            "bad_edge": self.bad,
            "files": [one._asdict() for one in self._files],
        }

    def settle(
        self, loaded: Settings, broker: Broker, started: float, *, derived: bool, as_json: bool
    ) -> int:
        """Wait until everything sent has landed, look it up and print the account.

        Args:
            loaded: all settings.
            broker: where it was sent.
            started: when the command began, on the monotonic clock.
            derived: also wait until the derived tables count it.
            as_json: print the account as JSON.
        """
        landed: Landed | None = None
        behind = 0
        try:
            with closing(Ledger(reader_url(loaded), broker, self._feeder)) as ledger:
                if self._sent <= SMALL and self._distinct() == self._sent:
                    # Rows can be seen before the worker commits: a person waits for what can be seen.
                    landed = ledger.wait(self._sent, 2.0)
                if landed is None or landed.rows + landed.dead < self._sent:
                    with _waiting() as progress:
                        self._feeder.wait_committed(LIMIT, progress)
                    landed = ledger.wait(self._distinct() or self._sent, 1.0)
                if derived:
                    with _waiting() as progress:
                        behind = ledger.wait_derived(IDLE, progress)
        except (StoreUnavailable, StoreRefused) as error:
            say(t(f"无法对账：{error}", f"No account from the store: {error}"))
            self._feeder.wait_committed(LIMIT)
        if behind:
            say(
                t(
                    f"派生表还差 {behind:,} 条未计入，{IDLE:.0f} 秒没有进展：koubei doctor",
                    f"Derived tables lack {behind:,} records and did not move for {IDLE:.0f} s: koubei doctor",
                )
            )
        seconds = SYSTEM.monotonic() - started
        dead = landed.dead if landed else None
        accepted = self._sent - (dead or 0)
        known = stack(loaded)
        link = self._link(known.page if known else None)
        if as_json:
            show_json(
                self.account()
                | {"landed": accepted, "bad_worker": dead, "visible_seconds": round(seconds, 3), "link": link}
            )
            return self.code
        print(
            t(
                f"{accepted:,} 条已入库，{seconds:.1f} 秒可见",
                f"{accepted:,} landed, visible in {seconds:.1f} s",
            )
            + (f"：{link}" if link else "")
        )
        if self._sent > 1:
            distinct = self._distinct()
            print(t(f"发送 {self._sent:,} 条", f"sent {self._sent:,}"))
            if distinct is not None:
                print(t(f"不重复 {distinct:,} 条", f"distinct {distinct:,}"))
            print(t(f"入口处有误 {self.bad:,} 行", f"bad at the edge {self.bad:,}"))
            if dead is not None:
                print(t(f"处理时有误 {dead:,} 条", f"bad at the worker {dead:,}"))
        if dead:
            say(t("看原因：koubei dead-letters list", "See why: koubei dead-letters list"))
        return self.code

    def _record(
        self, item: bytes | dict[str, Any], default: Topic | None, columns: dict[str, str], now: float
    ) -> tuple[Topic, msgspec.Struct]:
        if isinstance(item, bytes):
            if not _tagged(item) and not columns:
                assert default is not None
                return default, self._edge[default.name].line(item, now)
            if item.startswith(TAGGED):
                name, _, rest = item[len(TAGGED) :].partition(b'",')
                topic = _event(name.decode(errors="replace"))
                return topic, self._edge[topic.name].line(b"{" + rest, now)
            item = _object(item)
            item = {columns.get(name, name): value for name, value in item.items()}
        named = item.pop("topic", None)
        topic = _event(named) if named else default or POSTS
        return topic, self._edge[topic.name].record(item, now)

    def _send(self, topic: Topic, record: msgspec.Struct) -> None:
        self._feeder.send(topic, topic.key(record), encode(record))
        self._sent += 1
        if self._ids is not None:
            identity = getattr(record, topic.id_field)
            self._ids.add(hash((topic.name, record.platform, identity)))  # type: ignore[attr-defined]
            if len(self._ids) > DISTINCT_LIMIT:
                self._ids = None
            if topic is POSTS and self._sent == 1:
                self.link = (record.platform, identity)  # type: ignore[attr-defined]
        if self._rate and (early := self._begun + self._sent / self._rate - SYSTEM.monotonic()) > 0.005:
            time.sleep(early)

    def _refuse(self, name: str, line: Line, error: BadRecord) -> None:
        self.bad += 1
        self._reasons[error.reason] += 1
        if self.bad <= SHOWN:
            where = t(f"第 {line.number} 行，", f"line {line.number}, ")
            say((where if name == "-" else f"{name} {where}") + error.detail)
        if self._out is not None:
            report = {
                "file": name,
                "line": line.number,
                "reason": error.reason,
                "detail": error.detail,
                "raw": line.raw.decode(errors="replace"),
            }
            self._out.write(json.dumps(report, ensure_ascii=False).encode() + b"\n")

    def _distinct(self) -> int | None:
        return len(self._ids) if self._ids is not None else None

    def _link(self, page: str | None) -> str | None:
        if page is None:
            return None
        if self.link is None or self._sent > 1:
            return page
        platform, identity = (quote(part, safe="") for part in self.link)
        return f"{page.rstrip('/')}/posts/{platform}/{identity}"


def _tagged(item: bytes | dict[str, Any]) -> bool:
    return (b'"topic"' if isinstance(item, bytes) else "topic") in item


def _event(name: object) -> Topic:
    for topic in EVENTS:
        if topic.name == name:
            return topic
    raise BadRecord(
        "invalid",
        t(
            f"字段 topic：{name!r} 不对，应为 posts、shares 或 interactions",
            f"field topic: {name!r}, needed posts, shares or interactions",
        ),
    )


def _object(raw: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRecord("not_json", t(f"不是 JSON：{error}", f"not JSON: {error}")) from error


def _guess(path: Path, item: bytes | dict[str, Any], columns: dict[str, str]) -> Topic:
    """What a file holds, by its name, else by the keys of its first record."""
    name = path.name.lower()
    for word, topic in (
        ("share", SHARES),
        ("repost", SHARES),
        ("interaction", INTERACTIONS),
        ("post", POSTS),
    ):
        if word in name:
            return topic
    keys = {columns.get(key, key) for key in (_object(item) if isinstance(item, bytes) else item)}
    if keys & {"share_id", "root_id", "parent_id"}:
        return SHARES
    return INTERACTIONS if "kind" in keys and "text" not in keys else POSTS


def _listed(counter: Counter[str]) -> str:
    shown = t("、", ", ").join(f"{name} × {count:,}" for name, count in counter.most_common(8))
    return shown + (" …" if len(counter) > 8 else "")


@contextmanager
def _waiting() -> Iterator[Callable[[int], None] | None]:
    """Shows how many records are still to land, on a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    with Console(stderr=True).status("") as status:
        yield lambda left: status.update(t(f"等待入库，还有 {left:,} 条", f"Landing, {left:,} to go"))
