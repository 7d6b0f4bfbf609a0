"""The supervisor over small commands of our own that do what real ones do: get ready, die, trip, hang."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import pytest

from streams.clock import ManualClock
from streams.embedded.machine import started
from streams.embedded.supervisor import Facts, Launch, Program, StartFailed, Supervisor

READY = 'import json,os,sys,time; print(json.dumps({"port": 1, "pid": os.getpid()}), flush=True); '
SLEEP = "time.sleep(60)"


class Stand:
    """A supervisor whose back-off waits take no time and move a manual clock."""

    def __init__(self, *programs: Program) -> None:
        self.said: list[tuple[str, str]] = []
        self.slept: list[float] = []
        self.clock = ManualClock()
        self.supervisor = Supervisor(
            programs,
            say=lambda name, line: self.said.append((name, line)),
            clock=self.clock,
            sleep=self._sleep,
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)
        await asyncio.sleep(0)

    def pid(self, name: str) -> int:
        pid = self.supervisor.parts[name].pid
        assert pid is not None
        return pid

    def notes(self) -> str:
        return "\n".join(line for name, line in self.said if name == "koubei")


def program(
    name: str,
    code: str | Callable[[Facts, bool], str],
    *,
    ready: Literal["line", "url", "exit", "start"] = "line",
    **more: Any,
) -> Program:
    def launch(facts: Facts, resumed: bool) -> Launch:
        text = code if isinstance(code, str) else code(facts, resumed)
        return Launch([sys.executable, "-S", "-c", text], os.environ)

    return Program(name, launch, ready=ready, **more)


async def until(condition: Callable[[], object], limit: float = 10.0) -> None:
    async with asyncio.timeout(limit):
        while not condition():
            await asyncio.sleep(0.01)


def gone(pid: int) -> bool:
    return started(pid) is None


async def test_starts_in_order_and_hands_facts_on() -> None:
    seen: list[Facts] = []

    def second(facts: Facts, resumed: bool) -> str:
        seen.append({name: dict(fact) for name, fact in facts.items()})
        return READY + SLEEP

    stand = Stand(program("first", READY + SLEEP), program("second", second, after=("first",)))
    stand.supervisor.start()
    assert await stand.supervisor.ready(10)
    assert seen == [{"first": {"port": 1}}]
    assert {part.state for part in stand.supervisor.parts.values()} == {"running"}
    await stand.supervisor.stop()


async def test_stops_from_the_highest_tier_down() -> None:
    code = (
        "import signal,time; "
        "signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), exit(0))); " + READY + SLEEP
    )
    stand = Stand(
        *(program(name, code, tier=tier) for name, tier in (("low", 0), ("high", 2), ("middle", 1)))
    )
    stand.supervisor.start()
    await stand.supervisor.ready(10)
    pids = [stand.pid(name) for name in ("low", "high", "middle")]
    await stand.supervisor.stop()
    assert [name for name, line in stand.said if line == "bye"] == ["high", "middle", "low"]
    assert all(gone(pid) for pid in pids)
    assert {part.state for part in stand.supervisor.parts.values()} == {"stopped"}


async def test_what_does_not_end_is_killed_after_its_grace() -> None:
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + READY + SLEEP
    stand = Stand(program("deaf", code, grace=0.3))
    stand.supervisor.start()
    await stand.supervisor.ready(10)
    pid, began = stand.pid("deaf"), time.monotonic()
    await stand.supervisor.stop()
    assert gone(pid)
    assert 0.3 <= time.monotonic() - began < 5


async def test_a_killed_program_comes_back() -> None:
    stand = Stand(program("kafka", READY + SLEEP, epitaph=lambda code: f"lost: {code}"))
    stand.supervisor.start()
    await stand.supervisor.ready(10)
    before = stand.pid("kafka")
    os.kill(before, signal.SIGKILL)
    part = stand.supervisor.parts["kafka"]
    await until(lambda: part.state == "running" and part.pid != before)
    assert part.restarts == 1
    assert part.exit == -signal.SIGKILL
    assert stand.slept == [0.5]
    assert "lost: -9" in stand.notes()
    assert "SIGKILL" in stand.notes()
    await stand.supervisor.stop()


async def test_backs_off_while_it_keeps_dying(tmp_path: Path) -> None:
    """Up once, so that it is never given up; then dead at every start."""
    mark = tmp_path / "was-up"
    code = (
        f"import os; os.path.exists({str(mark)!r}) and os._exit(1); open({str(mark)!r}, 'w'); {READY} {SLEEP}"
    )
    stand = Stand(program("web", code))
    stand.supervisor.start()
    await stand.supervisor.ready(10)
    os.kill(stand.pid("web"), signal.SIGKILL)
    await until(lambda: len(stand.slept) >= 6, 30)
    assert stand.slept[:6] == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0]
    await stand.supervisor.stop()


async def test_health_for_thirty_seconds_makes_the_next_restart_quick() -> None:
    stand = Stand(program("web", READY + SLEEP))
    stand.supervisor.start()
    await stand.supervisor.ready(10)
    part = stand.supervisor.parts["web"]
    for lived, delay in ((0.0, 0.5), (29.0, 1.0), (30.0, 0.5), (0.0, 1.0)):
        stand.clock.advance(lived)
        pid = stand.pid("web")
        os.kill(pid, signal.SIGKILL)
        await until(lambda pid=pid: part.state == "running" and part.pid != pid)  # type: ignore[misc]
        assert stand.slept[-1] == delay
    await stand.supervisor.stop()


async def test_a_start_that_keeps_failing_is_given_up() -> None:
    stand = Stand(program("web", "import sys; sys.exit('no luck')", ready="url"))
    stand.supervisor.start()
    with pytest.raises(StartFailed, match="no luck") as caught:
        await stand.supervisor.ready(20)
    assert caught.value.code == 1
    assert stand.slept == [0.5, 1.0, 2.0]
    await stand.supervisor.stop()


async def test_a_wrong_setting_is_not_tried_twice() -> None:
    stand = Stand(program("web", "import sys; print('port taken'); sys.exit(78)", ready="url"))
    stand.supervisor.start()
    with pytest.raises(StartFailed, match="port taken") as caught:
        await stand.supervisor.ready(20)
    assert (caught.value.code, stand.slept) == (78, [])
    await stand.supervisor.stop()


async def test_what_a_program_started_ends_with_it() -> None:
    """A worker's lanes must not go on writing when the worker was killed."""
    code = (
        "import subprocess,sys; "
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)']); "
        "print('lane', child.pid, flush=True); " + READY + SLEEP
    )
    stand = Stand(program("worker-1", code))
    stand.supervisor.start()
    await stand.supervisor.ready(10)
    lane = next(int(line.split()[1]) for _, line in stand.said if line.startswith("lane"))
    os.kill(stand.pid("worker-1"), signal.SIGKILL)
    await until(lambda: gone(lane))
    await stand.supervisor.stop()


