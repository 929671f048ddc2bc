"""What is watched: one configured target with what must hold and how often to look."""

from typing import Final

import msgspec

from uptime_tui.model.target import Target
from uptime_tui.model.units import MonitorId

DEFAULT_INTERVAL_S: Final = 60.0
DEFAULT_TIMEOUT_S: Final = 10.0
DEFAULT_FAILURE_THRESHOLD: Final = 3
DEFAULT_SUCCESS_THRESHOLD: Final = 2


class Expectations(msgspec.Struct, frozen=True):
    """What must hold for a probe to succeed. Only what the target's service can show is looked at."""

    status: str = ""
    """HTTP: accepted status codes and ranges, `200-299,301`; empty means what the service declares."""
    keyword: str = ""
    """HTTP: text the body must contain; empty asks for nothing."""
    keyword_absent: str = ""
    """HTTP: text the body must not contain."""
    json: bool = False
    """HTTP: the body must parse as JSON."""
    redirect: str = ""
    """HTTP: where the answer must redirect to (prefix of the Location); empty asks for nothing."""
    max_body_bytes: int = 1_048_576
    """HTTP: more body than this is `body_too_large`."""
    slow_ms: int = 0
    """Any service: a total above this is `too_slow`; 0 asks for nothing."""
    tls_verify: bool = True
    """False: the certificate is shown but not judged."""
    tls_name: str = ""
    """Name for SNI and the certificate, when it is not the target's host."""
    tls_warn_days: int = 21
    """Certificates that live less than 30 days are judged by a third of their life instead."""
    plaintext_ok: bool = False
    """Mail: True accepts a server that offers no STARTTLS."""


class Login(msgspec.Struct, frozen=True):
    """The account a monitor calls with, where its service has logins."""

    user: str = ""
    """Empty: none; the service is seen without a login."""


class Monitor(msgspec.Struct, frozen=True):
    """One configured target. Built by `config` only, so every field has been checked."""

    id: MonitorId
    name: str
    """Unique within the fleet; 1 to 80 safe characters."""
    target: Target
    category: str
    """From the catalogue when the file leaves it out."""
    purpose: str = ""
    interval_s: float = DEFAULT_INTERVAL_S
    timeout_s: float = DEFAULT_TIMEOUT_S
    failure_threshold: int = DEFAULT_FAILURE_THRESHOLD
    """Failures in a row to confirm one; 1 where the class is deterministic."""
    success_threshold: int = DEFAULT_SUCCESS_THRESHOLD
    """Successes in a row to recover."""
    tags: tuple[str, ...] = ()
    runbook: str = ""
    """A link or a line of the user's own; shown in the panel."""
    paused: bool = False
    expect: Expectations = Expectations()
    login: Login = Login()

    @property
    def question(self) -> tuple[Target, Expectations, Login]:
        """All that decides what a result means: when it changes, what was known does not count any more."""
        return self.target, self.expect, self.login

    @property
    def caller(self) -> str:
        """Who calls where, as the server sees it: what a `Rest` is for."""
        return f"{self.login.user}@{self.target.host}:{self.target.port}"
