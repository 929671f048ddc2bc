"""What a monitor says of TLS and certificates: the rules of these keys of `[monitor.expect]`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from uptime_tui.config.schema import ExpectTable
from uptime_tui.model.pattern import pattern
from uptime_tui.tomlfile.fields import Fault

_NAME: Final = pattern(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_.])?")
_PIN: Final = pattern(r"[0-9a-f]{64}")
_MAX_PINS: Final = 10
_MAX_DAYS: Final = 365
_MAX_FILE: Final = 10 * 1024 * 1024


def tls_faults(expect: ExpectTable) -> Iterator[Fault]:
    """What is wrong with the keys that begin with `tls_`."""
    if expect.tls_name and not _NAME.fullmatch(expect.tls_name):
        yield Fault(("expect", "tls_name"), "tls_name is no host name", 'write tls_name = "www.example.net"')
    for key, usual in (("tls_warn_days", 21), ("tls_critical_days", 7)):
        if not 0 <= (getattr(expect, key) or 0) <= _MAX_DAYS:
            yield Fault(("expect", key), f"{key} must be 0 to {_MAX_DAYS}", f"write {key} = {usual}")
    if (expect.tls_critical_days or 0) > expect.tls_warn_days:
        what = "tls_critical_days is more than tls_warn_days: it would be down before it is degraded"
        yield Fault(("expect", "tls_critical_days"), what, "lower it, or raise tls_warn_days")
    pins = read_pins(expect.tls_pin)
    if len(pins) > _MAX_PINS or not all(_PIN.fullmatch(pin) for pin in pins):
        what = f"tls_pin must be a SHA-256 fingerprint of 64 hexadecimal digits, or up to {_MAX_PINS} with commas"
        todo = "openssl x509 -noout -fingerprint -sha256 -in cert.pem prints it"
        yield Fault(("expect", "tls_pin"), what, todo)
    if expect.tls_ca_file:
        yield from _file_faults(expect.tls_ca_file)


def read_pins(text: str) -> tuple[str, ...]:
    """The fingerprints of a list with commas, in the form in which certificates have theirs; colons are taken out."""
    parts = (part.strip().lower().removeprefix("sha256:").replace(":", "") for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def critical_days(expect: ExpectTable) -> int:
    """What was written, or a third of the days of the warning."""
    return expect.tls_warn_days // 3 if expect.tls_critical_days is None else expect.tls_critical_days


def _file_faults(text: str) -> Iterator[Fault]:
    """The engine and `check` start in different folders and must find the same file, with a certificate in it."""
    where, todo = ("expect", "tls_ca_file"), 'write tls_ca_file = "/path/to/ca.pem"'
    path = Path(text)
    if not path.is_absolute() or not text.isprintable():
        yield Fault(where, "tls_ca_file must be a whole path, from /", todo)
        return
    try:
        with path.open("rb") as file:
            if b"-----BEGIN CERTIFICATE-----" not in file.read(_MAX_FILE):
                yield Fault(where, "tls_ca_file holds no PEM certificate", todo)
    except OSError as error:
        yield Fault(where, f"tls_ca_file cannot be read: {error.strerror}", todo)
