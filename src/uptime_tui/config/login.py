"""A monitor's `login` table: where its secret is kept, checked without looking there."""

from collections.abc import Iterator
from typing import Final

from uptime_tui.catalogue.service import Service
from uptime_tui.config.http import is_token
from uptime_tui.config.schema import LoginTable
from uptime_tui.model.monitor import NO_LOGIN, Login
from uptime_tui.model.pattern import pattern
from uptime_tui.model.safetext import is_safe
from uptime_tui.model.secret import parse_reference
from uptime_tui.tomlfile.fields import Fault

_USER: Final = pattern(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_MAX_USER: Final = 200
_NOT_FOR_TOKENS: Final = frozenset({"host", "connection", "content-length", "transfer-encoding", "user-agent"})
_EMPTY: Final = LoginTable()


def login_faults(table: LoginTable, service: Service | None) -> Iterator[Fault]:
    """What is wrong with the table; no message repeats a value of it."""
    if table == _EMPTY:
        return
    if service is not None and not service.login:
        yield Fault(("login",), f"{service.name} is probed without a login", "remove login")
        return
    for key in ("password", "token", "key"):
        text = getattr(table, key)
        try:
            if text:
                parse_reference(text)
        except ValueError as error:
            yield Fault(("login", key), f"{key}: {error}")
    if service is not None and service.login_secret == "key":  # noqa: S105 - a kind
        yield from _key_faults(table)
        return
    if table.key:
        yield Fault(("login", "key"), "a private key is for SFTP", "write password instead")
    if table.password and table.token:
        yield Fault(("login", "token"), "a login has a password or a token, not both", "remove one")
    else:
        yield from _secret_faults(table, "needed" if service is None else service.login_secret)
    http = service is not None and service.handshake == "http"
    yield from _http_faults(table) if http else _other_faults(table)
    yield from _user_faults(table)


def _user_faults(table: LoginTable) -> Iterator[Fault]:
    if len(table.user) > _MAX_USER or not is_safe(table.user):
        what = f"user must be at most {_MAX_USER} visible characters"
        yield Fault(("login", "user"), what, "shorten it")


def _key_faults(table: LoginTable) -> Iterator[Fault]:
    for name in ("password", "token", "header", "allow_plaintext_auth"):
        if getattr(table, name):
            yield Fault(("login", name), f"this login has a private key and no {name}", f"remove {name}")
    if not table.key:
        yield Fault(("login",), "a login needs a private key", 'write key = "file:/path"')
    if not table.user:
        yield Fault(("login", "user"), "a login needs a user", 'write user = "backup"')
    yield from _user_faults(table)


def _secret_faults(table: LoginTable, wanted: str) -> Iterator[Fault]:
    if table.password or table.token:
        if wanted == "never":
            yield Fault(("login", "password"), "no password is sent to this service", "remove password")
    elif wanted == "needed":
        yield Fault(("login",), "a login needs a password or a token", 'write password = "env:NAME"')
    elif not table.user:
        yield Fault(("login", "user"), "a login needs a user", 'write user = "uptime"')


def _http_faults(table: LoginTable) -> Iterator[Fault]:
    if table.password and not table.user:
        yield Fault(("login", "user"), "a password needs a user", 'write user = "…"')
    if ":" in table.user:
        yield Fault(("login", "user"), "over HTTP a user name holds no colon", "write it without")
    if table.token and table.user:
        yield Fault(("login", "user"), "a token needs no user", "remove user")
    if table.header and not table.token:
        yield Fault(("login", "header"), "header is for a token", 'write token = "env:NAME"')
    if table.header and (not is_token(table.header) or table.header.lower() in _NOT_FOR_TOKENS):
        yield Fault(("login", "header"), "header cannot carry a token", 'write header = "X-Api-Key"')


def _other_faults(table: LoginTable) -> Iterator[Fault]:
    for key in ("token", "header"):
        if getattr(table, key):
            yield Fault(("login", key), f"{key} is for HTTP", "write user and password")
    if table.user and not _USER.fullmatch(table.user):
        what = "user must be 1 to 32 letters, digits, dots, hyphens or underscores"
        yield Fault(("login", "user"), what, 'write user = "uptime"')


def read_login(table: LoginTable) -> Login:
    """The login of a table without faults."""
    if table == _EMPTY:
        return NO_LOGIN
    secret = table.password or table.token or table.key
    return Login(table.user, secret, table.header, table.allow_plaintext_auth, bool(table.key))
