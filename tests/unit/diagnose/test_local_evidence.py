"""Collectors on real sockets of the loopback: what listens here, which addresses answer, and never a packet too many."""

import socket
from contextlib import ExitStack, contextmanager

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.cases import NOW_MS, case, facts, means, monitor, neighbour
from uptime_tui.diagnose import case as cases
from uptime_tui.diagnose.collect import collect, collectors
from uptime_tui.diagnose.evidence import addresses, listener, loss, machine, siblings
from uptime_tui.dial.direct import Dialler
from uptime_tui.dial.listening import Process
from uptime_tui.model.failure import Failure


@contextmanager
def listening(address="127.0.0.1", port=0, backlog=8):
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if ":" in address:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address, port))
        sock.listen(backlog)
        yield sock.getsockname()[1]


@pytest.fixture
async def dialler():
    dialler = Dialler()
    yield dialler
    dialler.close()


def refused(port, address="127.0.0.1", failure=Failure.REFUSED, **more):
    return case(failure, f"tcp://host.example.net:{port}", address, **more)


# --- listener --------------------------------------------------------------------------


async def test_nothing_listens():
    with listening() as port:
        closed = port
    found = await facts(listener, refused(closed), means())
    assert {"local_target", "local_not_listening"} <= set(found)


@pytest.mark.parametrize(
    ("bound", "asked", "id_"),
    [
        ("127.0.0.1", "127.0.0.1", "local_listens"),
        ("127.0.0.1", "127.0.0.2", "local_other_address"),
        ("::", "127.0.0.1", "local_v6_only"),
        ("0.0.0.0", "::1", "local_v4_only"),
    ],
)
async def test_where_it_listens(bound, asked, id_):
    with listening(bound) as port:
        found = await facts(listener, refused(port, asked), means())
    assert id_ in found
    assert f":{port}" in found[id_]
    assert ("local_accepting" in found) is (id_ == "local_listens")


@pytest.mark.parametrize(("bound", "everywhere"), [("127.0.0.1", False), ("0.0.0.0", True)])
async def test_an_open_port_is_looked_up_on_this_machine(bound, everywhere):
    with listening(bound) as port:
        asked = refused(port, failure=Failure.EXPOSED)
        assert listener.wants(asked)
        assert ("local_everywhere" in await facts(listener, asked, means())) is everywhere


@pytest.mark.parametrize(
    ("banner", "is_nginx"), [("", True), ("nginx/1.22.1", True), ("Apache/2.4.57 (Debian)", False)]
)
async def test_a_web_server_of_another_make_is_not_what_served_there(banner, is_nginx, monkeypatch):
    monkeypatch.setattr(listener, "running", lambda *_: Process(1, "nginx", "nginx.service", stopped=False))
    with listening() as port:
        closed = port
    good = msgspec.structs.replace(case(None).result, banner=banner)
    failed = case(Failure.REFUSED, f"http://host.example.net:{closed}", "127.0.0.1", last_good=good)
    found = await facts(listener, failed, means())
    assert ("local_process_runs" in found) is is_nginx
    assert "local_not_listening" in found


async def test_connections_that_are_not_taken_up_are_seen_until_the_queue_is_full():
    with listening(backlog=1) as port, ExitStack() as stack:
        failed = refused(port, failure=Failure.NO_GREETING)
        assert "local_accepting" in await facts(listener, failed, means())
        for expected in ("local_not_accepting", "local_backlog_full"):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            assert expected in await facts(listener, failed, means())


async def test_another_machine_has_no_listeners_here():
    assert not listener.wants(refused(80, "192.0.2.99"))
    assert listener.wants(refused(80, "127.0.0.1"))
    assert not listener.wants(refused(80, "127.0.0.1", vantage="elsewhere"))


async def test_load_and_memory(tmp_path):
    (tmp_path / "loadavg").write_text("900.10 12.00 3.00 2/99 1\n")
    (tmp_path / "meminfo").write_text("MemTotal: 1000000 kB\nMemAvailable: 9000 kB\n")
    found = await facts(machine, refused(80, failure=Failure.TIMEOUT), means(proc=tmp_path))
    assert set(found) == {"machine_load_high", "machine_memory_low"}


# --- addresses -------------------------------------------------------------------------


async def test_a_dead_address_among_living_ones(dialler):
    with listening("127.0.0.2") as port:
        failed = refused(port, addresses=("127.0.0.1", "127.0.0.2", "127.0.0.3"))
        asked = means(dialler)
        found = await facts(addresses, failed, asked)
    assert found == {"addresses_some_fail": "127.0.0.2 answer, 127.0.0.1, 127.0.0.3 do not"}
    assert asked.budget.spent == 4 + 1  # an accepted connect, a refused one; the probe's own is not tried again


