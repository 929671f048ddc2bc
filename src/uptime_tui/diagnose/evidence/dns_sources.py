"""What this system itself makes of the name: its hosts file, its search list, its C library."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from typing import Final

from uptime_tui.diagnose.case import Case, Means
from uptime_tui.model.failure import FACTS as FAILURES
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence
from uptime_tui.resolve.exchange import shown
from uptime_tui.resolve.lookup import Resolver
from uptime_tui.resolve.reading import addresses, records
from uptime_tui.resolve.system import candidates, is_address

QUESTION: Final = "Does this system know the name otherwise than the DNS does?"
STAGE: Final = 1
PACKETS: Final = 12
FACTS: Final = {
    "hosts_file_differs": "the hosts file gives an address that DNS does not",
    "hosts_file_agrees": "the hosts file says what DNS says",
    "search_domain_used": "the name was completed by a search domain",
    "system_differs": "the C library resolves the name, while the name servers that we ask do not",
    "system_agrees": "the C library has no address either",
    "asks": "which name servers are asked, and by whose choice",
}
_CONNECT: Final = frozenset({Phase.CONNECT, Phase.TLS, Phase.PROTOCOL})
_FINAL: Final = frozenset({Failure.DNS_NXDOMAIN, Failure.DNS_NO_ADDRESS})
"""Answers that the C library takes for one."""
_MOST_ASKED: Final = 8
"""What the C library makes of it is not worth more packets, which the name servers' own words need."""
_WAIT_S: Final = 2.0


def wants(case: Case) -> bool:
    """Failures of the name; and those of a server that may not be the one that DNS names."""
    failure, host = case.failure, case.plan.monitor.target.host
    if failure is None or is_address(host):
        return False
    return FAILURES[failure].phase is Phase.DNS or FAILURES[failure].phase in _CONNECT


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:
    """Files first; name servers and the C library where they could say something new."""
    host, resolver = case.plan.monitor.target.host, means.resolver
    is_dns = FAILURES[case.failure or Failure.DNS_NXDOMAIN].phase is Phase.DNS
    if is_dns:
        yield _asks(resolver)
        longer = [name for name in candidates(host, resolver.name_servers) if name != host]
        if longer:
            text = f"asked for as well, by the search list: {', '.join(longer[:3])}"
            yield Evidence("search_domain_used", Phase.DNS, ok=None, text=text)
    noted = resolver.in_hosts_file(host)
    if noted:
        yield await _against_dns(host, noted, means)
    asks = _library_asks(case, means)
    if is_dns and case.failure is not Failure.DNS_TIMEOUT and asks <= _MOST_ASKED and means.budget.take(asks):
        known = await _by_library(host, min(_WAIT_S, means.left_s))
        if known:
            text = f"getaddrinfo finds {', '.join(known[:4])}, which those name servers do not say"
            yield Evidence("system_differs", Phase.DNS, ok=False, text=text)
        elif known is not None:
            yield Evidence("system_agrees", Phase.DNS, ok=None, text="getaddrinfo has no address either")


def _library_asks(case: Case, means: Means) -> int:
    """The most that getaddrinfo sends.

    That is both types, for each completion of the name; who fails or refuses is asked again, and so is every other
    server (resolv.conf(5), `attempts`).
    """
    servers = means.resolver.name_servers
    names = 2 * max(1, len(candidates(case.plan.monitor.target.host, servers)))
    if case.failure in _FINAL:
        return names
    return names * len(servers.servers) * max(1, servers.attempts)


def _asks(resolver: Resolver) -> Evidence:
    servers = ", ".join(map(shown, resolver.name_servers.servers))
    whose = "our own configuration" if resolver.asks_own_servers else "resolv.conf"
    return Evidence("asks", Phase.DNS, ok=None, text=f"name servers asked: {servers} ({whose})")


async def _against_dns(host: str, noted: tuple[str, ...], means: Means) -> Evidence:
    """The hosts file against the name servers."""
    found: set[str] = set()
    for kind in ("A", "AAAA"):
        heard = await means.names.recursive(host, kind)
        found.update(addresses(heard.message, host) if records(heard.message, host, kind) else ())
    shown = ", ".join(noted[:4])
    if found and set(noted) <= found:
        return Evidence("hosts_file_agrees", Phase.DNS, ok=True, text=f"hosts file and DNS both say {shown}")
    dns = ", ".join(sorted(found)[:4]) or "no address"
    text = f"the hosts file of this machine says {shown}, DNS says {dns}"
    return Evidence("hosts_file_differs", Phase.DNS, ok=False, text=text)


async def _by_library(host: str, within_s: float) -> tuple[str, ...] | None:
    """Getaddrinfo's addresses; None when it takes too long. In a thread that nobody has to wait for."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[tuple[str, ...]] = loop.create_future()

    def arrive(found: tuple[str, ...]) -> None:
        if not waiting.done():
            waiting.set_result(found)

    def look_up() -> None:
        try:
            entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            entries = []
        found = tuple(dict.fromkeys(str(entry[4][0]) for entry in entries))
        if not loop.is_closed():
            loop.call_soon_threadsafe(arrive, found)

    threading.Thread(target=look_up, name="getaddrinfo", daemon=True).start()
    try:
        return await asyncio.wait_for(waiting, within_s)
    except TimeoutError:
        return None