async def test_new_facts_restart_those_that_depend_on_them(tmp_path: Path) -> None:
    """The embedded Kafka starts with a new boot id: whoever reads it starts anew, the others stay."""
    boots = tmp_path / "boots"
    boots.touch()
    kafka = (
        f"import json,time; f = open({str(boots)!r}, 'a+'); f.write('x'); f.flush(); "
        "print(json.dumps({'boot': f.tell()}), flush=True); time.sleep(60)"
    )
    stand = Stand(
        program("kafka", kafka),
        program("worker-1", READY + SLEEP, after=("kafka",)),
        program("apart", READY + SLEEP),
    )
    stand.supervisor.start()
    await stand.supervisor.ready(10)
    worker, apart = stand.pid("worker-1"), stand.pid("apart")
    os.kill(stand.pid("kafka"), signal.SIGKILL)
    await until(lambda: gone(worker) and stand.supervisor.parts["worker-1"].state == "running")
    assert stand.supervisor.facts["kafka"] == {"boot": 2}
    assert stand.pid("apart") == apart
    await stand.supervisor.stop()


async def test_same_facts_leave_dependants_alone() -> None:
    stand = Stand(program("store", READY + SLEEP), program("worker-1", READY + SLEEP, after=("store",)))
    stand.supervisor.start()
    await stand.supervisor.ready(10)
    worker, store = stand.pid("worker-1"), stand.pid("store")
    os.kill(store, signal.SIGKILL)
    await until(
        lambda: (
            stand.supervisor.parts["store"].restarts and stand.supervisor.parts["store"].state == "running"
        )
    )
    await asyncio.sleep(0.1)
    assert stand.pid("worker-1") == worker
    await stand.supervisor.stop()


async def test_a_tripped_worker_stays_down_until_resumed() -> None:
    lives: list[bool] = []

    def worker(_: Facts, resumed: bool) -> str:
        lives.append(resumed)
        return READY + (SLEEP if resumed else "sys.exit(78)")

    stand = Stand(program("worker-1", worker, trips=True))
    stand.supervisor.start()
    await stand.supervisor.ready(10)
    part = stand.supervisor.parts["worker-1"]
    await until(lambda: part.state == "tripped")
    await asyncio.sleep(0.3)
    assert (part.state, lives, stand.slept) == ("tripped", [False], [])
    assert "koubei worker resume" in stand.notes()
    stand.supervisor.resume()
    await until(lambda: part.state == "running" and part.pid is not None)
    await asyncio.sleep(0.2)
    assert (part.state, lives, part.restarts) == ("running", [False, True], 1)
    await stand.supervisor.stop()
    assert part.state == "stopped"


