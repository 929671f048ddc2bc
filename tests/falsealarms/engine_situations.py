"""What goes wrong with the engine itself, its files and its clients; each leaves in `World.undo` what takes it back."""

import os
import resource
import signal
import socket
import time

from falsealarms.world import World
from uptime_tui.wire.framing import encode
from uptime_tui.wire.messages import Hello

PORTS = (40_000, 40_001)


def take_ports(world: World) -> None:
    """Two source ports are all there is, and both are taken."""
    world.hold(
        "import socket, time\n"
        f"held = [socket.create_server(('0.0.0.0', port)) for port in {PORTS}]\n"
        "print('held', flush=True)\ntime.sleep(600)\n"
    )
    world.watcher.sysctl(f"net.ipv4.ip_local_port_range={PORTS[0]} {PORTS[1]}")


def take_descriptors(world: World) -> None:
    """Only the numbers of stdin, stdout and stderr may be given, and they are taken."""
    pid = world.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    world.undo.append(lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, before))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))


def stop_for(world: World, seconds: float) -> None:
    """The engine gets no processor at all."""
    pid = world.pid
    os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)  # what is tested is the length of the stop itself
    os.kill(pid, signal.SIGCONT)


def starve_for(world: World, seconds: float) -> None:
    """It runs for a moment, and then for longer than a probe may take not at all."""
    pid, end_s = world.pid, time.monotonic() + seconds
    while time.monotonic() < end_s:
        os.kill(pid, signal.SIGSTOP)
        time.sleep(1.5)  # what is tested are the stops themselves, and the moments between them
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.05)


def attach_deaf(world: World, count: int) -> None:
    """Clients that ask for everything; every second one never reads."""
    for number in range(count):
        client = socket.socket(socket.AF_UNIX)
        world.undo.append(client.close)
        if number % 2 == 0:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect(str(world.home.socket_file))
        client.sendall(encode(Hello()))
        if number % 2:
            client.recv(65536)


def fill_disk(world: World) -> None:
    """Not a byte is left where the journal is."""
    filler = world.home.state / "filler"
    world.undo.append(filler.unlink)
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65536))
        except OSError:
            return


def lose_journal(world: World) -> None:
    for path in world.home.state.glob(f"{world.home.journal_file.name}*"):
        path.unlink()


def lose_fleet(world: World) -> None:
    text = world.home.monitors_file.read_text()
    world.undo.append(lambda: world.home.monitors_file.write_text(text))
    world.home.monitors_file.unlink()


def half_write_fleet(world: World) -> None:
    text = world.home.monitors_file.read_text()
    world.undo.append(lambda: world.home.monitors_file.write_text(text))
    world.home.monitors_file.write_text(text[: len(text) * 2 // 3 + 7])


def kill_engine(world: World) -> None:
    world.end()
    world.start()


def start_second_engine(world: World) -> None:
    assert world.start().wait(20) == 64


def edit_hosts(world: World) -> None:
    path = world.watcher.etc / "hosts"
    path.write_text(path.read_text() + "192.0.2.99 other.test\n")
