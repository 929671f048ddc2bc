"""Is it the name, or does this machine resolve nothing? A question whose answer is known, asked after a lookup failed.

The root's name servers exist, and a resolver knows them or can find them (RFC 1034 §5.3.3, RFC 8109). One that gives
no answer to this either says nothing of any name. A server that answers for its own zones only refuses the root: there
it counts whether it still answers a name that it has answered before. Whoever passes may have come back a moment ago:
what it said of the name before that does not count, the name is asked for again.
"""

from typing import Final

from uptime_tui.model.failure import Failure
from uptime_tui.resolve.answer import Answer
from uptime_tui.resolve.classify import SILENT, TROUBLE_TTL_S, Reply
from uptime_tui.resolve.system import NameServers

SUSPICIOUS: Final = frozenset(
    {
        Failure.DNS_TIMEOUT, Failure.DNS_SERVFAIL, Failure.DNS_REFUSED, Failure.DNS_NXDOMAIN, Failure.DNS_NO_ADDRESS,
        Failure.DNS_BOGUS,
    }
)  # fmt: skip
"""What a resolver that does not work says of every name. `dns_bogus`: its clock or its trust anchor may be wrong."""

_NOBODY: Final = "uptime-tui.invalid"


async def judge(answer: Answer, servers: NameServers, deadline_s: float, known: str) -> Answer:
    """The answer as it is, or marked as our own fault, with the sentence that says so.

    Args:
        answer: one of `SUSPICIOUS`.
        servers: who gave it.
        deadline_s: on the loop's clock.
        known: another name that these servers have answered lately; empty: none.
    """
    reply = await _ask(servers._replace(attempts=1), deadline_s, known)  # no luckier than the name itself
    if _proves(reply, answer.failure):
        return answer
    places = " and ".join(place for place, _ in servers.servers)
    rcode = "no record" if reply.rcode == "NOERROR" else reply.rcode
    said = "" if rcode in SILENT else f", not even for the root's name servers ({rcode})"
    verb = "answers" if len(servers.servers) == 1 else "answer"
    detail = f"this machine's name server {places} {verb} no question{said}; what was seen: {answer.detail}"
    return answer._replace(detail=detail, ours=True)


async def is_for_anything(answer: Answer, servers: NameServers, deadline_s: float) -> Answer:
    """The answer as it is, or marked as our own fault where a name that cannot exist has one of its addresses too.

    A captive portal leads everybody to itself, whatever is asked for. `invalid` is never given to anybody (RFC 6761
    §6.4).

    Args:
        answer: with addresses that its name did not have before.
        servers: who gave it.
        deadline_s: on the loop's clock.
    """
    from uptime_tui.resolve.query import query_one

    reply = await query_one(_NOBODY, "A", servers._replace(attempts=1), deadline_s)
    same = [address for address in answer.addresses if address in reply.addresses]
    if not same:
        return answer
    detail = (
        f"this machine's name server {reply.server} answers {same[0]} for every name, even for one that cannot exist"
    )
    return Answer((), Failure.DNS_SERVFAIL, detail, ttl_s=TROUBLE_TTL_S, ours=True)


def _proves(reply: Reply, failure: Failure | None) -> bool:
    """Whether this shows that the failure is the name's."""
    match failure:
        case Failure.DNS_NXDOMAIN:
            return reply.rcode != "NXDOMAIN"
        case Failure.DNS_NO_ADDRESS:
            return reply.rcode != "NOERROR" or reply.has_records
        case _:
            return reply.rcode == "NOERROR"


async def _ask(servers: NameServers, deadline_s: float, known: str) -> Reply:
    """What is said of the root, or of the known name where the root is not theirs."""
    from uptime_tui.resolve.query import query_one

    root = await query_one(".", "NS", servers, deadline_s)
    is_empty = root.rcode == "NOERROR" and not root.has_records
    if known and (is_empty or root.rcode == "REFUSED"):
        return await query_one(known, "A", servers, deadline_s)
    return root
