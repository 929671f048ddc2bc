"""Is it them, or our line? A silence is held back until somebody else has answered, or nobody has.

Link and routes may be intact and the gateway or the provider's line dead all the same. So a probe that heard nothing
proves something only beside one that began after it and got farther. Until then its result is held: others are
probed out of turn, in networks of their own, and the gateway is asked. Silence in `QUORUM` networks without an answer
from any, or a gateway that is gone, is our own line. Where there is nobody else to ask, `engine.lineproof` looks.
"""

import asyncio
import ipaddress
from collections.abc import Callable, Collection, Sequence
from enum import Enum
from typing import Final, NamedTuple

import msgspec

from uptime_tui.engine.gateway import TEST_S, Gateway
from uptime_tui.engine.routes import is_gateway, named
from uptime_tui.engine.selfcheck import Network, is_loopback
from uptime_tui.engine.silence import Reach, is_silent, reach, wanting
from uptime_tui.model.failure import Failure, Side
from uptime_tui.model.result import NO_NEIGHBOUR, Evidence, Result

QUORUM: Final = 5
"""Networks that must be silent, and none heard."""
AGAIN_S: Final = 5.0
"""While our line is down, others are probed out of turn this often."""
_MARGIN_S: Final = 2.0
"""For a witness to be started."""

Settle = Callable[[Result], None]


class Held(NamedTuple):
    """A silence that waits for its judgement."""

    place: str
    """The network that it is in (`network_of`)."""
    result: Result
    known_s: float
    due_s: float
    """When somebody must have spoken."""
    settle: Settle


Prove = Callable[[str, Sequence[Held], Callable[[str | None], None]], None]
"""`lineproof.LineProof.ask`: has it told why our line is down, empty where it is well, None where nothing shows."""


class _Ground(Enum):
    """By what it was found that our line is down."""

    SILENCE = 1
    GATEWAY = 2
    PROOF = 3


