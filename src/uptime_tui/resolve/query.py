"""Asks name servers with dnspython; imported at the first name that no file knows."""

import asyncio

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from uptime_tui.model.safetext import safe_text
from uptime_tui.resolve.classify import Reply
from uptime_tui.resolve.system import NameServers

_PAYLOAD = 1232
"""EDNS size that is not fragmented (DNS flag day 2020)."""
_ANSWERED = {"NOERROR", "NXDOMAIN"}


async def query_both(name: str, servers: NameServers, deadline_s: float) -> tuple[Reply, ...]:
    """Replies for A and AAAA, asked at the same time.

    Args:
        name: full name, A-labels.
        servers: whom to ask, how long to wait for each and how often.
        deadline_s: on the loop's clock.
    """
    kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
    return tuple(await asyncio.gather(*(_query(name, kind, servers, deadline_s) for kind in kinds)))


async def _query(name: str, kind: dns.rdatatype.RdataType, servers: NameServers, deadline_s: float) -> Reply:
    """The first answer that any server gives; else the most telling of the others."""
    loop = asyncio.get_running_loop()
    trouble: Reply | None = None
    for attempt in range(servers.attempts):
        for server in servers.servers:
            left_s = deadline_s - loop.time()
            if left_s <= 0.01:
                return trouble or Reply("TIMEOUT", server=_shown(server))
            share_s = min(servers.timeout_s, left_s if attempt else max(left_s / 2, 0.5))
            reply = await _ask(name, kind, server, min(share_s, left_s))
            if reply.rcode in _ANSWERED:
                return reply
            if trouble is None or trouble.rcode == "TIMEOUT":
                trouble = reply
        if trouble is not None and trouble.rcode != "TIMEOUT":
            break
    if trouble is not None and trouble.rcode == "SERVFAIL":
        return await _without_validation(name, kind, servers, trouble, deadline_s - loop.time())
    return trouble or Reply("TIMEOUT")


async def _without_validation(
    name: str, kind: dns.rdatatype.RdataType, servers: NameServers, failed: Reply, left_s: float
) -> Reply:
    """The same reply, marked bogus when it succeeds once the resolver is told not to validate (CD bit)."""
    if left_s <= 0.05:
        return failed
    again = await _ask(name, kind, servers.servers[0], min(left_s, servers.timeout_s), checking_disabled=True)
    return failed._replace(bogus=again.rcode in _ANSWERED)


async def _ask(
    name: str,
    kind: dns.rdatatype.RdataType,
    server: tuple[str, int],
    timeout_s: float,
    *,
    checking_disabled: bool = False,
) -> Reply:
    try:
        question = dns.message.make_query(dns.name.from_text(name), kind, use_edns=0, payload=_PAYLOAD)
        if checking_disabled:
            question.flags |= dns.flags.CD
        message, _ = await dns.asyncquery.udp_with_fallback(
            question, server[0], timeout=timeout_s, port=server[1], ignore_errors=True
        )
    except (dns.exception.Timeout, OSError, EOFError):
        return Reply("TIMEOUT", server=_shown(server))
    except dns.exception.DNSException as error:
        return Reply("MALFORMED", server=_shown(server), extended=safe_text(str(error), 80))
    return _taken_apart(message, kind, server)


def _taken_apart(message: dns.message.Message, kind: dns.rdatatype.RdataType, server: tuple[str, int]) -> Reply:
    addresses: list[str] = []
    ttls: list[int] = []
    alias = ""
    for rrset in message.answer:
        if rrset.rdtype == kind:
            addresses.extend(rdata.address for rdata in rrset)
            ttls.append(rrset.ttl)
        elif rrset.rdtype == dns.rdatatype.CNAME:
            alias = safe_text(rrset[0].target.to_text(omit_final_dot=True), 255)
            ttls.append(rrset.ttl)
    if not ttls:
        ttls = [min(rrset.ttl, rrset[0].minimum) for rrset in message.authority if rrset.rdtype == dns.rdatatype.SOA]
    extended = next((safe_text(text, 80) for option in message.options if (text := getattr(option, "text", None))), "")
    rcode = dns.rcode.to_text(message.rcode())
    return Reply(rcode, tuple(addresses), float(min(ttls, default=0)), alias, extended, _shown(server))


def _shown(server: tuple[str, int]) -> str:
    return server[0] if server[1] == 53 else f"{server[0]}:{server[1]}"
