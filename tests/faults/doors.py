"""Servers that the lab has not: they say what they are told to, or have a way of their own with TLS."""

import asyncio
import itertools
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from uptime_tui.lab.authority import Authority
from uptime_tui.lab.visit import Visit

PATIENCE_S = 20.0


def talker(words: Sequence[str], after_s: float) -> Callable[[Visit], Awaitable[None]]:
    """Holds a conversation of these words: some at first, then some whenever the visitor has said something."""

    async def serve(visit: Visit) -> None:
        for number, text in enumerate(words):
            if number and not await asyncio.wait_for(visit.reader.read(4096), PATIENCE_S):
                return
            await visit.say(text.encode())
        await asyncio.sleep(after_s)

    return serve


def in_turn(
    one: Callable[[Visit], Awaitable[None]], others: Callable[[Visit], Awaitable[None]], count: int
) -> Callable[[Visit], Awaitable[None]]:
    """Of so many visitors the first one is served by the one, the rest by the others."""
    visits = itertools.count()

    async def serve(visit: Visit) -> None:
        await (others if next(visits) % count else one)(visit)

    return serve


async def greet(visit: Visit) -> None:
    """TLS by hand: asyncio's own does not send the alert that it refuses a visitor with."""
    assert visit.context is not None
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = visit.context.wrap_bio(incoming, outgoing, server_side=True)
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            await visit.say(outgoing.read())
            incoming.write(await asyncio.wait_for(visit.reader.read(4096), PATIENCE_S))
        except ssl.SSLError:
            return await visit.say(outgoing.read())
        else:
            return await visit.say(outgoing.read())


def context_for(authority: Authority, way: str) -> Callable[[str, str], ssl.SSLContext]:
    """What makes a server's context: `way` is an attribute of this module's `WAYS`, or empty for the lab's own."""
    return WAYS[way](authority) if way else authority.context


def _only_old(authority: Authority) -> Callable[[str, str], ssl.SSLContext]:
    """Nothing newer than TLS 1.1."""

    def make(host: str, state: str) -> ssl.SSLContext:
        context = replace(authority, _contexts={}).context(host, state)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        return context

    return make


def _knows_no_name(authority: Authority) -> Callable[[str, str], ssl.SSLContext]:
    """It refuses every name that it is asked for (RFC 6066 §3, unrecognized_name)."""

    def refuse(_socket: object, name: str | None, _context: ssl.SSLContext) -> int | None:
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME if name else None

    def make(host: str, state: str) -> ssl.SSLContext:
        context = replace(authority, _contexts={}).context(host, state)
        context.sni_callback = refuse
        return context

    return make


def _wants_certificate(authority: Authority) -> Callable[[str, str], ssl.SSLContext]:
    """Only who shows a certificate of the lab's authority is let in."""

    def make(host: str, state: str) -> ssl.SSLContext:
        context = replace(authority, _contexts={}).context(host, state)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=authority.ca_pem().decode())
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # there the handshake itself fails
        return context

    return make


def _has_none(_authority: Authority) -> Callable[[str, str], ssl.SSLContext]:
    """No certificate was loaded."""
    return lambda _host, _state: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


WAYS = {
    "only_old": _only_old,
    "knows_no_name": _knows_no_name,
    "wants_certificate": _wants_certificate,
    "has_none": _has_none,
}
