"""Newest wins; a client that does not read costs a set of ids and nothing else."""

import asyncio

import pytest

from support.fleets import certificate_row
from uptime_tui.engine.bus import Bus, Watcher
from uptime_tui.model.failure import Status
from uptime_tui.wire.framing import Decoder, encode
from uptime_tui.wire.messages import Changes, EngineMessage, FleetState, Focus, MonitorRow, Notice, Vitals

pytestmark = [pytest.mark.asyncio, pytest.mark.looptime]


class Source:
    def __init__(self):
        self.asked = 0
        self.latency = 1.0
        self.said = ()

    def row(self, number):
        self.asked += 1
        if number == 404:
            return None
        return MonitorRow(number, Status.UP, 0, None, None, "", False, 0, self.latency, None, b"")

    def certificate(self, number):
        return None if number == 404 else certificate_row(number)

    def focus(self, number):
        return Focus(number, None, None, None)

    def notices(self):
        return self.said

    def vitals(self):
        return Vitals(probes=7)

    def fleet_state(self):
        return encode(FleetState((), (), (), Vitals()))


class Client:
    def __init__(self):
        self.frames = []
        self.behind = 0
        self.decoder = Decoder(EngineMessage)
        self.watcher = Watcher(self.frames.append, lambda: self.behind)

    def messages(self):
        taken, self.frames[:] = list(self.frames), []
        return [message for frame in taken for message in self.decoder.feed(frame)]


async def test_the_whole_first_then_changes_newest_only():
    source, client = Source(), Client()
    bus = Bus(asyncio.get_running_loop(), source)
    bus.join(client.watcher)
    assert isinstance(client.messages()[0], FleetState)
    for latency in (1.0, 2.0, 3.0):
        source.latency = latency
        bus.mark(1)
    await asyncio.sleep(0.25)
    rows = [row for m in client.messages() if isinstance(m, Changes) for row in m.rows]
    assert [row.latency_ms for row in rows] == [3.0]
    bus.stop()


async def test_a_client_that_does_not_read_costs_nothing_and_gets_the_newest_later():
    source, slow, quick = Source(), Client(), Client()
    bus = Bus(asyncio.get_running_loop(), source)
    for client in (slow, quick):
        bus.join(client.watcher)
        client.messages()
    slow.behind = 100
    for n in range(1000):
        source.latency = float(n)
        bus.mark(n % 10)
        await asyncio.sleep(0.01)
    assert slow.frames == []
    assert quick.frames
    assert len(slow.watcher.dirty) == 10
    slow.behind = 0
    await asyncio.sleep(0.25)
    rows = [row for m in slow.messages() if isinstance(m, Changes) for row in m.rows]
    assert len(rows) == 10
    bus.stop()


async def test_focus_is_told_at_once_and_when_it_changes():
    client = Client()
    bus = Bus(asyncio.get_running_loop(), Source())
    bus.join(client.watcher)
    client.messages()
    bus.focus_on(client.watcher, 5)
    assert [m.focus.id for m in client.messages() if isinstance(m, Changes) and m.focus] == [5]
    bus.mark(5)
    await asyncio.sleep(0.25)
    assert [m.focus.id for m in client.messages() if isinstance(m, Changes) and m.focus] == [5]
    bus.mark(6)
    await asyncio.sleep(0.25)
    assert [m for m in client.messages() if isinstance(m, Changes) and m.focus] == []
    bus.stop()


async def test_notices_are_told_once_and_a_gone_monitor_is_left_out():
    source, client = Source(), Client()
    bus = Bus(asyncio.get_running_loop(), source)
    bus.join(client.watcher)
    client.messages()
    source.said = (Notice("a", "disk full"),)
    bus.mark(404)
    await asyncio.sleep(0.5)
    changes = [m for m in client.messages() if isinstance(m, Changes)]
    assert [m.notices for m in changes if m.notices is not None] == [source.said]
    assert all(not m.rows for m in changes)
    bus.stop()


async def test_a_client_that_asks_and_does_not_read_is_sent_nothing():
    client = Client()
    bus = Bus(asyncio.get_running_loop(), Source())
    bus.join(client.watcher)
    client.messages()
    client.behind = 100
    for number in range(1000):
        bus.focus_on(client.watcher, number)
    assert client.frames == []
    client.behind = 0
    await asyncio.sleep(0.25)
    assert [m.focus.id for m in client.messages() if isinstance(m, Changes) and m.focus] == [999]
    bus.stop()


async def test_a_bug_with_one_clients_focus_stops_no_other(caplog):
    source, one, two = Source(), Client(), Client()
    bus = Bus(asyncio.get_running_loop(), source)
    for client in (one, two):
        bus.join(client.watcher)
        bus.focus_on(client.watcher, 1 if client is one else 2)
        client.messages()
    source.focus = lambda number: Focus(number, None, None, None) if number != 1 else 1 // 0
    bus.mark(1)
    bus.mark(2)
    await asyncio.sleep(0.25)
    assert [m.focus.id for m in two.messages() if isinstance(m, Changes) and m.focus] == [2]
    assert "ZeroDivisionError" in caplog.text
    bus.stop()


async def test_the_whole_is_made_once_for_all_who_need_it():
    source, clients = Source(), [Client() for _ in range(5)]
    made = []
    whole = source.fleet_state
    source.fleet_state = lambda: made.append(True) or whole()
    bus = Bus(asyncio.get_running_loop(), source)
    for client in clients:
        bus.join(client.watcher)
        client.messages()
    made.clear()
    bus.mark_fleet()
    await asyncio.sleep(0.25)
    assert all(any(isinstance(m, FleetState) for m in client.messages()) for client in clients)
    assert len(made) == 1
    bus.stop()


async def test_a_certificate_is_told_when_it_changes_and_not_with_every_row():
    source, client = Source(), Client()
    bus = Bus(asyncio.get_running_loop(), source)
    bus.join(client.watcher)
    client.messages()
    bus.mark(1)
    bus.mark_certificate(1)
    bus.mark_certificate(404)
    await asyncio.sleep(0.25)
    told = [message for message in client.messages() if message.rows]
    assert [certificate.id for message in told for certificate in message.certificates] == [1]
    bus.mark(1)
    await asyncio.sleep(0.25)
    assert [message.certificates for message in client.messages() if message.rows] == [()]
    bus.stop()
