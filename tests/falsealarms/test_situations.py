"""Faults of the watcher's own side: nothing is called down, and it is said what is wrong here."""

import asyncio
import re
import time

import pytest

from falsealarms.situations import SITUATIONS, Situation
from falsealarms.world import FAR, PLACES, PORT, TALK_PORT, World, world
from uptime_tui.client.session import EngineLost, Session
from uptime_tui.journal.reader import Reader
from uptime_tui.model.events import EventKind
from uptime_tui.model.failure import Status
from uptime_tui.view.snapshot import Snapshot

DEADLINE_S = 20.0
SHORT = {"cable out", "resolver silent"}
"""Two for every run of the tests; the others are long."""
ALARMS = {Status.DOWN, Status.DEGRADED}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world")) as made:
        yield made


class Screen:
    """A client that remembers everything it was ever shown."""

    def __init__(self, place: World, session: Session, names: tuple[str, ...]) -> None:
        self.place = place
        self.names = names
        self.session = session
        self.snapshot = Snapshot()
        self.said: set[str] = set()
        self.alarms: list[str] = []
        self.watched = False
        """Whether an alarm is a failure: what an earlier situation has left behind is not this one's."""

    @classmethod
    async def open(cls, place: World, names: tuple[str, ...] = PLACES) -> "Screen":
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                return cls(place, await Session.connect(place.home.socket_file, client="test"), names)
            except EngineLost:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        await self.session.close()
        await asyncio.sleep(0)  # the loop's next turn frees the descriptor

    def begin(self) -> None:
        """From here on everything counts."""
        self.said.clear()
        self.alarms.clear()
        self.watched = True

    def rows(self) -> dict:
        return {m.name: self.snapshot.rows[n] for n, m in self.snapshot.monitors.items() if n in self.snapshot.rows}

    async def look(self) -> None:
        if self.session.lost:
            await self.close()
            self.session = (await Screen.open(self.place)).session
        for message in self.session.take():
            self.snapshot.apply(message)
            self.said |= {notice.text for notice in self.snapshot.notices}
            for name, row in self.rows().items():
                self.said.add(row.detail)
                if row.status in ALARMS:
                    self.alarms.append(f"{name} {row.status}: {row.detail}")

    def has_said(self, pattern: str) -> bool:
        """Whether it was said since the beginning; the first word may be less exact than what is known later."""
        return re.search(pattern, "\n".join(self.said), re.DOTALL) is not None

    async def until(self, condition, what: str) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not condition(self.rows()):
            states = {name: (row.status.value, row.suspected, row.detail) for name, row in self.rows().items()}
            assert time.monotonic() < deadline, f"{what}: {states}"
            await asyncio.sleep(0.02)
            await self.look()
            assert not (self.watched and self.alarms)

    async def until_up(self, what: str) -> None:
        def well(rows) -> bool:
            return rows.keys() == set(self.names) and all(
                row.status is Status.UP and row.suspected is None for row in rows.values()
            )

        await self.until(well, what)

    async def until_probed_anew(self, names) -> None:
        """Every one has had a probe that began after this."""
        now_ms = time.time_ns() // 1_000_000
        await self.until(lambda rows: all(rows[name].last_ms > now_ms for name in names), "probed anew")

    async def until_unknown(self, names) -> None:
        await self.until(lambda rows: all(rows[name].status is Status.UNKNOWN for name in names), "unknown")


def alarms_of(place: World, since_ms: int) -> list:
    """What the journal would have anybody woken for."""
    reader = Reader(place.home.journal_file)
    try:
        events = [event for number in range(1, 50) for event in reader.events(number, 100)]
        opened = [each for each in reader.open_incidents().values() if each.opened_ms >= since_ms]
        assert not opened, "what was opened before is not this situation's, but another one's that failed"
        return [e for e in events if e.at_ms >= since_ms and e.kind is EventKind.STATUS and e.status in ALARMS]
    finally:
        reader.close()


@pytest.mark.parametrize(
    "situation", [pytest.param(s, id=s.name, marks=() if s.name in SHORT else pytest.mark.long) for s in SITUATIONS]
)
async def test_it_is_us(place, situation):
    place.write_fleet(situation.confirmations, situation.service, situation.places)
    place.heal()
    screen = await Screen.open(place, situation.places)
    try:
        await judge(place, situation, screen)
    finally:
        await screen.close()


THEIRS = (
    Situation("one of two", lambda w: w.filter(w.host, "input", f"ip daddr {FAR[0]} drop"), "", FAR[:1], places=FAR[:2]),
    Situation("the only one", lambda w: w.filter(w.host, "input", f"ip daddr {FAR[0]} drop"), "", FAR[:1], places=FAR[:1]),
    Situation(
        "both", lambda w: w.filter(w.host, "input", f"tcp dport {PORT} drop"), "", FAR[:2], places=FAR[:2]
    ),
    Situation(
        "no greeting of the only one",
        lambda w: w.filter(w.router, "forward", f"tcp dport {TALK_PORT} tcp flags & syn == 0 drop"),
        "", FAR[:1], service="talk", places=FAR[:1],
    ),
)  # fmt: skip
"""What is the targets' fault in small fleets: the line is not to be blamed."""


@pytest.mark.long
@pytest.mark.parametrize("situation", [pytest.param(each, id=each.name) for each in THEIRS])
async def test_it_is_them(place, situation):
    place.write_fleet(1, situation.service, situation.places)
    place.heal()
    screen = await Screen.open(place, situation.places)
    try:
        await screen.until_up("before")
        situation.inject(place)
        await screen.until(lambda rows: all(rows[name].status is Status.DOWN for name in situation.touched), "down")
        place.heal()
        await screen.until_up("after")  # the next fleet may be without them, and the incident would stay open
    finally:
        await screen.close()
        place.heal()


async def judge(place, situation, screen):
    await screen.until_up("before")
    screen.begin()
    began_ms = time.time_ns() // 1_000_000
    try:
        situation.inject(place)
        if situation.touched:
            await screen.until_unknown(situation.touched)
        await screen.until_probed_anew([name for name in situation.places if name not in situation.touched])
        await screen.until(lambda _: screen.has_said(situation.said), situation.said)
    finally:
        place.heal()
    await screen.until_up("after")
    assert not alarms_of(place, began_ms)
