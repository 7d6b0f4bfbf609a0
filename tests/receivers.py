"""Real receivers of notifications for tests: an HTTP and an SMTP server that answer, fail, hang and drop as told."""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit


@dataclass
class Reply:
    """One answer. `hang` reads the request and never answers; `drop` reads it and closes the connection."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    kind: Literal["answer", "hang", "drop"] = "answer"


@dataclass
class Request:
    """One request as it came."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}


class Receiver:
    """An HTTP server; gives its replies in turn, the last one for ever."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests: list[Request] = []
        self.replies: deque[Reply] = deque([Reply()])
        self.port = 0

    def answers(self, *replies: Reply) -> None:
        self.replies = deque(replies)

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.requests.append(Request(first.split()[1], headers, body))
            reply = self.replies.popleft() if len(self.replies) > 1 else self.replies[0]
            if reply.kind == "hang":
                await asyncio.wait_for(reader.read(), 30)
            elif reply.kind == "answer":
                more = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
                payload = reply.body.encode()
                writer.write(
                    f"HTTP/1.1 {reply.status} X\r\nContent-Length: {len(payload)}\r\n{more}Connection: close\r\n\r\n".encode()
                    + payload
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass
        finally:
            await _close(writer)


class MailServer:
    """An SMTP server that keeps what it takes; `recipient` is its answer to every recipient."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.recipient = "250 ok"
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        try:
            await say("220 test")
            while line := (await asyncio.wait_for(reader.readline(), 30)).decode().strip():
                verb = line[:4].upper()
                if verb == "QUIT":
                    await say("221 bye")
                    break
                if verb == "DATA":
                    await say("354 go on")
                    self.mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                await say(self.recipient if verb == "RCPT" else "250 ok")
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass
        finally:
            await _close(writer)


@contextlib.asynccontextmanager
async def listening(server: Receiver | MailServer) -> AsyncIterator[None]:
    """The server on a free port."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        await server.serve(reader, writer)
        tasks.discard(task)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        listener.close()
        if tasks:  # each ends with its client; cancelled ones make asyncio log an error
            await asyncio.wait(tasks, timeout=5)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
