"""Makes each fault, has it explained from the watcher, undoes it, and says how well it was explained."""

import json
import queue
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import tomli_w

from faults.engine import explain_by_engine
from faults.fault import DoorSpec, Fault
from faults.names import RESOLVER
from faults.site import Site, site
from faults.traffic import Traffic, start_counting, take
from uptime_tui.lab.door import Door

NAME = "the monitor"
LIMIT_S = 30


@dataclass(frozen=True)
class Told:
    """What the program said of a fault, and what it did for that."""

    fault: Fault
    probe: dict[str, Any] | None
    """As `check --json` has it; None where it was not asked."""
    diagnosis: dict[str, Any]
    """As `diagnose --json` has it."""
    probe_traffic: Traffic | None
    traffic: Traffic
    """Of the diagnosis, its own probe included."""

    @property
    def seen(self) -> tuple[str, str | None]:
        return self.diagnosis["status"], self.diagnosis["failure"]

    @property
    def right(self) -> bool:
        """Whether status and failure are."""
        wanted = self.fault.status, self.fault.failure
        said = [each for each in (self.probe, self.diagnosis) if each is not None]
        return all((each["status"], each["failure"]) == wanted for each in said)

    @property
    def causes(self) -> tuple[str, ...]:
        return tuple(cause["id"] for cause in self.diagnosis["causes"])

    @property
    def place(self) -> int:
        """The true cause's, 1 for the first; 0 where it is not among them."""
        return self.causes.index(self.fault.cause) + 1 if self.fault.cause in self.causes else 0

    @property
    def packets(self) -> int | None:
        """What the search for the cause sent, as the firewall counted it.

        Of an engine, whose probes go on meanwhile, as the search itself counted it (`undercounted` says whether such
        counts hold); None where neither is known.
        """
        if self.probe_traffic is None:
            return self.diagnosis.get("packets") if self.fault.engine else None
        return max(0, self.traffic.packets - self.probe_traffic.packets)

    @property
    def undercounted(self) -> int:
        """Packets that the firewall saw and the search did not count.

        Two probes differ in what they only acknowledge. The audit of a mail domain is on a bound of its own.
        """
        if self.probe_traffic is None or self.diagnosis.get("mail_domain"):
            return 0
        more_acks = max(0, self.traffic.acks - self.probe_traffic.acks)
        return max(0, (self.packets or 0) - more_acks - self.diagnosis.get("packets", 0))


def run_all(
    faults: Sequence[Fault],
    sites: int,
    show: Callable[[Told], None] = lambda _: None,
    *,
    alone: Callable[[Fault], bool] = lambda _: True,
) -> list[Told]:
    """Every fault, as many at once as there are sites, in the order given.

    Args:
        faults: what is made.
        sites: how many networks are built.
        show: gets each as soon as it is there.
        alone: for which ones `check` is asked as well, to tell the probe's own packets from the search's.
    """
    with ExitStack() as stack:
        free: queue.SimpleQueue[Site] = queue.SimpleQueue()
        for _ in range(sites):
            place = stack.enter_context(site())
            start_counting(place["watcher"])
            free.put(place)

        def one(fault: Fault) -> Told:
            place = free.get()
            try:
                told = explain(place, fault, check=alone(fault))
            finally:
                free.put(place)
            show(told)
            return told

        slow_first = sorted(
            faults, key=lambda fault: not fault.engine and fault.failure not in {"timeout", "dns_timeout"}
        )
        with ThreadPoolExecutor(sites) as pool:
            told = {each.fault.id: each for each in pool.map(one, slow_first)}
    return [told[fault.id] for fault in faults]


def explain(place: Site, fault: Fault, *, check: bool) -> Told:
    """Make it, probe, diagnose, undo it."""
    if fault.engine:
        with prepared(place, fault) as break_it:
            take(place["watcher"])
            return Told(fault, None, explain_by_engine(place, fault, break_it), None, take(place["watcher"]))
    probe = probe_traffic = None
    with made(place, fault):
        take(place["watcher"])
        if check:
            probe = _run(place, fault, "check")
            probe_traffic = take(place["watcher"])
        diagnosis = _run(place, fault, "diagnose")
        return Told(fault, probe, diagnosis, probe_traffic, take(place["watcher"]))


