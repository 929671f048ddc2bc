"""What goes wrong on the watcher's side, as data: how it is brought about, who is touched, what must be said."""

from collections.abc import Callable
from typing import NamedTuple

from falsealarms import engine_situations as engine
from falsealarms.world import FAR, GATEWAY, NAMES, PLACES, PORT, RESOLVER, TALK_PORT, TLS_PORT, World

UNROUTED = ("192.0.2.1",)


class Situation(NamedTuple):
    """One row; `World.heal` undoes what is done to the line."""

    name: str
    inject: Callable[[World], object]
    said: str = ""
    """Pattern of what a notice or a row says; empty where nothing is wrong that a person should hear of."""
    touched: tuple[str, ...] = ()
    """Whose status becomes unknown; all others stay up."""
    confirmations: int = 1
    """After how many failures in a row a target is believed to be down: 1 leaves no chance to be wrong once."""
    service: str = "far"
    """What is monitored (`world.SERVICES`)."""
    places: tuple[str, ...] = PLACES
    """And where."""


def lose_first(world: World, mine: str, far: str, flags: str) -> None:
    """Of every connection the first such packet; the same one sent again gets through."""
    other = "sport" if mine == "dport" else "dport"
    flow = f"ip {far} . tcp {other}"
    world.router.nft(
        "table inet f { set seen { type ipv4_addr . inet_service; flags dynamic; size 65536; }\n"
        f"chain c {{ type filter hook forward priority 0; tcp {mine} {PORT} tcp flags & (syn | ack) == {flags} "
        f"{flow} != @seen add @seen {{ {flow} }} drop; }}\n}}"
    )


def flap(world: World, *down_up: str) -> None:
    for _ in range(2):
        for line in down_up:
            world.watcher.ip(line)


LINE = (
    Situation("cable out", lambda w: w.watcher.ip(f"link set {w.wan} down"), "this machine has no network", PLACES),
    Situation(
        "no carrier: switch or modem dead",
        lambda w: w.router.ip(f"link set {w.lan} down"),
        "this machine has no network",
        PLACES,
    ),
    Situation("default route gone", lambda w: w.watcher.ip("route del default"), "this machine has no network", PLACES),
    Situation("default route flaps", lambda w: flap(w, "route del default", f"route add default via {GATEWAY}")),
    Situation(
        "cable flaps",
        lambda w: flap(w, f"link set {w.wan} down", f"link set {w.wan} up", f"route replace default via {GATEWAY}"),
    ),
    Situation(
        "own address gone", lambda w: w.watcher.ip(f"address flush dev {w.wan}"), "this machine has no network", PLACES
    ),
    Situation("gateway dead", lambda w: dead_gateway(w, warm=False), f"gateway {GATEWAY} does not answer", PLACES),
    Situation(
        "gateway dead, its address still known",
        lambda w: dead_gateway(w, warm=True),
        f"nothing beyond the gateway {GATEWAY} answers",
        PLACES,
    ),
    Situation(
        "provider's line dead behind the gateway",
        lambda w: w.filter(w.router, "forward", "drop"),
        f"nothing beyond the gateway {GATEWAY} answers",
        PLACES,
    ),
    Situation(
        "gateway has no route to anywhere",
        lambda w: w.filter(w.router, "forward", "reject with icmpx no-route"),
        f"nothing beyond the gateway {GATEWAY} answers",
        PLACES,
    ),
    Situation(
        "gateway prohibits everything",
        lambda w: w.filter(w.router, "forward", "reject with icmpx admin-prohibited"),
        f"nothing beyond the gateway {GATEWAY} answers",
        PLACES,
    ),
    Situation(
        "all goes into a tunnel that is dead",
        lambda w: w.tunnel("route replace default dev tun9"),
        "nothing beyond the interface tun9 answers",
        PLACES,
    ),
    Situation(
        "a tunnel takes half of everything, and is dead",
        lambda w: w.tunnel("route add 0.0.0.0/1 dev tun9\nroute add 128.0.0.0/1 dev tun9"),
        "nothing beyond the interface tun9 answers",
        PLACES,
    ),
    Situation(
        "own queue is full",
        lambda w: w.queue("pfifo limit 0"),
        "none got out",
        PLACES,
    ),
    Situation(
        "the first SYN of every connection lost", lambda w: lose_first(w, "dport", "daddr", "syn"), confirmations=3
    ),
    Situation(
        "the first answer to every SYN lost", lambda w: lose_first(w, "sport", "saddr", "(syn | ack)"), confirmations=3
    ),
    Situation(
        "30 % packet loss", lambda w: w.filter(w.router, "forward", "numgen random mod 100 < 30 drop"), confirmations=3
    ),
)

