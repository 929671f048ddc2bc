"""The lab: all servers of the fleet in one process, their home written, their scripts played.

`python -m uptime_tui.lab.run --home DIR [--static] [--temporary]` prints `ready DIR` and ends when its standard input
does, so that it cannot outlive who started it.
"""

import argparse
import asyncio
import contextlib
import datetime as dt
import logging
import os
import random
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Self

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.lab.authority import Authority
from uptime_tui.lab.door import Door
from uptime_tui.lab.fleet import Entry, read_fleet, server, states_of
from uptime_tui.lab.home import remove_home, write_home
from uptime_tui.lab.visit import Role
from uptime_tui.lab.zone import STATES as NAME_STATES
from uptime_tui.lab.zone import Zone
from uptime_tui.model.secret import Credentials, Secret

DNS_PORT: Final = 8053
_USUAL_NETWORK: Final = "127.57.0"
_FIRST_SPARE: Final = 150
"""The last number of addresses beyond the first of a host begins after it."""
_CLAIM: Final = "\0uptime-tui-lab"
"""Abstract unix socket (unix(7)): who holds it has the usual network, so that addresses are the same every time."""


class Lab:
    """The servers of a fleet on this machine's loopback.

    Args:
        home: folder for `config.toml`, `monitors.toml` and the CA's certificate.
        static: no script is played; only `set_state` changes anything.
        entries: another fleet than the built-in one.
    """

    def __init__(self, home: Path, *, static: bool = False, entries: Sequence[Entry] | None = None) -> None:
        self.home = home
        self.static = static
        self.entries = tuple(read_fleet() if entries is None else entries)
        self.zone = Zone()
        self.authority = Authority(dt.datetime.now(dt.UTC))
        self.ports: dict[str, int] = {}
        """Monitor's name to port."""
        self._catalogue = load_catalogue()
        self._doors: dict[str, Door] = {}
        self._twins: list[Door] = []
        """Further servers of a host: up whatever the first one's state."""
        self._spare = _FIRST_SPARE
        self._by_name = {entry.name: entry for entry in self.entries}
        self._claim: socket.socket | None = None
        self._network = ""
        self._scripts: asyncio.Task[None] | None = None

    @property
    def nameserver(self) -> str:
        """`address:port` of the lab's name server."""
        return f"{self._network}.1:{self.zone.port}"

    async def start(self) -> None:
        """Open every door, set the first states, write the home, and begin the scripts."""
        self._network, self._claim = _claim_network()
        await self.zone.open(f"{self._network}.1", DNS_PORT)
        hosts = list(dict.fromkeys(entry.host for entry in self.entries))
        for number, host in enumerate(hosts, start=10):
            self.zone.addresses[host] = (f"{self._network}.{number}",)
        for entry in self.entries:
            await self._open(entry)
            await self.set_state(entry.name, entry.state)
        categories = {entry.name: self._category(entry) for entry in self.entries}
        order = {name: place for place, name in enumerate(self._catalogue.categories)}
        write_home(
            self.home,
            self.entries,
            ports=self.ports,
            categories=dict(sorted(categories.items(), key=lambda item: order.get(item[1], len(order)))),
            nameserver=self.nameserver,
            ca_pem=self.authority.ca_pem(),
            private_pem=self.authority.private_pem(),
        )
        if not self.static:
            self._scripts = asyncio.create_task(self._play())

    async def stop(self) -> None:
        """End the scripts and close every door."""
        if self._scripts is not None:
            self._scripts.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._scripts
        for door in (*self._doors.values(), *self._twins):
            door.close()
        self.zone.close()
        if self._claim is not None:
            self._claim.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def set_state(self, name: str, state: str) -> None:
        """Put the server of that monitor into a state.

        Raises:
            KeyError: no monitor has that name.
            ValueError: its server knows no such state.
        """
        entry = self._by_name[name]
        known = states_of(entry.kind, self._catalogue.get(entry.service).tls)
        if state not in known:
            raise ValueError(f"{name} ({entry.kind}) knows no state {state!r}, only {', '.join(sorted(known))}")
        self.zone.states[entry.host] = state if state in NAME_STATES else ""
        door = self._doors.get(name)
        if door is not None:
            await door.change("up" if state in NAME_STATES else state)

    def target(self, name: str) -> str:
        """The target of that monitor, with its port."""
        entry = self._by_name[name]
        return f"{entry.service}://{entry.host}:{self.ports[name]}{entry.path}"

    async def _open(self, entry: Entry) -> None:
        if entry.kind == "none":
            self.ports[entry.name] = entry.port
            return
        tls = self._catalogue.get(entry.service).tls
        serve: Callable[..., object] = server(entry.kind).serve
        address = self.zone.addresses[entry.host][0]
        login = Credentials(Secret(entry.password), entry.user).basic() if entry.user else ""
        role = Role(entry.name, entry.host, entry.port, entry.service, tls, entry.body, entry.moved_to, login)
        chance = random.Random(entry.name)
        door = Door(role, serve, self.authority.context, delay_s=entry.delay_ms / 1000, chance=chance)  # type: ignore[arg-type]
        self._doors[entry.name] = door
        port = self.ports[entry.name] = await door.open(address, entry.port)
        for backend in entry.backends:
            self._spare += 1
            further = "::1" if backend == "ipv6" else f"{self._network}.{self._spare}"
            self.zone.addresses[entry.host] += (further,)
            if backend == "up":
                twin = Door(role, serve, self.authority.context, delay_s=entry.delay_ms / 1000, chance=chance)  # type: ignore[arg-type]
                self._twins.append(twin)
                await twin.open(further, port)

    def _category(self, entry: Entry) -> str:
        return entry.category or self._catalogue.get(entry.service).category

    async def _play(self) -> None:
        """Every script, by the loop's clock."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        shown = {entry.name: entry.state for entry in self.entries if entry.script}
        while True:
            elapsed_s = loop.time() - began_s
            for name, state in shown.items():
                wanted = self._by_name[name].state_at(elapsed_s)
                if wanted != state:
                    await self.set_state(name, wanted)
                    shown[name] = wanted
            due = [self._by_name[name].next_change_s(elapsed_s) for name in shown]
            next_s = min((each for each in due if each is not None), default=None)
            if next_s is None:
                return
            await asyncio.sleep(began_s + next_s - loop.time())


def _claim_network() -> tuple[str, socket.socket]:
    """The first three numbers of the lab's addresses; a second lab at the same time gets others."""
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        claim.bind(_CLAIM)
    except OSError:
        return f"127.{random.randint(64, 250)}.{random.randint(1, 250)}", claim
    return _USUAL_NETWORK, claim