def _run(place: Site, fault: Fault, command: str) -> dict[str, Any]:
    words = [sys.executable, "-m", "uptime_tui", command, NAME, "--json", "--timeout", fault.patience]
    try:
        done = place["watcher"].run(
            *fault.command, *words, "--home", str(place.home), check=False, timeout=LIMIT_S, cwd=str(place.home)
        )
    except subprocess.TimeoutExpired:
        return _nothing(f"{command} took more than {LIMIT_S} s")
    return json.loads(done.stdout) if done.stdout else _nothing(done.stderr[-2000:])


def _nothing(detail: str) -> dict[str, Any]:
    return {"status": "nothing", "failure": None, "detail": detail, "evidence": [], "causes": []}


@contextmanager
def made(place: Site, fault: Fault) -> Iterator[None]:
    """The fault is there until the block ends."""
    with prepared(place, fault) as break_it:
        break_it()
        yield


@contextmanager
def prepared(place: Site, fault: Fault) -> Iterator[Callable[[], None]]:
    """The servers are there and well; what it gives makes the fault, which lasts until the block ends."""
    with ExitStack() as undo:
        _write_monitor(place, fault)
        doors = []
        for spec in fault.doors:
            doors.append((place.open_door(spec, fault.host), spec))
            undo.callback(place.close_door, doors[-1][0], spec.machine)
        undo.callback(_forget, place)
        if not fault.well:
            _change(place, doors)
        yield lambda: _break(place, fault, doors, undo)


def _change(place: Site, doors: Sequence[tuple[Door, DoorSpec]]) -> None:
    for door, spec in doors:
        if spec.state != door.state:
            place.change_door(door, spec)


def _break(place: Site, fault: Fault, doors: Sequence[tuple[Door, DoorSpec]], undo: ExitStack) -> None:
    _change(place, doors)
    if fault.stale:
        place.make_late_record(fault.host)
        undo.callback(place.take_late_record)
    if fault.resolver:
        place.resolve_by(*fault.resolver)
        undo.callback(place.resolve_by, RESOLVER)
    for hook, rule in fault.rules.items():
        machine, _, name = hook.partition(".")
        place[machine].nft(_table(name, rule))
        undo.callback(place[machine].nft, f"delete table inet fault_{name}")
    for machine, commands in fault.undo.items():
        undo.callback(place[machine].ip, _ends(place, machine, commands))
    for machine, commands in fault.ip.items():
        place[machine].ip(_ends(place, machine, commands))
    for setting in fault.sysctl_back:
        undo.callback(place["watcher"].sysctl, setting)
    place["watcher"].sysctl(*fault.sysctl)
    for sock in [_hold(place, fault) for _ in range(fault.hold)]:
        undo.callback(sock.close)


def _table(hook: str, rule: str) -> str:
    return f"table inet fault_{hook} {{ chain c {{ type filter hook {hook} priority 0; {rule}; }}; }}"


def _ends(place: Site, machine: str, commands: str) -> str:
    for cable, end in place.ends.items():
        owner, _, neighbour = cable.partition("-")
        if owner == machine:
            commands = commands.replace(f"{{end:{neighbour}}}", end)
    return commands


def _write_monitor(place: Site, fault: Fault) -> None:
    monitor: dict[str, Any] = {"name": NAME, "target": fault.target, "purpose": "broken on purpose"}
    for key in ("expect", "request", "login"):
        if getattr(fault, key):
            monitor[key] = getattr(fault, key)
    path = place.home / "monitors.toml"
    path.write_text(tomli_w.dumps({"monitor": [monitor]}))
    path.chmod(0o600)


def _hold(place: Site, fault: Fault) -> socket.socket:
    return place["watcher"].call(socket.create_connection, (fault.target.partition("://")[2], 80), timeout=5)


def _forget(place: Site) -> None:
    """What the kernels have learnt from the fault: neighbours that do not answer, routes of an ICMP message."""
    for machine in place.machines.values():
        machine.ip("neigh flush all\nroute flush cache")
