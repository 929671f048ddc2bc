"""Asks name servers with dnspython; imported at the first name that no file knows."""

import asyncio
from typing import Final

import dns.message
import dns.rdataclass
import dns.rdatatype

from uptime_tui.model.safetext import safe_text
from uptime_tui.resolve.classify import ANSWERED, SILENT, Reply
from uptime_tui.resolve.exchange import Heard, exchange, make_question, shown
from uptime_tui.resolve.system import NameServers

OTHER_FAMILY_S: Final = 1.0
"""With an address of one family in hand, the other one's answer is waited for so long: some servers and firewalls
drop questions for AAAA, and the probe needs the rest of its time."""
_MAX_CHAIN: Final = 16
_NO_EDNS: Final = frozenset({"FORMERR", "NOTIMP", "BADVERS"})
"""What servers older than EDNS say of it (RFC 6891 §7)."""


async def query_both(name: str, servers: NameServers, deadline_s: float, family: int = 0) -> tuple[Reply, ...]:
    """Replies for A and AAAA, asked at the same time.

    Args:
        name: full name, A-labels.
        servers: whom to ask, how long to wait for each and how often.
        deadline_s: on the loop's clock.
        family: 4 or 6, whose answer is waited for whatever the other one says; 0: neither.
    """
    kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
    tasks = [asyncio.ensure_future(_query(name, kind, servers, deadline_s)) for kind in kinds]
    try:
        done, late = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if late:
            enough = any(task.result().addresses for task in done) and not (family and tasks[family == 6] in late)
            patience_s = OTHER_FAMILY_S if enough else None
            await asyncio.wait(late, timeout=patience_s)
        return tuple(task.result() if task.done() else Reply("TIMEOUT") for task in tasks)
    finally:
        for task in tasks:
            task.cancel()


async def query_one(name: str, kind: str, servers: NameServers, deadline_s: float) -> Reply:
    """Reply for one type of record.

    Args:
        name: full name, A-labels.
        kind: `A`, `NS`.
        servers: whom to ask.
        deadline_s: on the loop's clock.
    """
    return await _query(name, dns.rdatatype.from_text(kind), servers, deadline_s)


async def _query(name: str, kind: dns.rdatatype.RdataType, servers: NameServers, deadline_s: float) -> Reply:
    """The first answer that any server gives; else the most telling of the others."""
    loop = asyncio.get_running_loop()
    trouble = Reply("TIMEOUT")
    blamed = servers.servers[0]
    for attempt in range(servers.attempts):
        for server in servers.servers:
            left_s = deadline_s - loop.time()
            if left_s <= 0.01:
                return trouble if trouble.server else Reply("TIMEOUT", server=shown(server))
            share_s = min(servers.timeout_s, left_s if attempt else max(left_s / 2, 0.5))
            # some firewalls drop what carries EDNS: the second round goes without
            reply = await _ask(make_question(name, kind, edns=attempt == 0), server, min(share_s, left_s))
            if reply.rcode in _NO_EDNS and attempt == 0:
                reply = await _ask(make_question(name, kind, edns=False), server, min(share_s, left_s))
            if reply.rcode in ANSWERED:
                return reply
            if trouble.rcode in SILENT:
                trouble, blamed = reply, server
        if trouble.rcode not in SILENT:
            break
    if trouble.rcode == "SERVFAIL":
        return await _without_validation(name, kind, blamed, trouble, min(deadline_s - loop.time(), servers.timeout_s))
    return trouble


async def _without_validation(
    name: str, kind: dns.rdatatype.RdataType, server: tuple[str, int], failed: Reply, left_s: float
) -> Reply:
    """The same reply, marked bogus when it succeeds once the resolver is told not to validate (CD bit)."""
    if left_s <= 0.05:
        return failed
    question = make_question(name, kind, validate=False)
    again = await _ask(question, server, left_s)
    return failed._replace(bogus=again.rcode in ANSWERED)


async def _ask(question: dns.message.Message, server: tuple[str, int], timeout_s: float) -> Reply:
    heard = await exchange(question, server, timeout_s)
    if heard.message is None:
        return Reply(heard.rcode, server=heard.shown, extended=heard.why, cut=heard.cut)
    return _taken_apart(heard.message, question, heard)


def _taken_apart(message: dns.message.Message, question: dns.message.Message, heard: Heard) -> Reply:
    """What the answer says of the name that was asked for, along its aliases; other names do not count."""
    asked = question.question[0]
    owner = asked.name
    ttls: list[int] = []
    addresses: tuple[str, ...] = ()
    for _ in range(_MAX_CHAIN):
        found = message.get_rrset(message.answer, owner, dns.rdataclass.IN, asked.rdtype)
        if found is not None:
            addresses = tuple(rdata.address for rdata in found if hasattr(rdata, "address"))
            ttls.append(found.ttl)
            break
        link = message.get_rrset(message.answer, owner, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if link is None:
            break
        owner = link[0].target
        ttls.append(link.ttl)
    else:
        return Reply("SERVFAIL", server=heard.shown, extended="its aliases lead in a circle")
    if not ttls:
        ttls = [min(rrset.ttl, rrset[0].minimum) for rrset in message.authority if rrset.rdtype == dns.rdatatype.SOA]
    alias = "" if owner == asked.name else safe_text(owner.to_text(omit_final_dot=True), 255)
    return Reply(
        heard.rcode,
        addresses,
        float(min(ttls, default=0)),
        alias,
        heard.why,
        heard.shown,
        has_records=found is not None,
    )
