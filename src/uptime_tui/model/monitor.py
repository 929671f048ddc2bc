"""What is watched: one configured target with what must hold and how often to look."""

from typing import Final, Literal

import msgspec

from uptime_tui.model.target import Target
from uptime_tui.model.units import MonitorId

AddressChoice = Literal["all", "first", "rotate"]
"""Which addresses of a name a probe speaks to."""
AddressFamily = Literal[0, 4, 6]
"""Which kind of address; 0: any."""

DEFAULT_INTERVAL_S: Final = 60.0
DEFAULT_TIMEOUT_S: Final = 10.0
DEFAULT_FAILURE_THRESHOLD: Final = 3
DEFAULT_SUCCESS_THRESHOLD: Final = 2


class HttpRequest(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """HTTP: what is asked, where it is more than a plain GET."""

    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    """Name and value; neither a login nor what the conversation itself needs (`Host` may be)."""
    body: str = ""
    follow: bool = False
    """Redirects are followed, at most 5; False: the first answer is the one that is judged."""
    allow_private_redirect: bool = False
    """A redirect may lead further inside a network than the server that sent it."""


class Login(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """How a probe logs in. The secret is a reference (`model.secret`), never a value."""

    user: str = ""
    secret: str = ""
    """`env:NAME`, `file:/path`, `cred:name`, `keyring:service/user`; empty: no login."""
    header: str = ""
    """HTTP: the header that carries a token; empty: `Authorization: Bearer`."""
    allow_plaintext_auth: bool = False
    """Send it without TLS, or within TLS that is not verified."""
    is_key: bool = False
    """The secret is a private key: text of several lines, which is used and never sent."""


NO_LOGIN: Final = Login()
PLAIN_REQUEST: Final = HttpRequest()


class HeaderCheck(msgspec.Struct, frozen=True, gc=False):
    """A header of the answer that must be there."""

    name: str
    """Lower case."""
    how: Literal["present", "equals", "contains"] = "present"
    value: str = ""


class Expectations(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What must hold for a probe to succeed. Only what the target's service can show is looked at."""

    status: str = ""
    """HTTP: accepted status codes and ranges, `200-299,301`; empty means what the service declares."""
    keyword: str = ""
    """HTTP: text the body must contain; empty asks for nothing."""
    keyword_absent: str = ""
    """HTTP: text the body must not contain."""
    json: bool = False
    """HTTP: the body must parse as JSON."""
    regex: str = ""
    """HTTP: pattern (Python's `re`) that must be found in the body."""
    json_values: tuple[str, ...] = ()
    """HTTP: checks of `model.jsonpath`, all of which must hold."""
    headers: tuple[HeaderCheck, ...] = ()
    """HTTP: of the answer."""
    redirect: str = ""
    """HTTP: where the answer must redirect to (prefix of the Location); empty asks for nothing."""
    max_body_bytes: int = 1_048_576
    """HTTP: more body than this is `body_too_large`."""
    min_body_bytes: int = 0
    """HTTP: less body than this is `keyword_missing`: what the page is for is not on it."""
    slow_ms: int = 0
    """Any service: a total above this is `too_slow`; 0 asks for nothing."""
    tls_verify: bool = True
    """False: the certificate is shown but not judged."""
    tls_name: str = ""
    """Name for SNI and the certificate, when it is not the target's host."""
    tls_warn_days: int = 21
    """`tls_expiring` below; certificates that live less than 30 days are judged by a third of their life instead."""
    tls_critical_days: int = 7
    """Down below; a sixth of their life instead."""
    tls_least: str = "1.2"
    """Oldest TLS version that is spoken."""
    tls_pins: tuple[str, ...] = ()
    """SHA-256 of the certificates of which one is wanted, lowercase hex; none: whichever issuer and name vouch for."""
    tls_ca_file: str = ""
    """PEM file of the only trust anchors; empty: the system's and those of `config.toml`."""
    plaintext_ok: bool = False
    """Mail: True accepts a server that offers no STARTTLS."""
    closed: bool = False
    """The port must not answer; nothing else is expected then."""


NO_EXPECTATIONS: Final = Expectations()


class Monitor(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One configured target. Built by `config` only, so every field has been checked.

    What is not said is the very default: thousands share it, and it is not sent.
    """

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
    mail_domain: str = ""
    """Audited with this mail server; empty: the one that its host's name belongs to."""
    lint_ignore: tuple[str, ...] = ()
    """Ids of rules that do not count for it (`lint.audit`)."""
    address_family: AddressFamily = 0
    addresses: AddressChoice = "all"
    expect: Expectations = NO_EXPECTATIONS
    request: HttpRequest = PLAIN_REQUEST
    login: Login = NO_LOGIN

    @property
    def caller(self) -> str:
        """Who calls where, as the server sees it: what a `Rest` is for."""
        return f"{self.login.user}@{self.target.host}:{self.target.port}"

    @property
    def resource(self) -> str:
        """Who asks what there: what a rest is for that a server asks for itself. No caller reads like that.

        Another site behind the same address, and the other family of the same name, may well answer.
        """
        site = [value for name, value in self.request.headers if name.lower() == "host"]
        family = [f"IPv{self.address_family}"] if self.address_family else []
        return " ".join((self.caller, self.target.path, *site, *family))

    def probes_like(self, other: "Monitor") -> bool:
        """Whether a probe of the other one says the same: where it goes, what it asks and what must hold are equal."""
        mine = (self.target, self.expect, self.request, self.login, self.address_family, self.addresses)
        return mine == (
            other.target, other.expect, other.request, other.login, other.address_family, other.addresses
        )  # fmt: skip