class Doubt:
    """Judges silences.

    Args:
        loop: the clock, in seconds.
        network: told while our line is down.
        call: probes others out of turn, in networks other than these, of whom it is known that they get so far;
            seconds until all of them must have ended.
        changed: told why our line is down, and with an empty text when it is back.
        prove: looks at the line itself.
        gateway: asks the first router.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        network: Network,
        call: Callable[[Collection[str], Reach], float],
        changed: Callable[[str], None],
        prove: Prove,
        gateway: Gateway | None = None,
    ) -> None:
        self._loop = loop
        self._network = network
        self._gateway = gateway or Gateway(loop)
        self._call = call
        self._changed = changed
        self._prove = prove
        self._held: list[Held] = []
        self._timer: asyncio.TimerHandle | None = None
        self._proving = False
        self._lost_s = self._heard_s = 0.0
        self._lost = Reach.NOTHING
        """What our line does not carry."""
        self._ground = _Ground.SILENCE
        self._seen_by: tuple[str, Sequence[Held]] = ("", ())
        """The gateway, and the silences, by which the line was found to be down."""
        self.reason = ""
        """Why our line counts as down; empty while it does not."""

    @property
    def is_calm(self) -> bool:
        """Whether a success changes nothing here: no silence is held, and our line counts as up."""
        return not self._held and not self.reason

    def weigh(self, result: Result, host: str, began_s: float, settle: Settle) -> None:
        """Have `settle` called once with the result, now or when it is known whose fault it is.

        Args:
            result: of a probe, judged by link and routes already.
            host: the target's, as it was written.
            began_s: when the probe began, on the loop's clock.
            settle: takes the result in.
        """
        if result.side is Side.OURS:
            settle(result)
            return
        if not is_silent(result):
            settle(result)
            if (self.reason or self._held) and self._hop(result, host):
                self._hear(began_s, reach(result))
            return
        hop = self._hop(result, host)
        if not hop:
            settle(result)
        elif self.reason and wanting(result) >= self._lost:
            settle(self._ours(result))
        else:
            self._hear(began_s, reach(result))
            self._hold(hop, host, result, settle)

    def _hop(self, result: Result, host: str) -> str:
        """What our line to the target begins with; empty for a neighbour, who answers without it."""
        place = result.address or host
        return "" if is_loopback(place) else self._network.next_hop(result.address or "")

    def look(self) -> None:
        """Now and then, while our line is down: is it back?"""
        if not self.reason or self._loop.time() - self._lost_s < AGAIN_S:
            return
        self._lost_s = self._loop.time()
        self._call((), Reach.NOTHING)
        gateway, silences = self._seen_by
        if self._ground is _Ground.GATEWAY:
            self._gateway.test(gateway, lambda answers: self._gateway_said(gateway, answers=answers))
        elif self._ground is _Ground.PROOF and not self._proving:
            self._look_at_line(gateway, silences)

    def forget(self) -> None:
        """Everything is probed anew: what is held says nothing any more."""
        self._release(self._held)

    def close(self) -> None:
        """Free its descriptors; nobody is told any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._gateway.close()

    def _hear(self, began_s: float, far: Reach) -> None:
        if far is Reach.NOTHING:
            return
        self._heard_s = max(self._heard_s, began_s)
        if self.reason and began_s > self._lost_s and far >= self._lost:
            self._tell("")
        if self._held:
            self._release([held for held in self._held if held.known_s <= began_s and far >= wanting(held.result)])

    def _hold(self, gateway: str, host: str, result: Result, settle: Settle) -> None:
        now_s = self._loop.time()
        mine = Held(network_of(result.address or host), result, now_s, now_s, settle)
        self._held.append(mine)
        if is_gateway(gateway) and any(seen.id == NO_NEIGHBOUR for seen in result.evidence):
            self._lose(gateway, _gone(gateway), Reach.CONNECTED, _Ground.GATEWAY)
        elif not self._conclude(gateway):
            patience_s = max(self._call({held.place for held in self._held}, wanting(result)) + _MARGIN_S, TEST_S)
            self._held = [held._replace(due_s=now_s + patience_s) if held is mine else held for held in self._held]
            if is_gateway(gateway):
                self._gateway.test(gateway, lambda answers: self._gateway_said(gateway, answers=answers))
            self._wait()

    def _wait(self) -> None:
        """Until the first of them has waited long enough."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._held and not self._proving:
            self._timer = self._loop.call_at(min(held.due_s for held in self._held), self._time_up)

    def _time_up(self) -> None:
        """Nobody has spoken, for or against."""
        self._timer = None
        hops = (self._network.next_hop(held.result.address or "") for held in self._held)
        gateway = next(filter(None, hops), "")
        if gateway:
            self._look_at_line(gateway, list(self._held))
        else:
            self._release_due("")

    def _look_at_line(self, gateway: str, silences: Sequence[Held]) -> None:
        began_s = self._loop.time()
        self._proving = True
        self._prove(gateway, silences, lambda reason: self._looked_at(gateway, silences, began_s, reason))

    def _looked_at(self, gateway: str, silences: Sequence[Held], began_s: float, reason: str | None) -> None:
        self._proving = False
        if reason and self._heard_s < began_s and (self._held or self.reason):
            self._lose(gateway, reason, Reach.CONNECTED, _Ground.PROOF, silences)
            return
        if self.reason and self._ground is _Ground.PROOF:
            self._tell("")
        lonely = reason is None and len({held.place for held in silences}) == 1
        self._release_due("nobody else could be asked whether this machine's own line is well" if lonely else "")

    def _release_due(self, caveat: str) -> None:
        now_s = self._loop.time()
        self._release([held for held in self._held if held.due_s <= now_s], caveat)
        self._wait()

    def _gateway_said(self, gateway: str, *, answers: bool | None) -> None:
        if answers is False and (self._held or self.reason):
            self._lose(gateway, _gone(gateway), Reach.CONNECTED, _Ground.GATEWAY)
        elif answers is not False and self.reason and self._ground is _Ground.GATEWAY:
            self._tell("")

    def _conclude(self, gateway: str) -> bool:
        silent = {held.place for held in self._held if held.result.failure is not Failure.PARTIAL}
        if len(silent) < QUORUM:
            return False
        least = min(wanting(held.result) for held in self._held)
        if least is Reach.CONNECTED:
            beyond = f"nothing beyond {named(gateway)} answers, in {len(silent)} networks"
        else:
            beyond = f"connections beyond {named(gateway)} stand and carry nothing, in {len(silent)} networks"
        self._lose(gateway, f"{beyond}: this machine's line is down, or all of them are", least, _Ground.SILENCE)
        return True

    def _lose(
        self, gateway: str, reason: str, least: Reach, ground: _Ground, seen: Sequence[Held] = ()
    ) -> None:  # fmt: skip
        self._lost_s, self._lost, self._ground, self._seen_by = self._loop.time(), least, ground, (gateway, seen)
        self._tell(reason)
        self._release([held for held in self._held if wanting(held.result) >= least])

    def _tell(self, reason: str) -> None:
        if reason == self.reason:
            return
        self.reason = reason
        self._network.line_is_down = bool(reason)
        self._changed(reason)

    def _release(self, some: Collection[Held], caveat: str = "") -> None:
        """Settle these; whoever is told may bring us the next."""
        gone = {id(held) for held in some}
        released, self._held = list(some), [held for held in self._held if id(held) not in gone]
        self._wait()
        for held in released:
            if self.reason and wanting(held.result) >= self._lost:
                held.settle(self._ours(held.result))
            else:
                held.settle(_with_caveat(held.result, caveat))

    def _ours(self, result: Result) -> Result:
        detail = f"{self.reason}; what was seen: {result.detail}"
        return msgspec.structs.replace(
            result, failure=Failure.WATCHER_OFFLINE, phase=None, detail=detail, severity=None
        )


def _with_caveat(result: Result, caveat: str) -> Result:
    if not caveat or result.phase is None:
        return result
    fact = Evidence("line_not_seen", result.phase, None, caveat)
    return msgspec.structs.replace(result, evidence=(*result.evidence, fact))


def _gone(gateway: str) -> str:
    return f"{named(gateway)} does not answer: this machine is cut off"


def network_of(place: str) -> str:
    """What is likely to fail together: a /24 of IPv4, a /48 of IPv6, the domain of a name without an address."""
    try:
        address = ipaddress.ip_address(place.partition("%")[0])
    except ValueError:
        return ".".join(place.rsplit(".", 2)[-2:])
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False))
