"""Small web servers on loopback for probes: each path has an answer, and every request is kept."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import msgspec

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.draft import read_draft
from uptime_tui.config.schema import Defaults
from uptime_tui.vantage.base import Plan
from uptime_tui.vantage.local import LocalVantage, local_vantage, probe_once

CATALOGUE = load_catalogue()


class Web:
    """A server; `pages` maps a path to status line and headers with a body, or to what makes one of a request."""

    def __init__(self) -> None:
        self.port = 0
        self.visits: set[asyncio.Task] = set()
        self.pages: dict[str, str | Callable[[str], str]] = {}
        self.requests: list[str] = []

    def leads(self, path: str, location: str, code: int = 302) -> None:
        self.pages[path] = f"{code} Found\r\nLocation: {location}\r\n\r\n"

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits.add(asyncio.current_task())
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = next((line for line in head.split("\r\n") if line.lower().startswith("content-length:")), ":0")
            body = (await reader.readexactly(int(length.partition(":")[2]))).decode("latin-1")
            self.requests.append(head + body)
            page = self.pages.get(head.split(" ")[1], "404 Not Found\r\n\r\n")
            if callable(page):
                page = page(head)
            top, _, rest = page.partition("\r\n\r\n")
            writer.write(f"HTTP/1.1 {top}\r\nContent-Length: {len(rest)}\r\n\r\n{rest}".encode("latin-1"))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def web(context: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Web]:
    """A server on loopback, on a free port unless one is given."""
    it = Web()
    server = await asyncio.start_server(it.visit, host, port, ssl=context)
    it.port = server.sockets[0].getsockname()[1]
    try:
        yield it
    finally:
        server.close()
        if it.visits:
            await asyncio.wait(it.visits)


def plan(target: str, **table) -> Plan:
    """A monitor as the file has it."""
    monitor, faults = read_draft({"name": "m", "target": target, "timeout": "5s", **table}, CATALOGUE, Defaults())
    assert not faults, faults
    return Plan(monitor, CATALOGUE.get(monitor.target.service))


@asynccontextmanager
async def vantage(**options) -> AsyncIterator[LocalVantage]:
    """A vantage that asks no name server."""
    tasks = set()

    def spawn(work):
        tasks.add(asyncio.ensure_future(work))

    it = local_vantage(spawn, **options)
    try:
        yield it
    finally:
        it.close()


async def probe(it: LocalVantage, target: str, **table):
    """One probe; everything that would be sent or kept of it is checked to be encodable."""
    result = await probe_once(it, plan(target, **table))
    msgspec.msgpack.encode(result)
    return result
