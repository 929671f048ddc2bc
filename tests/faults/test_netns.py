"""The namespaces that tests are built on: joined as told, and gone whatever becomes of their maker."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import netns

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("namespaces")]

MAKER = """
import sys
sys.path.insert(0, sys.argv[1])
from support.netns import namespaces
with namespaces("doomed") as (doomed,):
    sleeper = doomed.popen("sleep", "600")
    print(doomed.name, sleeper.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _namespaces():
    netns.need_namespaces()


def test_packets_cross_a_link_in_both_families():
    with netns.namespaces("left", "right") as (left, right):
        netns.link(left, right, "10.77.1.1/24", "10.77.1.2/24", "fd77:1::1/64", "fd77:1::2/64")
        for family, address in ((socket.AF_INET, "10.77.1.2"), (socket.AF_INET6, "fd77:1::2")):
            with (
                right.call(socket.create_server, (address, 80), family=family),
                left.call(socket.create_connection, (address, 80), timeout=5) as sock,
            ):
                assert sock.getpeername()[0] == address
        right.nft(
            "table inet f { chain i { type filter hook input priority 0; tcp dport 81 reject with tcp reset; }; }"
        )
        with right.call(socket.create_server, ("10.77.1.2", 81)), pytest.raises(ConnectionRefusedError):
            left.call(socket.create_connection, ("10.77.1.2", 81), timeout=5)


def test_a_link_local_target_is_spoken_to_on_the_interface_that_it_names():
    with netns.namespaces("left", "right") as (left, right):
        ours, theirs = netns.link(left, right, ("fe80::77:1/64", "fe80::77:2/64"))
        scope = right.call(socket.if_nametoindex, theirs)
        with right.call(socket.create_server, ("fe80::77:2", 7777, 0, scope), family=socket.AF_INET6):
            checked = left.run(
                sys.executable, "-m", "uptime_tui", "check", f"tcp://[fe80::77:2%{ours}]:7777", check=False
            )
        assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout


def test_a_namespace_has_its_own_files():
    with netns.namespaces("alone") as (alone,):
        (alone.etc / "resolv.conf").write_text("nameserver 192.0.2.53\n")
        assert alone.run("cat", "/etc/resolv.conf").stdout == "nameserver 192.0.2.53\n"


def test_bad_commands_are_told():
    with netns.namespaces("alone") as (alone,):
        with pytest.raises(ValueError, match="nonsense"):
            alone.ip("nonsense")
        with pytest.raises(ValueError, match="syntax error"):
            alone.nft("nonsense")


def test_nothing_is_left_when_the_maker_is_killed():
    maker = subprocess.Popen(
        [sys.executable, "-c", MAKER, netns.__file__.rsplit("/", 2)[0]],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with maker:
        name, pid = maker.stdout.readline().split()
        assert name in subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
        maker.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while _exists(name) or _runs(pid):
        assert time.monotonic() < deadline, f"{name} or process {pid} outlived its maker"
        time.sleep(0.02)


def _exists(name: str) -> bool:
    return netns.Namespace(name).etc.exists() or name in subprocess.getoutput("ip netns list")


def _runs(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False
