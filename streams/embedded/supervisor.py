"""Keeps a set of processes running: in order, restarted with back-off, ended in the opposite order.

Knows nothing of Kafka or ClickHouse; `stack.py` says what is to run.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from streams.clock import SYSTEM, Clock
from streams.embedded.backoff import Backoff
from streams.embedded.child import Child, answers
from streams.embedded.state import Part, State
from streams.errors import KoubeiError
from streams.language import t

Facts = Mapping[str, Mapping[str, Any]]
"""What each program that is ready said about itself: its ports and the like."""

TRIPPED = WRONG = 78
"""A worker that tripped, and a setting that is wrong, end with the same code (sysexits.h: EX_CONFIG)."""
POLL = 0.1
TRIES = 4
"""How often a program that is not vital may die before the stack that waits for it is given up."""
KICKED = 2.0
"""Seconds that a program gets to end when what it depends on is gone anyway."""


class StartFailed(KoubeiError):
    """The stack cannot start.

    Attributes:
        code: what the command line ends with: the exit code of the process that could not start.
    """

    exit_code = 69

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code if code > 0 else self.exit_code


@dataclass(frozen=True)
class Launch:
    """A command line with its environment; `url` answers 200 once it is ready."""

    command: Sequence[str]
    env: Mapping[str, str]
    url: str | None = None


@dataclass(frozen=True)
class Program:
    """Something that is to run.

    Attributes:
        name: in the log and in `koubei status`.
        launch: how to start it, given everybody's facts and whether a person resumed it after a trip.
        after: programs that must be ready first; when one of them changes its facts, this restarts.
        ready: `line` a JSON object on stdout, which is its facts; `url` its address answers;
            `start` at once; `exit` when it has ended with 0.
        ends: exit codes with which it has ended for good.
        tier: the higher, the earlier it is stopped.
        vital: when it cannot start at first, nothing can.
        trips: exit code 78 means that it stays down until somebody says resume.
        grace: seconds from SIGTERM to SIGKILL.
        patience: seconds that it may take to become ready before it is started anew.
        epitaph: what its death by an exit code means, for a person.
    """

    name: str
    launch: Callable[[Facts, bool], Launch]
    after: tuple[str, ...] = ()
    ready: Literal["line", "url", "exit", "start"] = "url"
    ends: tuple[int, ...] = ()
    tier: int = 0
    vital: bool = False
    trips: bool = False
    grace: float = 5.0
    patience: float = 30.0
    epitaph: Callable[[int], str] | None = None


class Supervisor:
    """Runs programs until told to stop.

    Args:
        programs: what to run.
        say: takes (name, line): what they print and what happens to them.
        changed: called after every change of `parts` or `facts`.
        clock: for how long each lived.
        sleep: waits before a restart.
        poll: seconds between two looks at an address.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        say: Callable[[str, str], None],
        changed: Callable[[], None] = lambda: None,
        clock: Clock = SYSTEM,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        poll: float = POLL,
    ) -> None:
        self.programs = tuple(programs)
        self.parts = {program.name: Part(program.name) for program in programs}
        self.facts: dict[str, Mapping[str, Any]] = {}
        self.failed: StartFailed | None = None
        self._say = say
        self._changed = changed
        self._clock = clock
        self._sleep = sleep
        self._poll = poll
        self._children: dict[str, Child] = {}
        self.interrupted = False
        self._ready = {program.name: asyncio.Event() for program in programs}
        self._settled = {program.name: asyncio.Event() for program in programs}
        self._kick = {program.name: asyncio.Event() for program in programs}
        self._resume = asyncio.Event()
        self._stopping = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._last: dict[str, str] = {}

    def start(self) -> None:
        """Begin to run everything; needs a running loop."""
        for program in self.programs:
            self._tasks[program.name] = asyncio.create_task(self._keep(program), name=program.name)

    async def ready(self, timeout: float) -> bool:
        """Wait until every program was ready once, is done or tripped; False when interrupted before.

        Raises:
            StartFailed: a vital program ended, or the time is over.
        """
        settled = asyncio.create_task(self._all_settled())
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((settled, stopping), timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            settled.cancel()
            stopping.cancel()
        late = [program for program in self.programs if not self._settled[program.name].is_set()]
        if late and not self._stopping.is_set():
            self.failed = self._failure(late[0], None)
        if self.failed is not None:
            raise self.failed
        return not late

    async def _all_settled(self) -> None:
        for event in self._settled.values():
            await event.wait()

    async def ended(self) -> None:
        """Wait until it was interrupted or a vital program could not start."""
        await self._stopping.wait()

    def interrupt(self) -> None:
        """Let `ready` and `ended` return, because a person wants the end."""
        self.interrupted = True
        self._stopping.set()

    def resume(self) -> None:
        """Start the programs that tripped."""
        self._resume.set()
        self._resume = asyncio.Event()

    async def stop(self) -> None:
        """End everything, the highest tier first."""
        self._stopping.set()
        for tier in sorted({program.tier for program in self.programs}, reverse=True):
            await asyncio.gather(*(self._end(p) for p in self.programs if p.tier == tier))

    def kill(self) -> None:
        """End everything now."""
        self._stopping.set()
        for child in self._children.values():
            child.kill()

    async def _end(self, program: Program) -> None:
        child = self._children.get(program.name)
        if child is not None:
            await child.stop(program.grace)
        if task := self._tasks.get(program.name):
            task.cancel()
            await asyncio.wait((task,), timeout=program.grace)
        part = self.parts[program.name]
        if part.state not in ("done", "failed"):
            self._enter(part, "stopped", pid=None)

    async def _keep(self, program: Program) -> None:
        backoff, resumed = Backoff(), False
        part = self.parts[program.name]
        try:
            while not self._stopping.is_set():
                for name in program.after:
                    await self._ready[name].wait()
                self._kick[program.name].clear()
                born = self._clock.monotonic()
                code, told = await self._live(program, part, resumed)
                self._ready[program.name].clear()
                if self._stopping.is_set():
                    return
                if told:
                    continue
                if code in program.ends:
                    self._enter(part, "done" if code == 0 else "failed", pid=None, exit=code)
                    self._become_ready(program, {})
                    return
                if program.trips and code == TRIPPED:
                    await self._rest(program, part)
                    resumed = True
                    continue
                resumed = False
                if self._hopeless(program, part, code):
                    self._enter(part, "failed", pid=None, exit=code)
                    self.failed = self._failure(program, code)
                    self._stopping.set()
                    return
                await self._recover(program, part, code, backoff.after(self._clock.monotonic() - born))
        except Exception as error:  # a mistake of ours must not leave a stack that looks alive
            self.failed = StartFailed(f"{program.name}: {type(error).__name__}: {error}", 70)
            self._stopping.set()
            raise

    async def _live(self, program: Program, part: Part, resumed: bool) -> tuple[int, bool]:
        """One life of the program: its exit code, and whether it was ended to be started anew."""
        launch = program.launch(self.facts, resumed)
        child = await Child.start(launch.command, launch.env, lambda line: self._say(program.name, line))
        self._children[program.name] = child
        self._enter(part, "starting", pid=child.pid)
        exit_ = asyncio.create_task(child.wait())
        ready = asyncio.create_task(self._await_ready(program, launch, child))
        kick = asyncio.create_task(self._kick[program.name].wait())
        try:
            await asyncio.wait(
                (exit_, ready, kick), timeout=program.patience, return_when=asyncio.FIRST_COMPLETED
            )
            if ready.done() and not ready.cancelled():
                part.metrics = ready.result().get("metrics")
                self._enter(part, "running")
                self._become_ready(program, ready.result())
                await asyncio.wait((exit_, kick), return_when=asyncio.FIRST_COMPLETED)
            elif not exit_.done() and not kick.done():
                self._note(
                    t(
                        f"{program.name} {program.patience:g} 秒还没有就绪，重新启动",
                        f"{program.name} was not ready within {program.patience:g} s, starting it anew",
                    )
                )
                return await child.stop(program.grace), False
            if kick.done() and not exit_.done():
                self._enter(part, "restarting")
                return await child.stop(min(program.grace, KICKED)), True
            return await exit_, False
        finally:
            for task in (ready, kick, exit_):
                task.cancel()
            del self._children[program.name]
            self._last[program.name] = child.tail[-1] if child.tail else ""

    async def _await_ready(self, program: Program, launch: Launch, child: Child) -> Mapping[str, Any]:
        match program.ready:
            case "line":
                return await child.first
            case "start":
                return {}
            case "url" if launch.url:
                while not await answers(launch.url):
                    await asyncio.sleep(self._poll)
                return {"url": launch.url}
        return await asyncio.Future()  # ready by its end only

    def _become_ready(self, program: Program, said: Mapping[str, Any]) -> None:
        facts = {key: value for key, value in said.items() if key != "pid"}
        before = self.facts.get(program.name)
        self.facts[program.name] = facts
        self._ready[program.name].set()
        self._settled[program.name].set()
        if before is not None and before != facts:
            for other in self.programs:
                if program.name in other.after:
                    self._kick[other.name].set()
        self._changed()

    def _hopeless(self, program: Program, part: Part, code: int) -> bool:
        """Whether a start is to be given up; once the program was up it is restarted for ever."""
        if self._settled[program.name].is_set() or code == -signal.SIGKILL:
            return False
        return program.vital or code == WRONG or part.restarts + 1 >= TRIES

    async def _rest(self, program: Program, part: Part) -> None:
        self._enter(part, "tripped", pid=None, exit=TRIPPED)
        self._settled[program.name].set()
        self._note(
            t(
                f"{program.name} 停下了，不会自动重启（退出码 78，原因见上）。处理后运行 koubei worker resume",
                f"{program.name} stopped and stays down (exit code 78, reason above). "
                "When it is mended run koubei worker resume",
            )
        )
        await self._resume.wait()
        part.restarts += 1

    async def _recover(self, program: Program, part: Part, code: int, delay: float) -> None:
        how = describe(code)
        if program.epitaph:
            self._note(program.epitaph(code))
        self._note(
            t(
                f"{program.name} 退出了（{how}），{delay:g} 秒后重启",
                f"{program.name} ended ({how}), starting it again in {delay:g} s",
            )
        )
        part.restarts += 1
        self._enter(part, "restarting", pid=None, exit=code)
        await self._sleep(delay)

    def _failure(self, program: Program, code: int | None) -> StartFailed:
        name, child = program.name, self._children.get(program.name)
        said = child.tail[-1] if child and child.tail else self._last.get(name, "")
        if code is not None and code < 0 and program.epitaph:
            said = program.epitaph(code)
        how = t("一直没有就绪", "never became ready") if code is None else describe(code)
        return StartFailed(
            t(f"{name} 没能启动（{how}）：{said}", f"{name} could not start ({how}): {said}"), code or 0
        )

    def _note(self, line: str) -> None:
        self._say("koubei", line)

    def _enter(self, part: Part, state: State, **fields: int | None) -> None:
        if part.state != state:
            part.since = self._clock.now()
        part.state = state
        for name, value in fields.items():
            setattr(part, name, value)
        self._changed()


def describe(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return t(f"退出码 {code}", f"exit code {code}")
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = str(-code)
    return t(f"被信号 {name} 终止", f"killed by {name}")
