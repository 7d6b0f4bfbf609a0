"""The process: both protocols over one engine, from the ready line to the last insert."""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path

from streams.embedded.clickhouse.engine import Engine
from streams.embedded.clickhouse.http import HttpServer
from streams.embedded.clickhouse.native import NativeServer
from streams.embedded.clickhouse.users import Users
from streams.errors import BadConfig
from streams.language import t
from streams.parent import die_with, gone

log = logging.getLogger(__name__)

_DRAIN_SECONDS = 5.0


async def serve(engine: Engine, users: Users, native_port: int, http_port: int, parent: int | None) -> None:
    """Serve until SIGTERM, SIGINT or the parent's end; inserts in flight have five seconds to finish.

    Prints one JSON line `{"native": port, "http": port, "pid": pid}` when both ports accept.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    native, http = NativeServer(engine, users), HttpServer(engine, users)
    ports = {
        "native": await _listening(native.listen(native_port), "--native-port", native_port),
        "http": await _listening(http.listen(http_port), "--http-port", http_port),
    }
    print(json.dumps({**ports, "pid": os.getpid()}), flush=True)
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), 1.0)
        except TimeoutError:
            if parent is not None and gone(parent):
                log.warning("the parent process is gone: stopping")
                stop.set()
    native.refuse()
    await http.refuse()
    deadline = loop.time() + _DRAIN_SECONDS
    while (native.inserting or http.inserting) and loop.time() < deadline:
        await asyncio.sleep(0.02)
    await native.close()
    await http.close()


async def _listening(listen: Coroutine[None, None, int], option: str, port: int) -> int:
    try:
        return await listen
    except OSError as error:
        raise BadConfig(
            t(
                f"端口 {port} 无法监听（{error.strerror}）。请停止占用它的程序，或用 {option} 换一个端口（0 为自动选择）。",
                f"Port {port} cannot be used ({error.strerror}): stop what holds it, or choose another one with "
                f"{option} (0 takes a free one).",
            )
        ) from error


def run(directory: Path, native_port: int, http_port: int, users: Users, parent: int | None) -> None:
    """Open the engine and serve; the caller ends the process.

    The engine is not closed: with a dead client's query still inside, it can crash in its own shutdown. What
    it has acknowledged is on disk either way, as after a kill -9.
    """
    if parent is not None:
        die_with(parent)
    # Scans of result blocks run in worker threads: hand the interpreter over often enough that the
    # event loop stays quick beside them.
    sys.setswitchinterval(0.001)
    if set(str(directory.absolute())) & set("*?{}"):
        # FROM INFILE takes them for patterns, and a pattern that matches nothing inserts nothing, silently.
        raise BadConfig(
            t(
                f"数据目录的路径不能含有 * ? {{ }}：{directory.absolute()}。请换一个 --data 目录。",
                f"The data directory's path must not contain * ? {{ }}: {directory.absolute()}. Choose another --data.",
            )
        )
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    # From within, so that no name of a directory, however spelt, stands in SQL or in the engine's address.
    os.chdir(directory)
    engine = Engine(Path())
    users.check(engine.settings)
    asyncio.run(serve(engine, users, native_port, http_port, parent))
