"""What listens here, held by whom, and whether its queue is full: real sockets of this process, and tables made up."""

import os
import socket
import time

import pytest

from uptime_tui.dial.listening import Listener, held_by, holder, listeners, overflows, running


def of(sock):
    address, port = sock.getsockname()[:2]
    return next(each for each in listeners() if (each.address, each.port) == (address, port))


@pytest.fixture
def server():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(2)
        yield sock


def test_a_listener_is_found_with_its_process_and_user(server):
    found = of(server)
    assert found.uid == os.getuid()
    assert found.is_loopback
    assert found.room == 2
    assert not found.is_full
    process = holder(found.inode)
    assert process.pid == os.getpid()
    assert not process.stopped
    assert found.inode in held_by(process.pid)


def test_a_queue_that_nobody_empties_is_full(server):
    clients = []
    try:
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(server.getsockname())
            clients.append(client)
        deadline = time.monotonic() + 10
        while not of(server).is_full and time.monotonic() < deadline:
            time.sleep(0.01)
        assert of(server).waiting == 3
        assert of(server).is_full
    finally:
        for client in clients:
            client.close()


@pytest.mark.parametrize("only", [True, False])
def test_ipv6_only_is_told_from_both(only):
    with socket.socket(socket.AF_INET6) as sock:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
        sock.bind(("::", 0))
        sock.listen(5)
        found = of(sock)
        assert found.v6_only is only
        assert found.serves("127.0.0.1") is not only
        assert found.serves("::1")
        assert not found.is_loopback


@pytest.mark.parametrize(
    ("bound", "asked", "serves"),
    [
        ("0.0.0.0", "192.0.2.1", True),
        ("0.0.0.0", "2001:db8::1", False),
        ("127.0.0.1", "192.0.2.1", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("::1", "::1", True),
        ("fe80::1", "fe80::1%eth0", True),
    ],
)
def test_which_addresses_a_listener_serves(bound, asked, serves):
    assert Listener(bound, 80, 0, 1, 0).serves(asked) is serves


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_tables_of_proc_are_read(tmp_path):
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    row = "   0: {} {} {} 00000000:00000007 00:00000000 00000000  105        0 4026531999 1\n"
    v6 = "B80D0120000000000000000001000000:0050"
    write(
        tmp_path,
        "net/tcp",
        head + row.format("0100007F:0019", "00000000:0000", "0A") + row.format("0100007F:0019", "0100007F:1234", "01"),
    )
    write(tmp_path, "net/tcp6", head + row.format(v6, "0" * 32 + ":0000", "0A"))
    assert listeners(tmp_path) == [
        Listener("127.0.0.1", 25, 105, 4026531999, 7),
        Listener("2001:db8::1", 80, 105, 4026531999, 7),
    ]


def test_what_stands_behind_those_that_listen_is_not_read(tmp_path):
    row = "   0: {} 00000000:0000 {} 00000000:00000000 00:00000000 00000000  105        0 1 1\n"
    listed = row.format("0100007F:0019", "0A") + row.format("0100007F:0019", "06") + row.format("nonsense", "0A")
    write(tmp_path, "net/tcp", "  sl  local_address\n" + listed)
    assert [each.port for each in listeners(tmp_path)] == [25]


def test_a_machine_without_tables_has_no_listeners(tmp_path):
    assert listeners(tmp_path) == []
    assert overflows(tmp_path) == 0
    assert holder(1, tmp_path) is None
    assert running("x", tmp_path) is None


def test_overflows_are_counted_by_their_column(tmp_path):
    write(tmp_path, "net/netstat", "TcpExt: SyncookiesSent ListenOverflows\nTcpExt: 3 41\nIpExt: X\nIpExt: 1\n")
    assert overflows(tmp_path) == 41


@pytest.mark.parametrize(("state", "pid"), [("S", 812), ("Z", None), ("X", None)])
def test_what_has_ended_does_not_run(tmp_path, state, pid):
    write(tmp_path, "812/comm", "redis-server\n")
    write(tmp_path, "812/stat", f"812 (redis-server) {state} 1 812")
    found = running("redis-server", tmp_path)
    assert (found and found.pid) == pid


def test_a_process_is_found_by_its_name_with_unit_and_state(tmp_path):
    write(tmp_path, "812/comm", "averylongprocess\n"[:15] + "\n")
    write(tmp_path, "812/stat", "812 (a) b) T 1 812")
    write(tmp_path, "812/cgroup", "0::/system.slice/postfix@-.service\n")
    found = running("averylongprocessname", tmp_path)
    assert (found.pid, found.unit, found.stopped) == (812, "postfix@-.service", True)
