"""Exim as a second mail server: with STARTTLS, in TLS, with an expired certificate, without TLS, full, and one that turns
visitors away by its rules: `listed` at once, `unnamed` at their EHLO."""

import getpass
import grp
import pwd
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.servers import (
    Served,
    ServerLog,
    converse,
    daemon,
    do_without,
    free_port,
    need,
    ordinary_user,
    own_address,
    server_folder,
    write_certificates,
)

_TLS = "tls_advertise_hosts = *\n"
VARIANTS = {
    "smtp": _TLS,
    "smtps": _TLS,
    "expired": _TLS,
    "plaintext": "tls_advertise_hosts =\n",
    "busy": f"{_TLS}smtp_accept_max_per_host = 1\n",
    "listed": (
        "acl_smtp_connect = all\nbegin acl\nall:\n  deny message = $sender_host_address is listed at zen.spamhaus.org\n"
    ),
    "unnamed": "acl_smtp_helo = all\nbegin acl\nall:\n  deny message = we do not know that name\n",
}


@pytest.fixture(scope="session")
def exim() -> Iterator[Served]:
    """A port and a log for each variant. Debian's package conflicts with Postfix's: `.ci/run` takes the program out of it."""
    binary = need("exim4", "exim4-daemon-light")
    if "Debian-exim" not in {entry.pw_name for entry in pwd.getpwall()}:
        do_without("Debian's Exim does not start where there is no user Debian-exim")
    address = own_address()
    served = Served(address, {variant: free_port(address) for variant in VARIANTS})
    with ExitStack() as stack:
        for variant, options in VARIANTS.items():
            folder = stack.enter_context(server_folder())
            # in the foreground and without privileges Exim logs to its standard error
            log = served.logs[variant] = ServerLog(folder / "output")
            (folder / "exim.conf").write_text(_conf(binary, folder, served, variant, options))
            command = [binary, "-C", str(folder / "exim.conf"), "-bdf"]
            port = served.ports[variant]
            if variant == "smtps":
                stack.enter_context(daemon(command, folder, lambda log=log: "listening for SMTPS" in log.since(0)))
            else:
                stack.enter_context(daemon(command, folder, lambda port=port: _greets(address, port)))
                log.wait_for("rejected connection" if variant == "listed" else "closed by QUIT", 0)
        yield served


def _greets(address: str, port: int) -> bool:
    said = converse(address, port, b"", until=b"\r\n", goodbye=b"QUIT\r\n")
    return b"ESMTP Exim" in said or b" is listed " in said


def _conf(binary: str, folder: Path, served: Served, variant: str, options: str) -> str:
    certificate, key = write_certificates(folder)["expired" if variant == "expired" else "good"]
    user = ordinary_user() or getpass.getuser()
    group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    (folder / "spool").mkdir()
    port = served.ports[variant]
    in_tls = f"tls_on_connect_ports = {port}\n" if variant == "smtps" else ""
    return f"""exim_path = {binary}
exim_user = {user}
exim_group = {group}
primary_hostname = mx2.example.test
spool_directory = {folder}/spool
pid_file_path = {folder}/exim.pid
local_interfaces = {served.address}
daemon_smtp_ports = {port}
never_users =
keep_environment =
host_lookup =
rfc1413_hosts =
tls_certificate = {certificate}
tls_privatekey = {key}
log_selector = +smtp_connection +smtp_no_mail
{in_tls}{options}"""