async def run_lab(home: Path, *, static: bool = False) -> None:
    """Run the lab until standard input ends or a signal asks for it; prints `ready DIR` once all is in place."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    threading.Thread(target=_watch_input, args=(loop, ended), daemon=True).start()
    async with Lab(home, static=static):
        sys.stdout.write(f"ready {home}\n")
        sys.stdout.flush()
        await ended.wait()


def _watch_input(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    """Wait for the end of input in a thread: a terminal, a pipe and /dev/null are alike to it."""
    with contextlib.suppress(OSError, RuntimeError):
        while os.read(0, 4096):
            continue
    with contextlib.suppress(RuntimeError):  # the loop is closed already
        loop.call_soon_threadsafe(ended.set)


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m uptime_tui.lab.run`."""
    parser = argparse.ArgumentParser(prog="python -m uptime_tui.lab.run", description="Run the lab until input ends.")
    parser.add_argument("--home", type=Path, required=True, help="folder for the lab's configuration")
    parser.add_argument("--static", action="store_true", help="play no scripts")
    parser.add_argument("--temporary", action="store_true", help="remove the folder at the end")
    options = parser.parse_args(arguments)
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # its remarks about visitors who leave early are no news
    try:
        asyncio.run(run_lab(options.home, static=options.static))
    finally:
        if options.temporary:
            remove_home(options.home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
