"""Writes the lab's home: a configuration that asks the lab's name server, trusts its CA, and watches its fleet."""

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from uptime_tui.client.spawn import is_running
from uptime_tui.config.paths import find_home
from uptime_tui.lab.fleet import Entry

ENGINE_ENDS_S: Final = 10.0
Table = Mapping[str, str | int | bool | list[str]]
CA_FILE: Final = "ca.pem"
PRIVATE_CA_FILE: Final = "internal-ca.pem"
_CONFIG: Final = """\
# Configuration of the demo. Everything here lives on 127.0.0.0/8 of this machine and ends with the demo.

[resolver]
# the lab's own name server: *.hosting.example exists nowhere else
nameservers = [{nameserver}]

[tls]
# the lab's own certificate authority, trusted beside the system's
ca_file = {ca_file}
"""
_MONITORS: Final = """\
# What the demo watches: a small hosting company. Edit it while the dashboard is open: a saved change is
# taken over at once, and a mistake is told with its line while the last good set keeps running.
"""


def write_home(
    folder: Path,
    entries: Sequence[Entry],
    *,
    ports: Mapping[str, int],
    categories: Mapping[str, str],
    nameserver: str,
    ca_pem: bytes,
    private_pem: bytes,
) -> None:
    """Write `config.toml`, `monitors.toml` and the CA's certificate.

    Args:
        folder: made with mode 0700 where it does not exist; passwords of the lab's servers lie in it as well.
        entries: the fleet.
        ports: monitor's name to the port its server has taken.
        categories: monitor's name to its category.
        nameserver: `address:port`.
        ca_pem: the trusted root.
        private_pem: the root that single monitors name.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca_file = folder / CA_FILE
    config = _CONFIG.format(nameserver=_quoted(nameserver), ca_file=_quoted(str(ca_file.absolute())))
    blocks = [_MONITORS]
    in_order = sorted(entries, key=lambda entry: list(categories.values()).index(categories[entry.name]))
    for category, group in groupby(in_order, key=lambda entry: categories[entry.name]):
        blocks.append(f"\n# --- {category} {'-' * (70 - len(category))}\n")
        blocks.extend(_block(entry, ports[entry.name], folder) for entry in group)
    _write(ca_file, ca_pem)
    _write(folder / PRIVATE_CA_FILE, private_pem)
    _write(folder / "config.toml", config.encode())
    _write(folder / "monitors.toml", "".join(blocks).encode())


def remove_home(folder: Path) -> None:
    """Remove a home that nobody keeps: at once, or when the engine that runs on it has ended.

    An engine ends with its last client. Whoever started the lab may have been killed and cannot clean up.
    """
    home = find_home(str(folder), {})
    deadline_s = time.monotonic() + ENGINE_ENDS_S
    while is_running(home) is not None and time.monotonic() < deadline_s:
        time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)


def _block(entry: Entry, port: int, folder: Path) -> str:
    target = f"{entry.service}://{entry.host}:{port}{entry.path}"
    lines = ["", "[[monitor]]", f"name = {_quoted(entry.name)}", f"target = {_quoted(target)}"]
    texts = {key: getattr(entry, key) for key in ("category", "purpose", "interval", "timeout", "runbook")}
    lines += [f"{key} = {_quoted(text)}" for key, text in texts.items() if text]
    if entry.tags:
        lines.append(f"tags = [{', '.join(_quoted(tag) for tag in entry.tags)}]")
    if entry.paused:
        lines.append("paused = true")
    login = {"user": entry.user} if entry.user else {}
    if entry.password:
        kept = folder.absolute() / f"{entry.host}.password"
        _write(kept, f"{entry.password}\n".encode())
        login["password"] = f"file:{kept}"
    expect = dict(entry.expect)
    if "tls_ca_file" in expect:
        expect["tls_ca_file"] = str(folder.absolute() / str(expect["tls_ca_file"]))
    tables: dict[str, Table] = {"request": entry.request, "login": login, "expect": expect}
    for name, table in tables.items():
        if table:
            lines += ["", f"[monitor.{name}]", *(f"{key} = {_quoted(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _quoted(value: str | int | list[str]) -> str:
    """A TOML basic string, number, boolean or array of strings; JSON's forms are a subset of TOML's."""
    return json.dumps(value, ensure_ascii=False)


def _write(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)