CONVERSATIONS = (
    Situation(
        "line dies behind every connection",
        lambda w: w.filter(w.router, "forward", f"tcp dport {TALK_PORT} tcp flags & syn == 0 drop"),
        f"connections beyond the gateway {GATEWAY} stand and carry nothing",
        PLACES,
        service="talk",
    ),
    Situation(
        "line loses large packets",
        lambda w: w.filter(w.router, "forward", f"tcp sport {TLS_PORT} meta length > 600 drop"),
        f"connections beyond the gateway {GATEWAY} stand and carry nothing",
        PLACES,
        service="vault",
    ),
)
_TWO, _ONE_AND_NAME = FAR[:2], (FAR[0], "www.alpha.test")
FEW = (
    Situation(
        "provider's line dead, two networks monitored, no name server beyond",
        lambda w: (w.resolv(f"nameserver {GATEWAY}\n"), w.filter(w.router, "forward", "drop")),
        f"what is sent to 2 networks ends at the gateway {GATEWAY}",
        _TWO,
        places=_TWO,
    ),
    Situation(
        "gateway has no route to anywhere, two networks monitored",
        lambda w: (w.resolv(f"nameserver {GATEWAY}\n"), w.filter(w.router, "forward", "reject with icmpx no-route")),
        f"what is sent to 2 networks ends at the gateway {GATEWAY}",
        _TWO,
        places=_TWO,
    ),
    Situation(
        "provider's line dead, one network and a name monitored",
        lambda w: w.filter(w.router, "forward", "drop"),
        f"nor the name server {RESOLVER} answers",
        _ONE_AND_NAME,
        places=_ONE_AND_NAME,
    ),
    Situation(
        "line dies behind every connection, two networks monitored",
        lambda w: (
            w.filter(w.router, "forward", f"tcp dport {TALK_PORT} tcp flags & syn == 0 drop"),
            w.filter(w.host, "input", "drop"),
        ),
        f"nor the name server {RESOLVER} answers",
        _ONE_AND_NAME,
        service="talk",
        places=_ONE_AND_NAME,
    ),
)


def dead_gateway(world: World, *, warm: bool) -> None:
    world.router.nft(
        f"table netdev f {{ chain c {{ type filter hook ingress device {world.lan} priority 0; drop; }}; }}"
    )
    if not warm:
        world.watcher.ip("neigh flush all")


FILTER = (
    Situation(
        "own connection tracking takes nobody new",
        lambda w: w.filter(w.watcher, "output", "ct state new drop"),
        "own output filter drops",
        PLACES,
    ),
    Situation(
        "own firewall drops all output", lambda w: w.filter(w.watcher, "output", "drop"), "own output filter drops", FAR
    ),
    Situation(
        "own firewall drops that port",
        lambda w: w.filter(w.watcher, "output", f"tcp dport {PORT} drop"),
        "own output filter drops",
        PLACES,
    ),
    Situation(
        "own firewall rejects",
        lambda w: w.filter(w.watcher, "output", f"tcp dport {PORT} reject"),
        "this machine's own firewall rejects",
        PLACES,
    ),
    Situation(
        "own firewall drops all input",
        lambda w: w.filter(w.watcher, "input", "drop"),
        f"nothing beyond the gateway {GATEWAY} answers",
        PLACES,
    ),
    *(
        Situation(
            f"{kind} route to one target",
            lambda w, kind=kind: w.watcher.ip(f"route add {kind} 192.0.2.0/24"),
            said,
            UNROUTED,
        )
        for kind, said in (
            ("blackhole", "a blackhole route of this machine swallows"),
            ("prohibit", "a prohibit route of this machine forbids"),
            ("unreachable", "an unreachable route of this machine"),
        )
    ),
    Situation(
        "blackhole instead of the default route",
        lambda w: (w.watcher.ip("route del default"), w.watcher.ip("route add blackhole default")),
        "this machine has no network",
        PLACES,
    ),
)

