"""Is it them, or our line? A silence is held back until somebody else has answered, or nobody has.

Link and routes may be intact and the gateway or the provider's line dead all the same. So a probe that heard nothing
proves something only beside one that began after it and was answered. Until then its result is held: others are
probed out of turn, in networks of their own, and the gateway is asked. Silence in `QUORUM` networks without an answer
from any, or a gateway that is gone, is our own line.
"""

import asyncio
import ipaddress
from collections.abc import Callable, Collection
from typing import Final, NamedTuple

import msgspec

from uptime_tui.engine.gateway import TEST_S, Gateway
from uptime_tui.engine.selfcheck import Network, is_loopback
from uptime_tui.model.failure import Failure, Side
from uptime_tui.model.result import NO_NEIGHBOUR, Result
from uptime_tui.vantage.closed import SILENCE

QUORUM: Final = 5
"""Networks that must be silent, and none heard."""
AGAIN_S: Final = 5.0
"""While our line is down, others are probed out of turn this often."""
_MARGIN_S: Final = 2.0
"""For a witness to be started."""
SILENT: Final = frozenset(
    {
        Failure.TIMEOUT, Failure.HOST_UNREACHABLE, Failure.NET_UNREACHABLE, Failure.PROHIBITED, Failure.DNS_TIMEOUT,
        Failure.DNS_SERVFAIL, Failure.DNS_REFUSED, Failure.PARTIAL,
    }
)  # fmt: skip
"""What a dead line looks like: nothing, or what a router or a resolver before it says. `partial`: of the addresses that
were not tried this time only the past is known."""

Settle = Callable[[Result], None]


class _Held(NamedTuple):
    place: str
    result: Result
    known_s: float
    settle: Settle


class Doubt:
    """Judges silences.

    Args:
        loop: the clock, in seconds.
        network: told while our line is down.
        call: probes others out of turn, in networks other than these; seconds until all of them must have ended.
        changed: told why our line is down, and with an empty text when it is back.
        gateway: asks the first router.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        network: Network,
        call: Callable[[Collection[str]], float],
        changed: Callable[[str], None],
        gateway: Gateway | None = None,
    ) -> None:
        self._loop = loop
        self._network = network
        self._gateway = gateway or Gateway(loop)
        self._call = call
        self._changed = changed
        self._held: list[_Held] = []
        self._timer: asyncio.TimerHandle | None = None
        self._lost_s = 0.0
        self.reason = ""
        """Why our line counts as down; empty while it does not."""

    def weigh(self, result: Result, host: str, began_s: float, settle: Settle) -> None:
        """Have `settle` called once with the result, now or when it is known whose fault it is.

        Args:
            result: of a probe, judged by link and routes already.
            host: the target's, as it was written.
            began_s: when the probe began, on the loop's clock.
            settle: takes the result in.
        """
        gateway = None if is_loopback(result.address or host) else self._network.next_hop(result.address or "")
        if not gateway or result.side is Side.OURS:  # a neighbour answers without our line
            settle(result)
        elif result.failure not in SILENT:
            settle(result)
            if not any(seen.id == SILENCE for seen in result.evidence):  # a closed port's, which proves no line
                self._hear(began_s)
        elif self.reason:
            settle(self._ours(result))
        else:
            now_s = self._loop.time()
            self._held.append(_Held(network_of(result.address or host), result, now_s, settle))
            if any(seen.id == NO_NEIGHBOUR for seen in result.evidence):
                self._lose(_gone(gateway))
            elif not self._conclude(gateway):
                self._ask(gateway, now_s)

    def look(self) -> None:
        """Now and then, while our line is down: is it back?"""
        if self.reason and self._loop.time() - self._lost_s >= AGAIN_S:
            self._lost_s = self._loop.time()
            self._call(())

    def forget(self) -> None:
        """Everything is probed anew: what is held says nothing any more."""
        self._release(self._held)

    def close(self) -> None:
        """Free its descriptors; nobody is told any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._gateway.close()

    def _hear(self, began_s: float) -> None:
        if self.reason and began_s > self._lost_s:
            self._tell("")
        if self._held:
            self._release([held for held in self._held if held.known_s <= began_s])

    def _ask(self, gateway: str, now_s: float) -> None:
        patience_s = max(self._call({held.place for held in self._held}) + _MARGIN_S, TEST_S)
        self._gateway.test(gateway, lambda answers: self._gateway_said(gateway, answers=answers))
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(now_s + patience_s, self.forget)

    def _gateway_said(self, gateway: str, *, answers: bool | None) -> None:
        if answers is False and (self._held or self.reason):
            self._lose(_gone(gateway))

    def _conclude(self, gateway: str) -> bool:
        silent = {held.place for held in self._held if held.result.failure is not Failure.PARTIAL}
        if len(silent) < QUORUM:
            return False
        beyond = f"nothing beyond the gateway {gateway} answers, in {len(silent)} networks"
        self._lose(f"{beyond}: this machine's line is down, or all of them are")
        return True

    def _lose(self, reason: str) -> None:
        self._lost_s = self._loop.time()
        self._tell(reason)
        self._release(self._held)

    def _tell(self, reason: str) -> None:
        self.reason = reason
        self._network.line_is_down = bool(reason)
        self._changed(reason)

    def _release(self, some: list[_Held]) -> None:
        """Settle these; whoever is told may bring us the next."""
        gone = {id(held) for held in some}
        released, self._held = list(some), [held for held in self._held if id(held) not in gone]
        if not self._held and self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for held in released:
            held.settle(self._ours(held.result) if self.reason else held.result)

    def _ours(self, result: Result) -> Result:
        detail = f"{self.reason}; what was seen: {result.detail}"
        return msgspec.structs.replace(
            result, failure=Failure.WATCHER_OFFLINE, phase=None, detail=detail, severity=None
        )


def _gone(gateway: str) -> str:
    return f"the gateway {gateway} does not answer: this machine is cut off"


def network_of(place: str) -> str:
    """What is likely to fail together: a /24 of IPv4, a /48 of IPv6, the domain of a name without an address."""
    try:
        address = ipaddress.ip_address(place.partition("%")[0])
    except ValueError:
        return ".".join(place.rsplit(".", 2)[-2:])
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False))
