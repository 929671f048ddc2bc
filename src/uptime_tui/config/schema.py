"""The keys of the two files, their types and their defaults: one declaration, read by everything else here."""

from typing import Any

import msgspec

from uptime_tui.model.units import parse_duration

Duration = str | int | float
"""As `model.units.parse_duration` reads it; a bare number means seconds."""


class ExpectTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[monitor.expect]`: what must hold; a key that is left out asks for nothing."""

    status: str | int = ""
    """HTTP: `"200-299,301"` or `200`."""
    keyword: str = ""
    keyword_absent: str = ""
    json: bool = False
    redirect: str = ""
    max_body: str | int = "1MB"
    """Bytes, or `"64KB"`, `"1MB"` (of 1,024)."""
    slow: Duration | None = None
    tls_verify: bool = True
    tls_name: str = ""
    tls_warn_days: int = 21
    plaintext_ok: bool = False


class LoginTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[monitor.login]`: the account a probe calls with; left out, it calls without one."""

    user: str = ""
    """MySQL, MariaDB: an account without any right (`uptime@watcher`); PostgreSQL: the name in the startup packet."""


class MonitorTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[monitor]]` block as it is written."""

    name: str
    target: str
    category: str = ""
    """The service's when left out."""
    purpose: str = ""
    interval: Duration | None = None
    """The service's when left out."""
    timeout: Duration | None = None
    confirmations: int | None = None
    """Failures in a row that confirm one."""
    recoveries: int | None = None
    """Successes in a row that end it."""
    tags: tuple[str, ...] = ()
    runbook: str = ""
    paused: bool = False
    expect: ExpectTable = ExpectTable()
    login: LoginTable = LoginTable()


class ResolverSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[resolver]`."""

    nameservers: tuple[str, ...] = ()
    """IP addresses, `127.0.0.1:5353` for another port than 53, asked in this order; none: those of the system."""


class EngineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[engine]`."""

    max_probes_at_once: int = 512
    retention_days: int = 90
    """How long single results are kept."""


class UiSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[ui]`."""

    theme: str = ""
    """Empty: the default one."""
    ascii: bool | None = None
    """Only ASCII glyphs; left out: where the locale is not UTF-8."""
    clock: bool = True
    mouse: bool = True
    frames_per_second: int | None = None
    """Upper bound of redraws; left out: 10, over SSH 5."""


class Defaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[defaults]`: what a monitor gets that does not say it."""

    interval: Duration | None = None
    timeout: Duration | None = None
    confirmations: int | None = None

    @property
    def interval_s(self) -> float | None:
        """Seconds; None: the service's own."""
        return None if self.interval is None else parse_duration(str(self.interval))

    @property
    def timeout_s(self) -> float | None:
        """Seconds; None: the built-in one."""
        return None if self.timeout is None else parse_duration(str(self.timeout))


class TlsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[tls]`."""

    ca_file: str | None = None
    """PEM file of extra trust anchors."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`config.toml`."""

    resolver: ResolverSettings = ResolverSettings()
    engine: EngineSettings = EngineSettings()
    ui: UiSettings = UiSettings()
    defaults: Defaults = Defaults()
    tls: TlsSettings = TlsSettings()


TABLES: dict[str, type[Any]] = {"expect": ExpectTable, "login": LoginTable}
"""Sub-tables of a `[[monitor]]` block by key."""