async def test_a_vital_program_that_cannot_start_ends_everything() -> None:
    code = "import sys; print('no engine: pip install it', file=sys.stderr); sys.exit(78)"
    stand = Stand(
        program("clickhouse", code, vital=True), program("worker-1", READY + SLEEP, after=("clickhouse",))
    )
    stand.supervisor.start()
    with pytest.raises(StartFailed, match="no engine: pip install it") as caught:
        await stand.supervisor.ready(10)
    assert caught.value.code == 78
    await stand.supervisor.stop()
    assert stand.supervisor.parts["clickhouse"].state == "failed"


async def test_a_crash_of_a_vital_program_is_explained() -> None:
    """An engine that the processor cannot run dies of SIGILL without a word."""
    code = "import os, signal; os.kill(os.getpid(), signal.SIGILL)"
    explained = {-signal.SIGILL: "this processor lacks instructions"}
    stand = Stand(program("clickhouse", code, vital=True, epitaph=explained.__getitem__))
    stand.supervisor.start()
    with pytest.raises(StartFailed, match=r"SIGILL.*this processor lacks instructions") as caught:
        await stand.supervisor.ready(10)
    assert caught.value.code == 69
    await stand.supervisor.stop()


async def test_a_vital_program_that_was_up_is_restarted() -> None:
    stand = Stand(program("clickhouse", READY + "time.sleep(0.05); sys.exit(71)", vital=True))
    stand.supervisor.start()
    await stand.supervisor.ready(10)
    await until(lambda: len(stand.slept) >= 2)
    assert stand.supervisor.failed is None
    await stand.supervisor.stop()


async def test_tells_what_never_became_ready() -> None:
    stand = Stand(program("web", "import time; time.sleep(60)"))
    stand.supervisor.start()
    with pytest.raises(StartFailed, match="web") as caught:
        await stand.supervisor.ready(0.3)
    assert caught.value.code == 69
    await stand.supervisor.stop()


async def test_what_is_not_ready_in_its_time_is_started_anew() -> None:
    stand = Stand(program("web", "import time; time.sleep(60)", patience=0.2, grace=1.0))
    stand.supervisor.start()
    await until(lambda: stand.supervisor.parts["web"].restarts >= 2)
    await stand.supervisor.stop()


@pytest.mark.parametrize(("code", "state"), [(0, "done"), (65, "failed")])
async def test_what_has_ended_for_good_is_not_run_again(code: int, state: str) -> None:
    stand = Stand(program("feeder", f"import sys; sys.exit({code})", ready="start", ends=(0, 65)))
    stand.supervisor.start()
    part = stand.supervisor.parts["feeder"]
    await until(lambda: part.state == state)
    await asyncio.sleep(0.1)
    assert (part.restarts, part.exit, stand.slept) == (0, code, [])
    await stand.supervisor.stop()
    assert part.state in ("done", "failed")


async def test_an_interruption_while_starting_ends_it() -> None:
    stand = Stand(program("web", "import time; time.sleep(60)"))
    stand.supervisor.start()
    asyncio.get_running_loop().call_later(0.2, stand.supervisor.interrupt)
    assert not await stand.supervisor.ready(10)
    pid = stand.pid("web")
    await stand.supervisor.stop()
    assert gone(pid)


async def test_spinners_before_the_ready_line_do_no_harm() -> None:
    code = r"""print('\x08\x1b[?25h', end=''); """ + READY + SLEEP
    stand = Stand(program("worker-1", code))
    stand.supervisor.start()
    assert await stand.supervisor.ready(10)
    await stand.supervisor.stop()


@pytest.fixture
def orphans() -> Iterator[list[int]]:
    pids: list[int] = []
    yield pids
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def test_kill_9_of_the_supervisor_leaves_nothing_behind(tmp_path: Path, orphans: list[int]) -> None:
    script = tmp_path / "supervise.py"
    script.write_text(
        f"""
import asyncio, os, sys
from streams.embedded.supervisor import Launch, Program, Supervisor

code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + {(READY + SLEEP)!r}
launch = lambda facts, resumed: Launch([sys.executable, "-S", "-c", code], os.environ)

async def main():
    programs = [Program(name, launch, ready="line") for name in ("a", "b")]
    supervisor = Supervisor(programs, say=lambda name, line: None)
    supervisor.start()
    await supervisor.ready(20)
    print(*(part.pid for part in supervisor.parts.values()), flush=True)
    await supervisor.ended()

asyncio.run(main())
"""
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        orphans += [int(pid) for pid in (await process.stdout.readline()).split()]
        assert len(orphans) == 2
        process.kill()
        await process.wait()
        await until(lambda: all(gone(pid) for pid in orphans))