# --- siblings --------------------------------------------------------------------------


@pytest.fixture
def elsewhere(monkeypatch):
    """The loopback stands for another machine."""
    for module in (cases, siblings):
        monkeypatch.setattr(module, "is_silent", lambda _: True)


async def test_the_ports_of_other_monitors_are_asked_first(dialler, elsewhere):
    with listening() as port:
        stale = neighbour(f"tcp://host.example.net:{port}", age_s=500)
        asked = means(dialler)
        found = await facts(siblings, refused(1, failure=Failure.TIMEOUT, neighbours=(stale,)), asked)
    assert found == {"sibling_open": f"127.0.0.1 accepts on port {port}: the host and the path to it are alive"}
    assert asked.budget.spent == 4


async def test_a_refusal_shows_that_the_host_lives(dialler, elsewhere):
    with listening() as port:
        closed = port
    stale = neighbour(f"tcp://host.example.net:{closed}", age_s=500)
    found = await facts(siblings, refused(1, failure=Failure.TIMEOUT, neighbours=(stale,)), means(dialler))
    assert set(found) == {"sibling_refused"}


def test_a_monitor_that_has_just_spoken_saves_the_packets(elsewhere):
    fresh = neighbour("tcp://host.example.net:8080")
    assert not siblings.wants(refused(1, failure=Failure.TIMEOUT, neighbours=(fresh,)))


def test_no_port_of_mysql_is_among_those_that_are_tried():
    group = (
        neighbour("mysql://host.example.net:3307", age_s=500),
        neighbour("tcp://host.example.net:3306", number=3, age_s=500),
        neighbour("mysql://host.example.net:443", number=4, age_s=500),
        neighbour("ssh://host.example.net:22", number=5, age_s=500),
        neighbour("imap://host.example.net:143", number=6, age_s=500),
    )
    waves = siblings._waves(refused(80, failure=Failure.TIMEOUT, neighbours=group))
    assert waves == [[143], [], [22]]


# --- loss ------------------------------------------------------------------------------


async def test_clean_connects_show_that_the_time_is_the_servers(dialler):
    timings = case().result.timings.__class__(connect=0.1, protocol=900.0, total=900.1)
    with listening() as port:
        asked = means(dialler)
        found = await facts(loss, refused(port, failure=Failure.TOO_SLOW, timings=timings), asked)
    assert set(found) == {"loss_none", "rtt_short", "server_slow"}
    assert asked.budget.spent == 12


def test_mysql_is_not_connected_to_for_a_measurement():
    assert not loss.wants(case(Failure.TOO_SLOW, "mysql://db.example.net:3307"))


# --- bounds ----------------------------------------------------------------------------

BUDGETS = [each for each in collectors() if each.PACKETS and each.__name__.rpartition(".")[2] in {"addresses", "siblings", "loss", "path", "ping"}]  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(packets=st.integers(0, 30), count=st.integers(1, 8), which=st.sampled_from(BUDGETS))
async def test_no_collector_sends_more_than_it_is_granted(packets, count, which):
    """Whatever is granted, and whatever answers: each packet is asked for, and none is given back twice."""
    dialler = Dialler()
    names = tuple(f"127.0.0.{each}" for each in range(1, count + 1))
    group = tuple(neighbour(f"tcp://host.example.net:{port}", number=port, age_s=500) for port in range(2, count + 2))
    failure = Failure.TOO_SLOW if which is loss else Failure.TIMEOUT
    asked = means(dialler, packets)
    try:
        with listening() as port:
            failed = refused(port, failure=failure, addresses=names, neighbours=group)
            await facts(which, failed, asked)
    finally:
        dialler.close()
    assert 0 <= asked.budget.spent <= min(packets, which.PACKETS)
    assert asked.budget.left == packets - asked.budget.spent


async def test_without_time_nothing_waits(dialler):
    asked = means(dialler, seconds=0.0)
    failed = refused(1, failure=Failure.TIMEOUT, addresses=("127.0.0.1", "127.0.0.2"))
    for which in BUDGETS:
        await facts(which, failed, asked)
    assert asked.left_s == 0.0


async def test_what_needs_no_packet_is_told_even_when_the_time_is_up(dialler):
    failed = refused(1, failure=Failure.TIMEOUT, addresses=("127.0.0.1",))
    found = await collect(failed, means(dialler, seconds=0.0), None, lambda _: None)
    assert found.complete
    assert "history_no_success" in {seen.id for seen in found.evidence}


def test_a_case_knows_which_connects_harm():
    assert case(target="mysql://db.example.net:3307").counts_connects
    assert case(target="tcp://db.example.net:3306").counts_connects
    assert not case().counts_connects
    assert case().port == monitor().target.port
    assert case().result.at_ms == NOW_MS
