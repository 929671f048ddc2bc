"""How one conversation is held: what the handshake is told, and what must not be said at all."""

import functools
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final, NamedTuple

from uptime_tui import __version__
from uptime_tui.dial.direct import machine_name, source_address
from uptime_tui.dial.drive import Driver
from uptime_tui.dial.tls import TlsSetup
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.outcome import Rest
from uptime_tui.model.redirect import MACHINE, depth, leads_inside
from uptime_tui.model.secret import Credentials
from uptime_tui.model.steps import Ask, Handshake
from uptime_tui.vantage.base import Leg, Plan

SELF_MADE: Final = frozenset({Failure.TLS_SELF_SIGNED, Failure.TLS_UNTRUSTED})
"""What panels usually have; tolerated where the service says so."""
_NONE_TOLERATED: Final[frozenset[Failure]] = frozenset()
_NOISE_BYTES: Final = 64
_USER_AGENT: Final = f"uptime-tui/{__version__}"


class Speech(NamedTuple):
    """What a module of `handshakes` offers, looked up once."""

    handshake: Callable[[Ask], Handshake]
    speaks_first: bool
    """The server says something before we do."""
    farewell: Callable[[Ask], Handshake] | None
    caution: Callable[[Ask], Rest] | None
    needs_noise: bool
    """Random bytes are to be told with the rest."""


class Refusal(NamedTuple):
    """Why no connection is made."""

    failure: Failure
    phase: Phase | None
    detail: str


def refusal(leg: Leg, plan: Plan, addresses: Sequence[str]) -> Refusal | None:
    """Why these addresses are not spoken to, before anything was sent; None when they are."""
    monitor = plan.monitor
    if leg.sender and not monitor.request.allow_private_redirect:
        inner = [address for address in addresses if leads_inside(leg.sender, address)]
        if inner:
            kind = ("", "a private address", "a link-local address", "this machine")[depth(inner[0])]
            todo = "allow_private_redirect = true if that is right"
            host = monitor.target.host
            where = kind if host == inner[0] else f"{inner[0]}, {kind}"
            detail = f"{host} is {where}, to which a server elsewhere has no say: {todo}"
            return Refusal(Failure.REDIRECT, Phase.CONTENT, detail)
    if leg.login is None or monitor.login.is_key:
        return None  # a private key is never sent, only used
    if monitor.login.allow_plaintext_auth or all(depth(a) == MACHINE for a in addresses):
        return None
    todo = "or write allow_plaintext_auth = true in login"
    if plan.service.tls == "none":
        detail = f"the login is not sent without TLS: use a target with TLS, {todo}"
        return Refusal(Failure.VANTAGE_POLICY, None, detail)
    if not monitor.expect.tls_verify:
        detail = f"the login is not sent to a server whose certificate is not judged: set tls_verify = true, {todo}"
        return Refusal(Failure.VANTAGE_POLICY, None, detail)
    return None


def conversation(plan: Plan, address: str, leg: Leg | None, wall_s: float, ca_file: str | None) -> Driver | None:
    """The driver for this service; None where a bare connect is all there is to see.

    Args:
        plan: monitor and service.
        address: what is connected to.
        leg: of a probe with several conversations, or with a login.
        wall_s: Unix time at which certificates are judged.
        ca_file: more trust anchors, a PEM file.
    """
    service, monitor = plan.service, plan.monitor
    expect, login = monitor.expect, None if leg is None else leg.login
    speech, ask = asking(plan, address, login)
    if expect.closed and speech.caution is None:
        return None  # that it accepts is all there is to see; a conversation that must not be broken off is held
    tls = None
    if service.tls != "none":
        # no login goes to a server whose certificate has failed, whatever is tolerated without one
        tolerate = SELF_MADE if service.self_signed_ok and login is None else _NONE_TOLERATED
        tls = TlsSetup(
            server_name=expect.tls_name or ask.host, verify=expect.tls_verify, warn_days=expect.tls_warn_days,
            wall_s=wall_s, implicit=service.tls == "implicit", ca_file=expect.tls_ca_file or ca_file,
            only_ca_file=bool(expect.tls_ca_file), tolerate=tolerate, peer=f"{address} {ask.port}",
            pins=expect.tls_pins, least=expect.tls_least,
        )  # fmt: skip
    greeting_s = service.greeting_timeout_s if speech.speaks_first else None
    farewell = None if speech.farewell is None else functools.partial(speech.farewell, ask)
    caution = None if speech.caution is None else speech.caution(ask)
    return Driver(speech.handshake(ask), tls=tls, greeting_timeout_s=greeting_s, farewell=farewell, caution=caution)


def asking(plan: Plan, address: str, login: Credentials | None = None) -> tuple[Speech, Ask]:
    """How the service is spoken to, and what its handshake is told."""
    service, monitor = plan.service, plan.monitor
    target, speech = monitor.target, _speech(service.handshake)
    ask = Ask(
        host=target.host, port=target.port, service=service.name, expect=monitor.expect, tls=service.tls,
        path=target.path, status=service.status, user_agent=_USER_AGENT,
        our_name=_our_name(address, target.port) if service.handshake == "smtp" else "[127.0.0.1]",
        request=monitor.request, login=login, user=monitor.login.user,
        noise=os.urandom(_NOISE_BYTES) if speech.needs_noise else b"",
    )  # fmt: skip
    return speech, ask


@functools.cache
def _speech(name: str) -> Speech:
    """What the module of that name offers; it is imported at first use."""
    module: Any = import_module(f"uptime_tui.handshakes.{name}")
    return Speech(
        module.handshake, module.SERVER_SPEAKS_FIRST, getattr(module, "farewell", None),
        getattr(module, "caution", None), getattr(module, "NEEDS_NOISE", False),
    )  # fmt: skip


def _our_name(peer: str, port: int) -> str:
    """What EHLO says: our full name, else the address literal of our side (RFC 5321 §4.1.4)."""
    name = machine_name()
    if "." in name and not name.endswith((".localdomain", ".local")):
        return name
    address = source_address(peer, port) or "127.0.0.1"
    return f"[IPv6:{address.partition('%')[0]}]" if ":" in address else f"[{address}]"
