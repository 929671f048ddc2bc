"""An engine of a scripted fleet: speaks the wire protocol on the home's socket, remembers what it was asked."""

import asyncio
import fcntl
import os
import random
import threading
import time

import msgspec

from support.fleets import monitor, row
from uptime_tui.config.paths import find_home, make_folders
from uptime_tui.engine.bus import VITALS_S
from uptime_tui.model.failure import Failure, Status
from uptime_tui.model.result import Result, Timings
from uptime_tui.model.units import MonitorId
from uptime_tui.wire.framing import Decoder, encode
from uptime_tui.wire.messages import (
    PROTOCOL,
    Add,
    AskTable,
    Changes,
    ClientMessage,
    Delete,
    Edit,
    FleetState,
    Focus,
    Focused,
    Goodbye,
    Hello,
    Notice,
    Pause,
    Recheck,
    Reply,
    Trial,
    TryTarget,
    Undo,
    Vitals,
    Welcome,
)

CATEGORIES = ("web", "email", "database", "remote access", "cache/queue/search", "panel")
SERVICES = {"web": ("https", 443), "email": ("smtp", 25), "database": ("postgresql", 5432), "remote access": ("ssh", 22),
            "cache/queue/search": ("redis", 6379), "panel": ("cpanel", 2083)}  # fmt: skip


