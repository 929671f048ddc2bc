"""What `doctor` looks at. Reads only: nothing is changed, no packet leaves this machine."""

import os
import resource
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.load import load_monitors
from uptime_tui.config.paths import Home
from uptime_tui.config.settings import load_settings
from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.model.errors import UserError
from uptime_tui.ui.ascii import wants_ascii
from uptime_tui.ui.themes.choose import choose_theme

_NEEDED_DESCRIPTORS = 1024
_FREE_BYTES = 100 * 1024 * 1024
_ENGINE_S = 2.0
"""So long an engine may take to say something."""


class Finding(NamedTuple):
    """One thing that was looked at. `level` is ok, info, warning or error; `todo` is the cure."""

    id: str
    level: str
    text: str
    todo: str = ""


def terminal() -> Iterator[Finding]:
    """The terminal that stdin, stdout and the environment describe."""
    term = os.environ.get("TERM", "")
    if not sys.stdout.isatty():
        yield Finding("tty", "info", "standard output is no terminal: the dashboard needs one")
    if term in {"", "dumb", "unknown"}:
        yield Finding(
            "TERM", "error", f"TERM is {term or 'not set'}: no full screen", "set TERM, for instance xterm-256color"
        )
    else:
        yield Finding("TERM", "ok", term)
    size = shutil.get_terminal_size()
    small = size.columns < 80 or size.lines < 24
    yield Finding(
        "size", "info" if small else "ok", f"{size.columns}x{size.lines}" + (", reduced view" if small else "")
    )
    yield Finding("colours", "ok", _colours(term))
    if wants_ascii(os.environ, wanted=None):
        yield Finding("encoding", "warning", "the locale has no UTF-8: only ASCII is sent", "use one such as C.UTF-8")
    else:
        yield Finding("encoding", "ok", "utf-8")
    if os.environ.get("TMUX"):
        yield Finding(
            "clipboard",
            "info",
            "inside tmux: copying needs `set -g set-clipboard on`, else the text is shown to select",
        )
    if os.environ.get("SSH_CONNECTION"):
        yield Finding("link", "info", "over SSH: animations are off, at most 5 frames a second are drawn")


def _colours(term: str) -> str:
    if "NO_COLOR" in os.environ:
        return "none (NO_COLOR)"
    if os.environ.get("COLORTERM", "").lower() in {"truecolor", "24bit"}:
        return "16 million"
    return "256" if "256" in term else "16"


def host() -> Iterator[Finding]:
    """This machine: descriptors, source ports, name servers, routes, ping."""
    yield Finding("python", "ok", f"{sys.version.split()[0]} at {sys.executable}")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= _NEEDED_DESCRIPTORS:
        yield Finding(
            "descriptors", "ok", f"at most {'unlimited' if hard == resource.RLIM_INFINITY else hard} open files"
        )
    else:
        yield Finding(
            "descriptors", "warning", f"only {hard} open files", "raise LimitNOFILE of the unit or `ulimit -Hn`"
        )
    yield _source_ports()
    yield _name_servers()
    yield _route()
    yield _ping()


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace")
    except OSError:
        return ""


def _source_ports() -> Finding:
    numbers = _read("/proc/sys/net/ipv4/ip_local_port_range").split()
    if len(numbers) != 2:
        return Finding("source ports", "info", "the range cannot be read here")
    count = int(numbers[1]) - int(numbers[0]) + 1
    if count >= 4096:
        return Finding("source ports", "ok", f"{count} ({numbers[0]} to {numbers[1]})")
    return Finding("source ports", "warning", f"only {count}", "widen net.ipv4.ip_local_port_range")


def _name_servers() -> Finding:
    lines = [line.split() for line in _read("/etc/resolv.conf").splitlines()]
    servers = [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]
    if servers:
        return Finding("name servers", "ok", ", ".join(servers[:3]))
    return Finding("name servers", "warning", "none in /etc/resolv.conf: 127.0.0.1 is asked", "name a resolver there")


