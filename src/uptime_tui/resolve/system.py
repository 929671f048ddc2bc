"""How this system resolves names: the order of its sources, its hosts file, its name servers and search domains.

Sources: nsswitch.conf(5), hosts(5), resolv.conf(5). Files are read again when their time or size changes.
"""

import ipaddress
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Generic, NamedTuple, TypeVar

T = TypeVar("T")
_MAX_BYTES: Final = 4_194_304
_MAX_NAME: Final = 253


class NameServers(NamedTuple):
    """What resolv.conf says."""

    servers: tuple[tuple[str, int], ...] = (("127.0.0.1", 53),)
    search: tuple[str, ...] | None = None
    """None: the file does not say; then it is the domain of this machine's own name (resolv.conf(5))."""
    ndots: int = 1
    timeout_s: float = 5.0
    attempts: int = 2


class WatchedFile(Generic[T]):
    """A parsed file, read again when it changed. A file that cannot be read is an empty one."""

    def __init__(self, path: Path, parse: Callable[[str], T]) -> None:
        self._path = path
        self._parse = parse
        self._stamp: tuple[int, int, int] | None = None
        self._value = parse("")

    def stamp(self) -> tuple[int, int, int] | None:
        """Changes with the file; None while there is none."""
        try:
            info = self._path.stat()
        except OSError:
            return None
        return info.st_mtime_ns, info.st_size, info.st_ino

    def value(self) -> T:
        """The parsed content as it is now."""
        stamp = self.stamp()
        if stamp != self._stamp:
            try:
                text = "" if stamp is None else self._path.read_bytes()[:_MAX_BYTES].decode("utf-8", "replace")
            except PermissionError:
                text = ""
            except OSError:
                return self._value  # out of descriptors, or in the midst of a change: what was known still counts
            self._stamp, self._value = stamp, self._parse(text)
        return self._value


def parse_hosts(text: str) -> Mapping[str, tuple[str, ...]]:
    """Lower-case name to its addresses, in the order of the file."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        words = line.split("#", 1)[0].split()
        if len(words) < 2 or not is_address(words[0]):
            continue
        for name in words[1:]:
            addresses = found.setdefault(name.lower().rstrip("."), [])
            if words[0] not in addresses:
                addresses.append(words[0])
    return {name: tuple(addresses) for name, addresses in found.items()}


def parse_nsswitch(text: str) -> tuple[str, ...]:
    """Sources of `hosts:` in order, actions in brackets left out; `files dns` when nothing is said."""
    for line in text.splitlines():
        key, colon, rest = line.split("#", 1)[0].partition(":")
        if colon and key.strip() == "hosts":
            words = tuple(word for word in rest.split() if not word.startswith(("[", "!")) and not word.endswith("]"))
            return words or ("files", "dns")
    return ("files", "dns")


def parse_resolv(text: str) -> NameServers:
    """Name servers, search domains and options of resolv.conf."""
    servers: list[tuple[str, int]] = []
    search: tuple[str, ...] | None = None
    options: dict[str, int] = {}
    for line in text.splitlines():
        words = line.split("#", 1)[0].split(";", 1)[0].split()
        if len(words) < 2:
            continue
        if words[0] == "nameserver" and is_address(words[1]):
            servers.append((words[1], 53))
        elif words[0] in {"search", "domain"}:
            search = tuple(word.lower().strip(".") for word in words[1:] if word.strip("."))
        elif words[0] == "options":
            for word in words[1:]:
                key, _, number = word.partition(":")
                if number.isdigit():
                    options[key] = int(number)
    return NameServers(
        tuple(servers[:3]) or (("127.0.0.1", 53),),
        search,
        min(options.get("ndots", 1), 15),
        float(min(max(options.get("timeout", 5), 1), 30)),
        min(max(options.get("attempts", 2), 1), 5),
    )


def parse_server(text: str) -> tuple[str, int]:
    """`127.0.0.1`, `127.0.0.1:5353`, `[::1]:53` as address and port.

    Raises:
        ValueError: it is none of them.
    """
    host, port = text.strip(), "53"
    if host.startswith("["):
        host, _, tail = host[1:].partition("]")
        port = tail[1:] if tail.startswith(":") else port
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    if not is_address(host) or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"not the address of a name server: {text[:60]!r}")
    return host, int(port)


def is_address(text: str) -> bool:
    """Whether the text is an IP literal."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def candidates(name: str, servers: NameServers) -> tuple[str, ...]:
    """Full names to ask for, in order: search domains first when the name has fewer dots than `ndots`."""
    longer = tuple(full for domain in servers.search or () if len(full := f"{name}.{domain}") <= _MAX_NAME)
    return (name, *longer) if name.count(".") >= servers.ndots else (*longer, name)
