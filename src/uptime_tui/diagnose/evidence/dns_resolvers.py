"""Each name server that this machine asks, apart: does it answer for this name, and for any other?"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from uptime_tui.diagnose.case import NO_NAME, Case, Means
from uptime_tui.model.failure import Failure, Phase, Side, Status
from uptime_tui.model.result import Evidence
from uptime_tui.resolve.classify import SILENT
from uptime_tui.resolve.exchange import Heard
from uptime_tui.resolve.inquiry import NOT_ASKED, Inquiry
from uptime_tui.resolve.reading import addresses, records
from uptime_tui.resolve.system import is_address

QUESTION: Final = "Does each name server that this machine asks answer, and all alike?"
STAGE: Final = 1
PACKETS: Final = 11
FACTS: Final = {
    "resolver_answers": "a resolver answers about the name, whatever it says",
    "resolver_silent": "a resolver does not answer at all, not even about the root",
    "resolver_closed": "on a resolver's address nothing listens on port 53",
    "resolver_tcp_only": "a resolver answers over TCP and not over UDP",
    "resolver_cut": "a resolver answers over UDP that the whole comes over TCP, and there it does not come",
    "resolver_alive": "a resolver that has no answer about the name answers about others: it works",
    "resolver_helpless": "a resolver answers, but cannot even tell the servers of the root: it has no way out",
    "resolver_refuses": "a resolver refuses this machine whatever it asks",
    "resolvers_differ": "two of the resolvers say different things about the name",
}
_WANTED: Final = NO_NAME | {Failure.INTERMITTENT, Failure.PARTIAL}
_USEFUL: Final = frozenset({"NOERROR", "NXDOMAIN"})


def wants(case: Case) -> bool:
    """Failures of the name, and those that come and go."""
    return case.failure in _WANTED and not is_address(case.plan.monitor.target.host)


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:
    """One line for each resolver."""
    names = means.names
    host = names.full(case.plan.monitor.target.host)
    servers = names.servers.servers
    other = _other_name(case, host)
    doubted = case.result.side is Side.OURS
    asked = await asyncio.gather(*(_ask(host, other, each, names, doubted=doubted) for each in servers))
    said = dict(zip(servers, asked, strict=True))
    for heard, control in said.values():
        if NOT_ASKED in {heard.rcode, control.rcode}:
            continue
        fact = _judge(host, other, heard, control)
        if fact.id != "resolver_silent":
            yield fact
            continue
        over_tcp = await names.over_tcp(".", "NS", heard.server)
        yield fact if over_tcp.message is None else _tcp_only(heard)
    different = _different(host, [heard for heard, _ in said.values()])
    if different:
        yield Evidence("resolvers_differ", Phase.DNS, ok=False, text=f"the resolvers disagree: {different}")


def _other_name(case: Case, host: str) -> str:
    """A name that another monitor has reached lately; empty without one."""
    up = (each.monitor.target.host for each in case.neighbours if each.status is Status.UP and each.address)
    return next((name for name in up if name != host and "." in name and not is_address(name)), "")


async def _ask(host: str, other: str, server: tuple[str, int], names: Inquiry, *, doubted: bool) -> tuple[Heard, Heard]:
    """About the name; where that is no use about the root, and where it cannot tell, about another monitor's name.

    Of a resolver that is `doubted` a no is no use either: one that has lost its way out may say it of every name.
    """
    heard = await names.recursive(host, "A", server=server)
    if heard.rcode in _USEFUL and not (doubted and heard.rcode == "NXDOMAIN"):
        return heard, heard
    control = await names.recursive(".", "NS", server=server)
    if other and not records(control.message, ".", "NS") and control.rcode not in SILENT:
        return heard, await names.recursive(other, "A", server=server)
    return heard, control


def _judge(host: str, other: str, heard: Heard, control: Heard) -> Evidence:
    who, said = heard.shown, f" ({heard.why})" if heard.why else ""
    if heard.cut:
        text = f"{who} has a long answer about {host}: {heard.why}; TCP to port {heard.server[1]} is lost on the way"
        return Evidence("resolver_cut", Phase.DNS, ok=False, text=text)
    if heard.rcode in _USEFUL and (control is heard or control.rcode != "NXDOMAIN"):
        found = ", ".join(addresses(heard.message, host)[:4])
        text = f"{who} answers about {host}: {found or heard.rcode}"
        return Evidence("resolver_answers", Phase.DNS, ok=True, text=text)
    if records(control.message, ".", "NS"):
        text = f"{who} has no answer about {host} ({heard.rcode}{said}), but one about the root: it works"
        return Evidence("resolver_alive", Phase.DNS, ok=True, text=text)
    if other and addresses(control.message, other):
        text = f"{who} has no answer about {host} ({heard.rcode}{said}), but one about {other}: it works"
        return Evidence("resolver_alive", Phase.DNS, ok=True, text=text)
    if control.rcode == "REFUSED":
        text = f"{who} refuses this machine, about the root as well as about {host}{said}"
        return Evidence("resolver_refuses", Phase.DNS, ok=False, text=text)
    if control.rcode == "UNREACHABLE":
        text = f"{who} cannot be asked: {control.why}"
        return Evidence("resolver_closed", Phase.DNS, ok=False, text=text)
    if control.rcode in SILENT and heard.rcode in SILENT:
        text = f"{who} does not answer: neither about {host} nor about the root"
        return Evidence("resolver_silent", Phase.DNS, ok=False, text=text)
    text = f"{who} answers {heard.rcode} about {host}{said} and {control.rcode} about the root"
    return Evidence("resolver_helpless", Phase.DNS, ok=False, text=text)


def _tcp_only(heard: Heard) -> Evidence:
    text = f"{heard.shown} answers over TCP, but not over UDP: UDP to port {heard.server[1]} is lost on the way"
    return Evidence("resolver_tcp_only", Phase.DNS, ok=False, text=text)


def _different(host: str, heard: list[Heard]) -> str:
    """Each that answers with what it says, where they are not at one about whether there is an address."""
    views = {each.shown: addresses(each.message, host) or (each.rcode,) for each in heard if each.rcode in _USEFUL}
    if len({bool(set(view) - _USEFUL) for view in views.values()}) < 2:
        return ""
    return "; ".join(f"{who} says {', '.join(view[:4])}" for who, view in views.items())