def _route() -> Finding:
    four = any(line.split()[1:2] == ["00000000"] for line in _read("/proc/net/route").splitlines()[1:])
    six = any(
        line.startswith("0" * 32 + " 00 ") and not line.rstrip().endswith(" lo")
        for line in _read("/proc/net/ipv6_route").splitlines()
    )
    if four or six:
        families = " and ".join(name for name, there in (("IPv4", four), ("IPv6", six)) if there)
        return Finding("default route", "ok", families)
    return Finding(
        "default route", "warning", "none: only this machine and its own networks can be probed", "check `ip route`"
    )


def _ping() -> Finding:
    numbers = _read("/proc/sys/net/ipv4/ping_group_range").split()
    if len(numbers) == 2 and int(numbers[0]) <= os.getegid() <= int(numbers[1]):
        return Finding("ping", "ok", "allowed without root")
    return Finding("ping", "info", "not allowed without root (net.ipv4.ping_group_range): not needed so far")


def _exists(path: Path) -> bool:
    """Whether it is there and can be looked at; `Path.exists` raises where a folder above is closed."""
    return os.path.exists(path)  # noqa: PTH110


def _existing(folder: Path) -> Path | None:
    """The folder, or the nearest one above it that is there."""
    return next((each for each in (folder, *folder.parents) if _exists(each)), None)


def _closed(folder: Path) -> str:
    """Why an engine could not keep files there; empty where it could."""
    there = _existing(folder)
    if there is None or os.access(there, os.W_OK | os.X_OK):
        return ""
    why = "read-only" if os.statvfs(there).f_flag & os.ST_RDONLY else "closed to this user"
    return f"{folder} cannot be {'written' if there == folder else 'made'}: {there} is {why}"


def configuration(home: Home) -> Iterator[Finding]:
    """Every file of the configuration, with every problem in it."""
    yield Finding("folders", "info", f"configuration {home.config}, state {home.state}, socket {home.runtime}")
    for folder in (home.config, home.state):
        if _exists(folder) and folder.stat().st_mode & 0o077:
            yield Finding("permissions", "warning", f"{folder} is open to other users", f"chmod 700 {folder}")
    for fault in load_knowledge(home.runbooks_folder).problems():
        yield Finding("runbooks", "error", f"{fault.where}: {fault.what}", fault.todo)
    try:
        settings = load_settings(home.config_file)
        choose_theme(settings.ui.theme, os.environ)
        catalogue = load_catalogue(home.services_folder)
        loaded = load_monitors(home.monitors_file, catalogue, settings.defaults)
    except UserError as error:
        yield Finding("files", "error", f"{error.where}: {error.what}", error.todo)
        return
    for problem in loaded.problems:
        yield Finding("monitors", "error", f"{problem.where}: {problem.what}", problem.todo)
    count = len(loaded.monitors)
    if not loaded.problems:
        yield Finding("monitors", "ok", f"{count} configured" if count else "none yet: `uptime-tui add TARGET`")
    for folder in dict.fromkeys((home.state, home.runtime)):
        closed = _closed(folder)
        if closed:
            yield Finding("folders", "error", closed, "make it writable, or name another home: no engine starts here")
    existing = _existing(home.state)
    if existing is not None and shutil.disk_usage(existing).free < _FREE_BYTES:
        yield Finding(
            "disk",
            "warning",
            f"less than 100 MB free at {existing}",
            "make room: once it is full, results are kept in memory only",
        )


def engine(home: Home) -> Iterator[Finding]:
    """Whether an engine runs for this home, and what was set aside."""
    from uptime_tui.client.greeting import answers
    from uptime_tui.client.spawn import is_running

    pid = is_running(home)
    if pid and not answers(home.socket_file, _ENGINE_S):
        what = f"pid {pid} does not answer: it is just starting, or it hangs"
        yield Finding("engine", "warning", what, "look again in a moment; if it hangs, `uptime-tui stop`")
    elif pid is None:
        yield Finding("engine", "info", "not running: the dashboard or `uptime-tui start` starts it")
    else:
        yield Finding("engine", "ok", f"running, pid {pid}")
    if _exists(home.journal_file):
        yield Finding("journal", "ok", f"{home.journal_file.stat().st_size / 1_048_576:.1f} MiB")
    for kept in sorted(home.state.glob("*.broken-*") if _exists(home.state) else ()):
        yield Finding("set aside", "warning", f"{kept} was damaged and kept aside", "delete it when it is not needed")
