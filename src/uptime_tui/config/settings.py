"""The keys of `config.toml` with their defaults, and the file read into them; every problem has a file and a line.

The dashboard needs no more of `config`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from uptime_tui.config.lint import rule_faults
from uptime_tui.config.schema import Defaults
from uptime_tui.model.pattern import pattern
from uptime_tui.model.safetext import safe_text
from uptime_tui.tomlfile.fields import Fault, read_table, seconds
from uptime_tui.tomlfile.report import first_fault
from uptime_tui.tomlfile.source import parse, read_text

_MAX_NAMES: Final = 16
_NAME: Final = pattern(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){0,8}")


class ResolverSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[resolver]`."""

    nameservers: tuple[str, ...] = ()
    """IP addresses, `127.0.0.1:5353` for another port than 53, asked in this order; none: those of the system."""


class EngineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[engine]`."""

    max_probes_at_once: int = 512
    """Probes under way at the same time, at most; fewer where the system allows fewer open files."""
    retention_days: int = 90
    """Days that single results are kept, those on which no engine runs not counted."""


class UiSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[ui]`."""

    theme: str = ""
    """Empty: the default one."""
    ascii: bool | None = None
    """Only ASCII glyphs; left out: where the locale is not UTF-8."""
    clock: bool = True
    """Show the time of day."""
    mouse: bool = True
    """Take the mouse; false leaves selecting text to the terminal."""
    frames_per_second: int | None = None
    """Upper bound of redraws; left out: 10, over SSH 5."""


class TlsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[tls]`."""

    ca_file: str | None = None
    """PEM file of extra trust anchors."""


class DiagnoseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[diagnose]`."""

    dkim_selectors: tuple[str, ...] = ()
    """DKIM selectors of your mail domains; none: a few usual ones are tried, as a guess."""
    dnsbl: tuple[str, ...] = ()
    """Zones of block lists that a mail audit asks about your mail servers' addresses; mind their terms of use."""


class LintSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[lint]`."""

    ignore: tuple[str, ...] = ()
    """Rules of `uptime-tui lint` that do not count at all; a monitor's `lint_ignore` is for it alone."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`config.toml`."""

    resolver: ResolverSettings = ResolverSettings()
    engine: EngineSettings = EngineSettings()
    ui: UiSettings = UiSettings()
    defaults: Defaults = Defaults()
    tls: TlsSettings = TlsSettings()
    diagnose: DiagnoseSettings = DiagnoseSettings()
    lint: LintSettings = LintSettings()


def load_settings(path: Path) -> Settings:
    """Read `config.toml`; a missing file is all defaults.

    Raises:
        UserError: the first problem, with file and line, and how many more there are.
    """
    text = read_text(path)
    settings, faults = read_table(parse(text, path.name), Settings)
    if settings is not None:
        faults += _settings_faults(settings)
    if settings is None or faults:
        raise first_fault(faults, text, path.name)
    return settings


def _settings_faults(settings: Settings) -> list[Fault]:
    faults = list(_server_faults(settings.resolver.nameservers))
    if settings.tls.ca_file is not None:
        faults += _ca_faults(Path(settings.tls.ca_file))
    faults += _name_faults("dkim_selectors", settings.diagnose.dkim_selectors)
    faults += _name_faults("dnsbl", settings.diagnose.dnsbl)
    faults += rule_faults(settings.lint.ignore, ("lint", "ignore"))
    bounds = (
        (("engine", "max_probes_at_once"), settings.engine.max_probes_at_once, 1, 10_000),
        (("engine", "retention_days"), settings.engine.retention_days, 1, 3650),
        (("ui", "frames_per_second"), settings.ui.frames_per_second, 1, 30),
        (("defaults", "confirmations"), settings.defaults.confirmations, 1, 100),
    )
    for path, value, low, high in bounds:
        if value is not None and not low <= value <= high:
            faults.append(Fault(path, f"{path[-1]} must be {low} to {high}", f"write {path[-1]} = {low} or more"))
    for key, low_s, high_s, words in (("interval", 1.0, 1e6, "1s to 11d"), ("timeout", 0.05, 300.0, "50ms to 5m")):
        path = ("defaults", key)
        wanted_s = seconds(path, getattr(settings.defaults, key), faults)
        if wanted_s is not None and not low_s <= wanted_s <= high_s:
            faults.append(
                Fault(path, f"{key} must be {words}", f'write {key} = "{"60s" if key == "interval" else "10s"}"')
            )
    return faults


def _server_faults(addresses: tuple[str, ...]) -> Iterator[Fault]:
    if not addresses:
        return
    from uptime_tui.resolve.system import parse_server

    for address in addresses:
        try:
            parse_server(address)
        except ValueError:
            what = "a nameserver must be an IP address, with a port where it is not 53"
            yield Fault(("resolver", "nameservers"), what, 'write nameservers = ["192.0.2.53"]')


def _ca_faults(path: Path) -> Iterator[Fault]:
    """The engine and `check` start in different folders and must find the same file, with a certificate in it."""
    where, todo = ("tls", "ca_file"), 'write ca_file = "/path/to/ca.pem"'
    if not path.is_absolute():
        yield Fault(where, "ca_file must be a whole path, from /", todo)
        return
    try:
        if b"-----BEGIN CERTIFICATE-----" not in path.read_bytes():
            yield Fault(where, "ca_file holds no PEM certificate", todo)
    except OSError as error:
        yield Fault(where, f"ca_file cannot be read: {error.strerror}", todo)


def _name_faults(key: str, names: tuple[str, ...]) -> Iterator[Fault]:
    """Each is a name of the DNS, at most 16 of them."""
    if len(names) > _MAX_NAMES:
        yield Fault(("diagnose", key), f"more than {_MAX_NAMES} {key}", "leave some out")
    for name in names:
        if not _NAME.fullmatch(name):
            yield Fault(("diagnose", key), f"{safe_text(name, 40)!r} is no name of the DNS", f'write {key} = ["name"]')