def make_fleet(count, *, down=3, degraded=5, now_ms=None):
    """Monitors and rows of a small hosting company, always the same."""
    now_ms = now_ms or int(time.time() * 1000)
    chance = random.Random(7)
    monitors, rows = [], []
    for number in range(1, count + 1):
        category = CATEGORIES[number % len(CATEGORIES)]
        service, port = SERVICES[category]
        monitors.append(
            monitor(
                number, f"{service}-{number:04}", category=category, target=(service, f"h{number}.example.net", port)
            )
        )
        trend = bytes(chance.randint(60, 140) for _ in range(30))
        fields = {"since_ms": now_ms - chance.randint(5, 5000) * 60_000, "latency_ms": chance.uniform(2, 90), "trend": trend,
                  "last_ms": now_ms - 3000, "cert_not_after": now_ms // 1000 + 86400 * 40 if service == "https" else None}  # fmt: skip
        if number <= down:
            fields |= {"failure": Failure.REFUSED, "detail": "connection refused", "trend": trend[:-4] + bytes(4)}
            rows.append(row(number, "down", **fields))
        elif number <= down + degraded:
            fields |= {"failure": Failure.TOO_SLOW, "detail": "812 ms, more than 500 ms"}
            rows.append(row(number, "degraded", **fields))
        else:
            rows.append(row(number, "up", **fields))
    return monitors, rows


class FakeEngine:
    """Runs in a thread of its own; its methods may be called from any thread.

    Holds the engine's lock, so that a client whose engine has gone does not start a real one.
    """

    def __init__(self, folder, monitors=(), rows=(), *, banner="", reply=None):
        self.home = find_home(str(folder), {})
        make_folders(self.home)
        self.monitors = {m.id: m for m in monitors}
        self.rows = {r.id: r for r in rows}
        self.certificates = {}
        self.notices = ()
        self.vitals = Vitals(version="test")
        self.banner = banner
        self.reply = reply
        self.asked = []
        self.clients = set()
        self.undo = ""
        self._focus = {}
        self._loop = asyncio.new_event_loop()
        self._lock = os.open(self.home.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        os.write(self._lock, str(os.getpid()).encode())
        self._server = None
        self._storm = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.listen()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hang_up()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        os.close(self._lock)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def call(self, make):
        """Run a coroutine on the engine's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(make, self._loop).result(10)

    # --- what a test does -------------------------------------------------------------

    def listen(self):
        async def start():
            self.home.socket_file.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._serve, self.home.socket_file)

        self.call(start())

    def hang_up(self):
        """Go: close the door and every connection."""

        async def stop():
            if self._storm is not None:
                self._storm.cancel()
                self._storm = None
            if self._server is not None:
                self._server.close()
                self._server = None
            self.home.socket_file.unlink(missing_ok=True)
            for writer in list(self.clients):
                writer.close()
            await asyncio.sleep(0.02)

        self.call(stop())

    def change(self, *rows):
        """New states of rows."""

        async def tell():
            self.rows.update({r.id: r for r in rows})
            self._broadcast(Changes(rows=rows))

        self.call(tell())

    def edit(self, number, **parts):
        """Somebody else changes a monitor; a notice shows when it has arrived."""

        async def edit():
            self.monitors[number] = msgspec.structs.replace(self.monitors[number], **parts)
            self.notices = (Notice("edited", "the fleet was edited"),)
            self._broadcast(self.state())

        self.call(edit())

    def tell(self, **parts):
        """Notices, vitals or a focus."""

        async def tell():
            for name in ("notices", "vitals"):
                if name in parts:
                    setattr(self, name, parts[name])
            self._broadcast(Changes(**parts))

        self.call(tell())

    def storm(self, per_second, *, status_changes=False):
        """So many results a second from now on, spread over the fleet."""

        async def start():
            self._storm = asyncio.create_task(self._blow(per_second, status_changes))

        self.call(start())

    async def _blow(self, per_second, status_changes):
        chance = random.Random(11)
        ids = list(self.rows)
        step = 0.05
        while True:
            await asyncio.sleep(step)
            chosen = chance.sample(ids, min(len(ids), max(1, int(per_second * step))))
            changed = []
            for number in chosen:
                old = self.rows[number]
                new = msgspec.structs.replace(
                    old, latency_ms=chance.uniform(2, 90), last_ms=int(time.time() * 1000),
                    trend=old.trend[1:] + bytes([chance.randint(60, 140)]),
                )  # fmt: skip
                if status_changes and chance.random() < 0.02:
                    new = msgspec.structs.replace(new, status=chance.choice([Status.UP, Status.DOWN]))
                self.rows[number] = new
                changed.append(new)
            self._broadcast(Changes(rows=tuple(changed)))

    # --- the protocol -----------------------------------------------------------------

    def state(self):
        return FleetState(
            tuple(self.monitors.values()), tuple(self.rows.values()), self.notices, self.vitals, undo=self.undo,
            certificates=tuple(self.certificates.values()),
        )  # fmt: skip

    def _broadcast(self, message):
        frame = encode(message)
        for writer in self.clients:
            if not writer.is_closing():
                writer.write(frame)

    def _breathe(self, writer):
        """Who hears nothing takes the engine for one that hangs."""
        if writer in self.clients:
            writer.write(encode(Changes(vitals=self.vitals)))
            self._loop.call_later(VITALS_S, self._breathe, writer)

    async def _serve(self, reader, writer):
        decoder = Decoder(ClientMessage)
        self.clients.add(writer)
        try:
            while data := await reader.read(65536):
                for message in decoder.feed(data):
                    self._answer(message, writer)
        except OSError:
            return
        finally:
            self.clients.discard(writer)
            writer.close()

    def _answer(self, message, writer):
        if isinstance(message, Hello):
            writer.write(encode(Welcome(PROTOCOL, "test", os.getpid())))
            if message.watch:
                writer.write(encode(self.state()))
                self._loop.call_later(VITALS_S, self._breathe, writer)
            return
        if isinstance(message, Focused):
            if message.monitor in self.rows:
                writer.write(encode(Changes(focus=self.focus(message.monitor))))
            return
        self.asked.append(message)
        if self.reply is not None:
            writer.write(encode(self.reply(message)))
            return
        writer.write(encode(self._do(message, writer)))

    def focus(self, number):
        failed = self.rows[number].failure
        found = Result(
            MonitorId(number), int(time.time() * 1000), failed, None if failed is None else "connect", self.rows[number].detail,
            Timings(dns=1.2, connect=None if failed else 3.4, total=4.6), address="192.0.2.7", port=25, banner=self.banner,
        )  # fmt: skip
        found = msgspec.convert(msgspec.to_builtins(found), Result)
        return Focus(MonitorId(number), result=found, failed=found if failed else None, certificate=None)

    def _do(self, message, writer):  # noqa: PLR0911 - one answer for each message
        number = message.number
        if isinstance(message, Recheck):
            return Reply(number, message=f"rechecking {len(message.monitors)}")
        if isinstance(message, Pause):
            for chosen in message.monitors:
                self.monitors[chosen] = msgspec.structs.replace(self.monitors[chosen], paused=message.paused)
                status = Status.PAUSED if message.paused else Status.PENDING
                self.rows[chosen] = msgspec.structs.replace(self.rows[chosen], status=status)
            self._broadcast(self.state())
            return Reply(number, message=f"{'paused' if message.paused else 'resumed'} {len(message.monitors)}")
        if isinstance(message, Delete):
            names = tuple(self.monitors.pop(chosen).name for chosen in message.monitors)
            for chosen in message.monitors:
                del self.rows[chosen]
            self.undo = f"delete {names[0]}"
            asyncio.get_running_loop().call_later(0.3, lambda: self._broadcast(self.state()))  # after the reply
            return Reply(number, message=f"deleted {names[0]}", names=names)
        if isinstance(message, TryTarget):
            writer.write(encode(Trial(number, self._trial())))
            return Reply(number)
        if isinstance(message, Add):
            table = message.tables[0]
            new = max(self.monitors, default=0) + 1
            name = str(table.get("name") or table["target"])
            self.monitors[new] = monitor(new, name)
            self.rows[new] = row(new, "pending", since_ms=0, last_ms=0, latency_ms=None)
            self._broadcast(self.state())
            return Reply(number, message=f"added {name}", names=(name,))
        if isinstance(message, AskTable):
            m = self.monitors[message.monitor]
            return Reply(
                number, table={"name": m.name, "target": f"{m.target.service}://{m.target.host}:{m.target.port}"}
            )
        if isinstance(message, Edit):
            return Reply(number, message=f"edited {self.monitors[message.monitor].name}")
        if isinstance(message, Undo):
            return Reply(number, message="undone" if not message.redo else "redone")
        return Reply(number, error="not understood")

    def _trial(self):
        timings = Timings(dns=1.0, connect=2.0, tls=None, protocol=4.0, total=7.0)
        return Result(MonitorId(0), int(time.time() * 1000), None, None, "250 ready", timings, address="192.0.2.9", port=25,
                      banner=self.banner)  # fmt: skip

    def goodbye(self, reason):
        async def tell():
            self._broadcast(Goodbye(reason))

        self.call(tell())
