"""One child process: it cannot outlive its parent, its output goes line by line to a sink."""

import asyncio
import contextlib
import json
import os
import re
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from streams.language import t
from streams.parent import die_with

Sink = Callable[[str], None]

LONGEST_LINE = 16_384
TERMINAL_CODES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")
"""Escape sequences and control characters: spinners of libraries, and whatever hostile text may carry."""


class Child:
    """A started process in a process group of its own, so that Ctrl-C reaches only the supervisor.

    Attributes:
        pid: its process id.
        first: resolves to the first JSON object that it prints on stdout.
        tail: its last lines, for the message when it dies.
    """

    def __init__(self, process: asyncio.subprocess.Process, sink: Sink) -> None:
        self._process = process
        self._sink = sink
        self.pid = process.pid
        self.first: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.tail: deque[str] = deque(maxlen=20)
        self._readers: list[asyncio.Task[None]] = []

    @classmethod
    async def start(cls, command: Sequence[str], env: Mapping[str, str], sink: Sink) -> "Child":
        """Start `command` with exactly the environment `env`."""
        # Pipes of our own: asyncio's wait() returns only when its pipes are closed, and a child of the
        # child that outlives it holds them open.
        pipes = [os.pipe(), os.pipe()]
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=dict(env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=pipes[0][1],
                stderr=pipes[1][1],
                process_group=0,
                preexec_fn=partial(die_with, os.getpid(), signal.SIGKILL),
            )
        except BaseException:
            for reading, _ in pipes:
                os.close(reading)
            raise
        finally:
            for _, writing in pipes:
                os.close(writing)
        child = cls(process, sink)
        child._readers = [
            asyncio.create_task(child._read(reading, spoken))
            for (reading, _), spoken in zip(pipes, (True, False), strict=True)
        ]
        return child

    async def wait(self) -> int:
        """Its exit code, negative for a signal; whatever it started is ended with it."""
        code = await self._process.wait()
        self._kill()
        await asyncio.wait(self._readers, timeout=1.0)
        for reader in self._readers:
            reader.cancel()
        self.first.cancel()
        return code

    async def stop(self, grace: float) -> int:
        """Ask it to end (SIGTERM); kill it after `grace` seconds. Returns its exit code."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(grace):
                await self._process.wait()
        except TimeoutError:
            self._sink(
                t(
                    f"收到 SIGTERM {grace:g} 秒后还没有结束，已强制结束",
                    f"no end within {grace:g} s of SIGTERM, killed",
                )
            )
            self._kill()
        return await self.wait()

    def kill(self) -> None:
        """End it and its group now."""
        self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    async def _read(self, descriptor: int, spoken: bool) -> None:
        stream = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(descriptor, "rb", buffering=0)
        )
        rest = b""
        try:
            while chunk := await stream.read(65_536):
                *lines, rest = (rest + chunk).split(b"\n")
                if len(rest) > LONGEST_LINE:
                    lines, rest = [*lines, rest], b""
                for line in lines:
                    self._line(line, spoken)
            if rest:
                self._line(rest, spoken)
        finally:
            transport.close()

    def _line(self, raw: bytes, spoken: bool) -> None:
        line = TERMINAL_CODES.sub("", raw.decode("utf-8", "replace")).rstrip()
        if not line:
            return
        if spoken and not self.first.done():
            with contextlib.suppress(ValueError):
                said = json.loads(line)
                if isinstance(said, dict):
                    self.first.set_result(said)
                    return
        self.tail.append(line)
        self._sink(line)


async def answers(url: str, timeout: float = 2.0) -> bool:
    """Whether an http:// address answers 200; never raises for a server that is not there yet."""
    host, _, rest = url.removeprefix("http://").partition("/")
    name, _, port = host.rpartition(":")
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(name.strip("[]"), int(port))
            try:
                writer.write(f"GET /{rest} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                await writer.drain()
                status = await reader.readline()
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return False
    return status.split(b" ")[1:2] == [b"200"]
