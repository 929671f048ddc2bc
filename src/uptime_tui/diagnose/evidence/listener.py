"""Where the target is this very machine: what listens, on which address, held by whom, and whether it accepts."""

import asyncio
import pwd
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Final

from uptime_tui.diagnose.case import NO_CONNECTION, Case, Means
from uptime_tui.dial.listening import Listener, Process, held_by, holder, listeners, overflows, running
from uptime_tui.dial.routes import is_own
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.result import Evidence
from uptime_tui.model.safetext import safe_text

QUESTION: Final = "The target is this machine: what listens there?"
STAGE: Final = 0
PACKETS: Final = 0
FACTS: Final = {
    "local_target": "the target is this machine itself",
    "local_listens": "a process listens where the target points to",
    "local_everywhere": "it listens on every address of this machine",
    "local_not_listening": "nothing listens on the port",
    "local_loopback_only": "it listens on the loopback address only",
    "local_other_address": "it listens on another address of this machine only",
    "local_v6_only": "it listens on IPv6 only",
    "local_v4_only": "it listens on IPv4 only",
    "local_other_port": "the service's process listens on other ports",
    "local_process_missing": "no process of the service runs",
    "local_process_runs": "a process of the service runs",
    "local_process_stopped": "the process that listens is halted by a signal",
    "local_container": "a container's proxy holds the port",
    "local_container_runtime": "containers can run here, and none publishes the port",
    "local_backlog_full": "the accept queue is full: connections are dropped",
    "local_not_accepting": "connections wait in the accept queue: the process does not take them up",
    "local_accepting": "the accept queue is empty: the process takes up what comes",
}
_PROXIES: Final = {"docker-proxy", "rootlessport", "rootlesskit", "conmon", "slirp4netns", "pasta", "pasta.avx2"}
_RUNTIMES: Final = (Path("/run/docker.sock"), Path("/run/podman/podman.sock"))
_ASKED: Final = NO_CONNECTION | {
    Failure.NO_GREETING, Failure.CLOSED_EARLY, Failure.PARTIAL, Failure.TOO_SLOW, Failure.EXPOSED,
}  # fmt: skip


def wants(case: Case) -> bool:
    """Only for addresses of this machine."""
    return case.is_here and case.failure in _ASKED and is_own(case.address)


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:
    """What the kernel and /proc tell; in a thread, because a busy machine has many processes to look through."""
    for fact in await asyncio.to_thread(lambda: list(_look(case, means.proc))):
        yield fact


def _look(case: Case, proc: Path) -> Iterator[Evidence]:
    address, port = case.address, case.port
    yield Evidence("local_target", Phase.CONNECT, None, f"{address} is an address of this machine")
    every = listeners(proc)
    on_port = [each for each in every if each.port == port]
    serving = [each for each in on_port if each.serves(address)]
    if serving:
        yield from _serving(serving[0], proc)
    elif on_port:
        yield from _elsewhere(on_port, address, proc)
    else:
        yield from _nothing(case, every, proc)


def _serving(listener: Listener, proc: Path) -> Iterator[Evidence]:
    process = holder(listener.inode, proc)
    text = f"{_who(listener, process)} listens on {_place(listener)}"
    yield Evidence("local_listens", Phase.CONNECT, ok=True, text=text)
    if listener.is_everywhere:
        text = f"it listens on {_place(listener)}: on every address of this machine"
        yield Evidence("local_everywhere", Phase.CONNECT, None, text)
    yield from _proxy(process)
    if process is not None and process.stopped:
        text = f"{process.name} (pid {process.pid}) is halted (state T): it does nothing until it is continued"
        yield Evidence("local_process_stopped", Phase.CONNECT, ok=False, text=text)
    queue = f"{listener.waiting} connections wait to be taken up" + (
        f", room for {listener.room}" * bool(listener.room)
    )
    if listener.is_full:
        text = f"{queue}; {overflows(proc)} dropped on this machine since it started"
        yield Evidence("local_backlog_full", Phase.CONNECT, ok=False, text=text)
    elif listener.waiting:
        yield Evidence("local_not_accepting", Phase.CONNECT, ok=False, text=queue)
    else:
        yield Evidence("local_accepting", Phase.CONNECT, ok=True, text="no connection waits to be taken up")


def _elsewhere(on_port: Sequence[Listener], address: str, proc: Path) -> Iterator[Evidence]:
    """It listens on that port, and not where it was asked."""
    first = on_port[0]
    process = holder(first.inode, proc)
    where = ", ".join(_place(each) for each in on_port[:4])
    text = f"{_who(first, process)} listens on {where} only, not on {address}"
    asked_v6 = ":" in address
    asked_loopback = address.startswith("127.") or address == "::1"
    if not asked_loopback and all(each.is_loopback for each in on_port):
        yield Evidence("local_loopback_only", Phase.CONNECT, ok=False, text=text)
    elif not asked_v6 and all(":" in each.address for each in on_port):
        yield Evidence("local_v6_only", Phase.CONNECT, ok=False, text=text)
    elif asked_v6 and all(":" not in each.address for each in on_port):
        yield Evidence("local_v4_only", Phase.CONNECT, ok=False, text=text)
    else:
        yield Evidence("local_other_address", Phase.CONNECT, ok=False, text=text)
    yield from _proxy(process)


def _nothing(case: Case, every: Sequence[Listener], proc: Path) -> Iterator[Evidence]:
    text = f"nothing listens on port {case.port} of this machine"
    yield Evidence("local_not_listening", Phase.CONNECT, ok=False, text=text)
    name = "" if _was_another(case) else case.plan.service.process
    process = running(name, proc) if name else None
    if process is not None:
        text = f"{name} runs (pid {process.pid}{f', {process.unit}' * bool(process.unit)})"
        yield Evidence("local_process_runs", Phase.CONNECT, None, text)
        held = held_by(process.pid, proc)
        mine = sorted({each.port for each in every if each.inode in held})
        if mine:
            text = f"{name} listens on port {', '.join(map(str, mine[:6]))}, not on {case.port}"
            yield Evidence("local_other_port", Phase.CONNECT, ok=False, text=text)
    elif name:
        yield Evidence("local_process_missing", Phase.CONNECT, ok=False, text=f"no process named {name} runs here")
    runtime = next((path for path in _RUNTIMES if path.exists()), None)
    if runtime is not None:
        text = f"containers can run here ({runtime}); none that is seen publishes port {case.port}"
        yield Evidence("local_container_runtime", Phase.CONNECT, None, text)


def _was_another(case: Case) -> bool:
    """Whether a web server of another make answered at the last good probe: then what the usual one does is its own."""
    if case.plan.service.category != "web" or case.last_good is None or not case.last_good.banner:
        return False
    return case.plan.service.process.rstrip("0123456789").lower() not in case.last_good.banner.lower()


def _proxy(process: Process | None) -> Iterator[Evidence]:
    if process is not None and process.name in _PROXIES:
        text = f"{process.name} holds the port for a container: the service itself is inside"
        yield Evidence("local_container", Phase.CONNECT, None, text)


def _who(listener: Listener, process: Process | None) -> str:
    if process is None:
        return f"a process of {_user(listener.uid)}"
    unit = f", {safe_text(process.unit, 60)}" if process.unit else ""
    return f"{safe_text(process.name, 30)} (pid {process.pid}, {_user(listener.uid)}{unit})"


def _user(uid: int) -> str:
    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"uid {uid}"


def _place(listener: Listener) -> str:
    return f"[{listener.address}]:{listener.port}" if ":" in listener.address else f"{listener.address}:{listener.port}"