NAMED = tuple(NAMES)
DNS = (
    *(
        Situation(f"resolver {mood}", lambda w, mood=mood: w.mood.write_text(mood), said, NAMED)
        for mood, said in (
            ("silent", f"{RESOLVER} answers no question"),
            ("refused", f"{RESOLVER} answers no question.*REFUSED"),
            ("servfail", f"{RESOLVER} answers no question.*SERVFAIL"),
            ("garbage", f"{RESOLVER} answers no question"),
            ("nxdomain", f"{RESOLVER} answers no question.*NXDOMAIN"),
            ("portal", f"{RESOLVER} answers 198.18.9.9 for every name"),
            ("empty", f"{RESOLVER} answers no question.*no record"),
        )
    ),
    Situation(
        "resolver dead",
        lambda w: w.filter(w.host, "input", "udp dport 53 reject"),
        f"{RESOLVER} answers no question",
        NAMED,
    ),
    Situation("resolv.conf empty", lambda w: w.resolv(""), "127.0.0.1 answers no question", NAMED),
    Situation(
        "resolv.conf garbage", lambda w: w.resolv("\x00\xffnameserver me\n"), "127.0.0.1 answers no question", NAMED
    ),
    Situation(
        "resolv.conf names a machine that is gone",
        lambda w: w.resolv("nameserver 10.77.1.99\n"),
        "10.77.1.99 answers no question",
        NAMED,
    ),
)

ENGINE = (
    Situation("out of descriptors", engine.take_descriptors, "Too many open files on this machine", PLACES),
    Situation("out of source ports", engine.take_ports, "Cannot assign requested address on this machine", PLACES),
    Situation("no processor for 6 s", lambda w: engine.stop_for(w, 6.0), "the engine stood still for [67] s"),
    Situation("processor comes and goes for 10 s", lambda w: engine.starve_for(w, 10.0)),
    Situation("no processor for 2 s", lambda w: engine.stop_for(w, 2.0)),
    Situation("a screen that never reads", lambda w: engine.attach_deaf(w, 1)),
    Situation("50 screens, 25 of which never read", lambda w: engine.attach_deaf(w, 50)),
    Situation("journal's disk full", engine.fill_disk, "full"),
    Situation("journal deleted", engine.lose_journal),
    Situation("monitors.toml gone", engine.lose_fleet, "monitors.toml.* is gone"),
    Situation("monitors.toml half written", engine.half_write_fleet, "monitors.toml:.*the last good set goes on"),
    Situation("engine killed in the midst of its probes", engine.kill_engine),
    Situation("a second engine is started", engine.start_second_engine),
    Situation("hosts file edited", engine.edit_hosts),
    Situation("a target with an IPv6 address, no IPv6 here", lambda _: None),
)

CLOCK = (
    *(
        Situation(
            f"clock shows {name}",
            lambda w, days=days: w.set_clock(days),
            f"this machine's clock (is|may be) wrong.*({said})",
            PLACES,
            service="vault",
        )
        for name, days, said in (
            ("the year after next", 500, "would have expired|was set by"),
            ("the month before last", -50, "this program is younger"),
            ("1990", -13_400, "this program is younger"),
        )
    ),
    Situation(
        "clock is ahead when the engine starts",
        lambda w: (w.set_clock(500), engine.kill_engine(w)),
        "this machine's clock is wrong.*would have expired",
        PLACES,
        service="vault",
    ),
    Situation("clock jumps by a year, nothing depends on it", lambda w: w.set_clock(400), "the clock jumped by"),
)

SITUATIONS = (*LINE, *CONVERSATIONS, *FEW, *FILTER, *DNS, *CLOCK, *ENGINE)
