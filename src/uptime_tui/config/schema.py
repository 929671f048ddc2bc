"""The keys of a monitor, their types, and what stands for those left out: one declaration, read by all else here."""

from typing import Annotated, Any, Literal

import msgspec

from uptime_tui.config.told import told
from uptime_tui.model.units import parse_duration

Duration = str | int | float
"""As `model.units.parse_duration` reads it; a bare number means seconds."""

Closed = Literal["closed"]
"""`expect = "closed"`, instead of a table."""


class RequestTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[monitor.request]`: what is asked over HTTP, where it is more than a plain GET."""

    method: Annotated[str, told("method", "GET, HEAD, OPTIONS, POST, PUT, PATCH or DELETE.", "GET", only="http")] = (
        "GET"
    )
    headers: Annotated[
        tuple[str, ...],
        told(
            "send headers",
            'Headers to send, `"Name: value"`; a login goes into `login`.',
            "Name: value | Other: value",
            only="http",
        ),
    ] = ()
    body: Annotated[str, told("send body", "Text to send as the body, as UTF-8.", only="http")] = ""
    redirects: Annotated[
        Literal["none", "follow"],
        told(
            "redirects",
            "`none` judges the first answer; `follow` goes on, at most 5 times, all within the timeout.",
            "none or follow",
            only="http",
        ),
    ] = "none"
    allow_private_redirect: Annotated[
        bool,
        told(
            "private hosts",
            "A redirect may lead to a private, link-local or loopback address although its sender has none.",
            "no",
            only="http",
        ),
    ] = False


class LoginTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`login = { user = "uptime", password = "env:DB_PW" }` or `{ token = "file:/etc/uptime-tui/token" }`."""

    user: Annotated[
        str,
        told(
            "login user",
            "User name of the login. MySQL: an account without any right; PostgreSQL: the name in its first packet.",
            only="login",
        ),
    ] = ""
    password: Annotated[
        str,
        told(
            "password",
            "Where the password is kept: `env:NAME`, `file:/path`, `cred:name` or `keyring:service/user`. "
            "Never the password itself.",
            "env:NAME, file:/path, cred:name, keyring:service/user",
            only="password",
        ),
    ] = ""
    key: Annotated[
        str,
        told(
            "private key",
            "SFTP: where the private key is kept, as for the password; one without a passphrase.",
            "file:/path, cred:name …",
            only="key",
        ),
    ] = ""
    token: Annotated[
        str,
        told(
            "token",
            "HTTP: where a bearer token is kept, as for the password; instead of user and password.",
            "env:NAME, file:/path …",
            only="token",
        ),
    ] = ""
    header: Annotated[
        str,
        told(
            "token header",
            "HTTP: the header that carries the token, instead of `Authorization: Bearer`.",
            "X-Api-Key",
            only="token",
        ),
    ] = ""
    allow_plaintext_auth: Annotated[
        bool,
        told(
            "login in clear",
            "Send the login without TLS, or with a certificate that is not judged. "
            "Left out: only over judged TLS or to this machine.",
            "no",
            only="password",
        ),
    ] = False


class ExpectTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[monitor.expect]`: what must hold; a key that is left out asks for nothing."""

    status: Annotated[
        str | int, told("HTTP status", 'Status codes and ranges that mean up: `"200-299,301"` or `200`.', only="http")
    ] = ""
    keyword: Annotated[
        str, told("keyword", "Text that the body must contain.", "text that proves that it works", only="http")
    ] = ""
    keyword_absent: Annotated[
        str, told("not keyword", "Text that the body must not contain.", "text of the error page", only="http")
    ] = ""
    regex: Annotated[
        str,
        told(
            "regex",
            "Pattern of Python's `re` that must be found in the first 256 KiB of the body; "
            "a search that takes more than a quarter of a second is given up, and the status is unknown.",
            "[0-9]+ items in stock",
            only="http",
        ),
    ] = ""
    json: Annotated[bool, told("JSON", "The body must be valid JSON.", "no", only="http")] = False
    json_values: Annotated[
        tuple[str, ...],
        told(
            "JSON values",
            "Values that must be in a JSON body: `'data.items[0].status == \"ok\"'`.",
            'data.items[0].status == "ok" | queue == 0',
            only="http",
        ),
    ] = ()
    headers: Annotated[
        tuple[str, ...],
        told(
            "headers",
            'Headers of the answer: `"Name"` must be there, `"Name == value"` be equal, `"Name contains text"`.',
            "Strict-Transport-Security | Content-Type contains json",
            only="http",
        ),
    ] = ()
    redirect: Annotated[
        str,
        told(
            "redirect to",
            "The first answer must redirect, and its `Location` begin so.",
            "https://www.example.net/",
            only="http",
        ),
    ] = ""
    min_body: Annotated[
        str | int, told("least body", 'Least size of the body: bytes, or `"2KB"` (of 1,024).', "0", only="http")
    ] = 0
    max_body: Annotated[
        str | int,
        told(
            "most body",
            'More body than this is `body_too_large`: bytes, or `"64KB"`, `"1MB"` (of 1,024).',
            "1MB",
            only="http",
        ),
    ] = "1MB"
    slow: Annotated[
        Duration | None, told("slow", "A probe that takes longer in all is `too_slow`: degraded, not down.", "2s")
    ] = None
    tls_verify: Annotated[
        bool, told("judge cert", "False: the certificate is shown, but not judged.", "yes", only="tls")
    ] = True
    tls_name: Annotated[
        str, told("cert name", "Name for SNI and the certificate, where it is not the target's host.", only="tls")
    ] = ""
    tls_warn_days: Annotated[
        int,
        told(
            "cert warning",
            "Degraded when the certificate ends in fewer days than this; "
            "one that lives less than 30 days is judged by a third of its life.",
            "21",
            only="tls",
        ),
    ] = 21
    tls_critical_days: Annotated[
        int | None,
        told(
            "cert critical",
            "Down when the certificate ends in fewer days than this; a third of `tls_warn_days` when left out. "
            "One that lives less than 30 days is judged by a sixth of its life.",
            "7",
            only="tls",
        ),
    ] = None
    tls_min_version: Annotated[
        Literal["1.0", "1.1", "1.2", "1.3"],
        told(
            "TLS version",
            "The oldest TLS version that is spoken; a server without it is down. "
            "`1.0` and `1.1` are for machines that cannot be renewed.",
            "1.2",
            only="tls",
        ),
    ] = "1.2"
    tls_pin: Annotated[
        str,
        told(
            "pinned cert",
            "SHA-256 fingerprint of the one certificate that is right, or several with commas between; "
            "issuer and name do not count then, any other certificate is down.",
            "SHA-256 fingerprint",
            only="tls",
        ),
    ] = ""
    tls_ca_file: Annotated[
        str,
        told(
            "private CA",
            "PEM file of the authorities that are trusted instead of the system's; read again when it changes.",
            "/etc/ssl/private-ca.pem",
            only="tls",
        ),
    ] = ""
    plaintext_ok: Annotated[
        bool, told("without TLS", "Mail: a server that offers no STARTTLS is up all the same.", "no", only="starttls")
    ] = False


class MonitorTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[monitor]]` block as it is written."""

    name: Annotated[str, told("name", "What it is called everywhere; 1 to 80 characters, each name once.")]
    target: Annotated[
        str,
        told(
            "target",
            "`scheme://host[:port][/path]` or `host:port`.",
            "https://shop.example.net/health, smtp://mx1, db3:5432",
        ),
    ]
    category: Annotated[str, told("category", "The group it is shown in; the service's own when left out.")] = ""
    purpose: Annotated[str, told("purpose", "What it is for, for whoever is woken by it.")] = ""
    interval: Annotated[
        Duration | None, told("interval", "Time from probe to probe; the service's own when left out.")
    ] = None
    timeout: Annotated[Duration | None, told("timeout", "Whole time of one probe; 10 s when left out.", "10s")] = None
    confirmations: Annotated[int | None, told("confirmations", "Failures in a row that confirm one.", "3")] = None
    recoveries: Annotated[int | None, told("recoveries", "Successes in a row that end a failure.", "2")] = None
    tags: Annotated[tuple[str, ...], told("tags", "Words to filter by (`#shop`).", "comma separated", joint=", ")] = ()
    runbook: Annotated[
        str, told("runbook", "A link or a line of your own.", "a link or a line shown when it fails")
    ] = ""
    address_family: Annotated[
        str | int,
        told("IP version", 'Only IPv4 or IPv6 addresses of the target\'s name: `4`, `6`, or `"any"`.', "any, 4 or 6"),
    ] = "any"
    addresses: Annotated[
        Literal["all", "first", "rotate"],
        told(
            "addresses",
            "Of a name with several: `all` speaks to each in every probe (at most 4, more take turns), `rotate` to one "
            "a probe in turn, `first` only to the one that this system prefers.",
            "all, first or rotate",
        ),
    ] = "all"
    mail_domain: Annotated[
        str,
        told(
            "mail domain",
            "Mail: the domain whose records are audited with this server, where it is not that of the host's name.",
            "shop.example, where the host is mx1.provider.net",
            only="mail",
        ),
    ] = ""
    lint_ignore: Annotated[
        tuple[str, ...],
        told(
            "",
            "Rules of `uptime-tui lint` that do not count here; `exposed` takes the warning off the row as well.",
            "purpose-missing, exposed",
            joint=", ",
        ),
    ] = ()
    paused: Annotated[bool, told("", "Not probed until it is resumed.")] = False
    request: Annotated[RequestTable, told("", "What is asked over HTTP; see below.")] = RequestTable()
    login: Annotated[LoginTable, told("", "How to log in; see below.")] = LoginTable()
    expect: Annotated[
        ExpectTable | Closed,
        told(
            "port must be",
            'What must hold: a table, see below; or `"closed"`: the port must not answer from here. '
            "Refused, filtered or prohibited is up then, an answer is down.",
            "closed, for a port that must not answer",
        ),
    ] = ExpectTable()

    @property
    def must_hold(self) -> ExpectTable:
        """What `expect` asks for; nothing of this where the port must not answer at all."""
        return self.expect if isinstance(self.expect, ExpectTable) else ExpectTable()


class Defaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[defaults]`: what a monitor gets that does not say it."""

    interval: Duration | None = None
    """Time from probe to probe; left out: the service's own."""
    timeout: Duration | None = None
    """Whole time of one probe; left out: 10 s."""
    confirmations: int | None = None
    """Failures in a row that confirm one; left out: 3."""

    @property
    def interval_s(self) -> float | None:
        """Seconds; None: the service's own."""
        return None if self.interval is None else parse_duration(str(self.interval))

    @property
    def timeout_s(self) -> float | None:
        """Seconds; None: the built-in one."""
        return None if self.timeout is None else parse_duration(str(self.timeout))


TABLES: dict[str, type[Any]] = {"request": RequestTable, "login": LoginTable, "expect": ExpectTable}
"""Sub-tables of a `[[monitor]]` block by key."""
