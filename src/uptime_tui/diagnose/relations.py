"""How far a fault reaches: what other monitors that share something with this one say. Pure."""

import ipaddress
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from uptime_tui.diagnose.case import NO_ANSWER, Case, Neighbour
from uptime_tui.model.diagnosis import Relation
from uptime_tui.model.failure import FACTS, Failure, Phase, Status
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.target import Target

Word = Literal["alive", "silent", "unknown"]
_FRESH_MS: Final = 120_000
_NETWORK: Final = {4: 24, 6: 64}
_SHOWN: Final = 12
"""Names in one relation."""
_MEET: Final = frozenset({Phase.TLS, Phase.PROTOCOL, Phase.CONTENT})
"""A probe that failed there has met the host."""
_STACKS: Final = {"email": "mail", "web": "web", "database": "database", "panel": "panel"}
_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def began_ms(case: Case) -> int:
    """Unix time since which every probe has failed, as far back as is known."""
    return min(case.since_ms or case.result.at_ms, case.result.at_ms)


def word_of(neighbour: Neighbour, case: Case) -> Word:
    """What a neighbour's newest probe says of its host since the fault began; unknown where that is too long ago."""
    spacing_ms = 2 * neighbour.monitor.interval_s * 1000
    since = max(began_ms(case), case.result.at_ms - max(_FRESH_MS, spacing_ms))
    if neighbour.last_ms < since:
        return "unknown"
    if neighbour.failure is None:
        if neighbour.monitor.expect.closed:  # its port was refused or silent, as it should be
            return "unknown"
        return "alive" if neighbour.status in {Status.UP, Status.DEGRADED} else "unknown"
    if neighbour.failure is Failure.REFUSED or FACTS[neighbour.failure].phase in _MEET:
        return "alive"
    return "silent" if neighbour.failure in NO_ANSWER else "unknown"


def same_host(case: Case) -> tuple[Neighbour, ...]:
    """Neighbours at the target's name or address."""
    mine = {case.plan.monitor.target.host, *case.addresses, case.address} - {""}
    return tuple(each for each in case.neighbours if mine & {each.monitor.target.host, address_of(each)})


def same_network(case: Case) -> tuple[Neighbour, ...]:
    """Neighbours in the /24 or /64 of the target's address, on other hosts."""
    network = network_of(case.address)
    if not network:
        return ()
    host = same_host(case)
    return tuple(each for each in case.neighbours if network_of(address_of(each)) == network and each not in host)


def same_certificate(case: Case) -> tuple[Neighbour, ...]:
    """Neighbours that show the very same certificate, wherever they are."""
    shown = [result.certificate for result in (case.result, case.last_good) if result is not None]
    mine = next((certificate.sha256 for certificate in shown if certificate is not None), "")
    return tuple(each for each in case.neighbours if mine and each.certificate == mine)


def same_domain(case: Case) -> tuple[Neighbour, ...]:
    """Neighbours on other hosts whose names end alike: below the target's own zone, as far as a name tells."""
    host = case.plan.monitor.target.host
    domain = domain_of(host)
    if not domain:
        return ()
    others = (each for each in case.neighbours if each.monitor.target.host != host)
    return tuple(each for each in others if f".{each.monitor.target.host}".endswith(f".{domain}"))


def relations(case: Case) -> tuple[Relation, ...]:
    """Every group of other monitors that shares something with the failed one, the closest first."""
    monitor = case.plan.monitor
    groups = [
        (f"host {monitor.target.host}", same_host(case)),
        (f"network {network_of(case.address)}", same_network(case)),
        ("certificate", same_certificate(case)),
        (f"domain {domain_of(monitor.target.host)}", same_domain(case)),
    ]
    found = (_relation(shared, group) for shared, group in groups)
    return tuple(each for each in found if each.failing or each.fine)  # of some nothing is known yet


def summary(case: Case) -> str:
    """What all of them together say, one sentence; empty where they say nothing."""
    if case.failure is None:
        return ""
    return _of_host(case) or _of_network(case) or _of_certificate(case)


def address_of(neighbour: Neighbour) -> str:
    """Where its newest probe went, or the address that its target names."""
    host = neighbour.monitor.target.host
    return neighbour.address or (host if network_of(host) else "")


def network_of(address: str) -> str:
    """`192.0.2.0/24`, `2001:db8::/64`; empty for what is no address, and for this machine's loopback."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if parsed.is_loopback:
        return ""
    return str(ipaddress.ip_network((parsed, _NETWORK[parsed.version]), strict=False))


def domain_of(host: str) -> str:
    """A host's name without its first label, where two labels are left; else the name itself; none of an address."""
    if network_of(host) or ":" in host or "." not in host or host.replace(".", "").isdigit():
        return ""
    parent = host.partition(".")[2]
    return parent if "." in parent else host


def _relation(shared: str, group: Sequence[Neighbour]) -> Relation:
    return Relation(shared, tuple(_names(group, bad=True))[:_SHOWN], tuple(_names(group, bad=False))[:_SHOWN])


def _names(group: Iterable[Neighbour], *, bad: bool) -> Iterable[str]:
    wanted = {Status.DOWN, Status.DEGRADED} if bad else {Status.UP}
    return (each.monitor.name for each in group if each.status in wanted)


def _of_host(case: Case) -> str:
    group = [each for each in same_host(case) if not each.monitor.expect.closed]
    bad = [each for each in group if each.status in {Status.DOWN, Status.DEGRADED} and each.failure is not None]
    fine = [each for each in group if each.status is Status.UP]
    monitor, failure = case.plan.monitor, case.failure
    assert failure is not None
    if monitor.expect.closed or not (bad or fine):
        return ""
    if not bad:
        return f"{_listed(each.monitor for each in fine)} on this host fine: this service, not the host"
    codes = [(monitor, failure), *((each.monitor, each.failure) for each in bad if each.failure is not None)]
    failing, why = [each for each, _ in codes], {code for _, code in codes}
    title = FACTS[failure].title if len(why) == 1 else "failing"
    stacks = {each.category for each in failing}
    if fine and len(stacks) == 1 and not stacks & {each.monitor.category for each in fine}:
        stack = _STACKS.get(monitor.category, monitor.category)
        count = "both" if len(failing) == 2 else f"all {_number(len(failing))}"
        told = f"{count} {stack} services on this host: {title}, {_listed(each.monitor for each in fine)} fine"
        return f"{told}: the {stack} stack, not the host"
    if fine:
        return f"{_listed(failing)} on this host: {title}; {_listed(each.monitor for each in fine)} fine"
    silent = [each for each, code in codes if code in NO_ANSWER]
    met = [each for each, code in codes if code is Failure.REFUSED or FACTS[code].phase in _MEET]
    if silent and met:
        return f"{_listed(silent)} on this host silent, {_listed(met)} answers: the host is there"
    count = "both" if len(failing) == 2 else f"all {_number(len(failing))}"
    told = f"{count} services watched on this host: {title}"
    return f"{told}: {'the host or its path' if why <= NO_ANSWER else 'the whole host'}, not one service"


def _of_network(case: Case) -> str:
    group = same_network(case)
    words = Counter(word_of(each, case) for each in group)
    if case.failure not in NO_ANSWER or words["silent"] < 2 or words["alive"]:
        return ""
    count, network = _number(words["silent"]), network_of(case.address)
    return f"{count} other monitors of {network} are silent too: the network, not the host"


def _of_certificate(case: Case) -> str:
    failure = case.failure
    alike = [each.monitor for each in same_certificate(case) if each.failure is failure]
    if failure is None or FACTS[failure].phase is not Phase.TLS or not alike:
        return ""
    return f"{_listed(alike)} fail the same way with the same certificate"


def _listed(monitors: Iterable[Monitor]) -> str:
    """Services by name, each once: `SSH, HTTPS`."""
    names = list(dict.fromkeys(_service(each.target) for each in monitors))
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _service(target: Target) -> str:
    return f"port {target.port}" if target.service == "tcp" else target.service


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)
