"""Dovecot: IMAP and POP3 with STARTTLS and in TLS, with good and bad certificates, without TLS, and full."""

import getpass
import grp
import os
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
    free_port,
    need,
    ordinary_user,
    own_address,
    server_folder,
    write_certificates,
)

PROTOCOLS = ("imap", "imaps", "pop3", "pop3s")
VARIANTS = {
    "good": "",
    "expired": "",
    "self_signed": "",
    "plaintext": "ssl = no\ndisable_plaintext_auth = no\n",
    "nobody_can_login": "ssl = no\n",
    "full": "",
}


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Served]:
    """Ports are named `imap-good`, `pop3s-expired`, …; a log for each variant."""
    binary = need("dovecot", "dovecot-core")
    need("/usr/lib/dovecot/imap-login", "dovecot-imapd")
    need("/usr/lib/dovecot/pop3-login", "dovecot-pop3d")
    address = own_address()
    served = Served(address, {f"{p}-{v}": free_port(address) for p in PROTOCOLS for v in VARIANTS})
    processes = []
    with ExitStack() as stack:
        for variant, options in VARIANTS.items():
            folder = stack.enter_context(server_folder())
            served.logs[variant] = ServerLog(folder / "dovecot.log")
            (folder / "dovecot.conf").write_text(_conf(folder, served, variant, options))
            command = [binary, "-F", "-c", str(folder / "dovecot.conf")]
            processes.append(stack.enter_context(daemon(command, folder, lambda v=variant: _ready(served, v))))
            # the line of a visit comes after it: none of these may be taken for a test's own
            served.logs[variant].wait_until(lambda said: "imap-login: " in said and "pop3-login: " in said)
        yield served
        for process in processes:
            process.terminate()  # each takes a second to end: all at once


def _ready(served: Served, variant: str) -> bool:
    imap, pop3 = (served.ports[f"{protocol}-{variant}"] for protocol in ("imap", "pop3"))
    return b"* OK" in converse(
        served.address, imap, b"", until=b"\r\n", goodbye=b"x LOGOUT\r\n"
    ) and b"+OK" in converse(served.address, pop3, b"", until=b"\r\n", goodbye=b"QUIT\r\n")


def _conf(folder: Path, served: Served, variant: str, options: str) -> str:
    files = write_certificates(folder)
    certificate, key = files[variant if variant in files else "good"]
    user = ordinary_user() or getpass.getuser()
    group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    limits = "client_limit = 1\n  process_limit = 1\n  service_count = 0\n" if variant == "full" else ""
    services = "".join(
        f"""service {protocol}-login {{
  chroot =
  {limits}
  inet_listener {protocol} {{
    port = {served.ports[f"{protocol}-{variant}"]}
  }}
  inet_listener {protocol}s {{
    port = {served.ports[f"{protocol}s-{variant}"]}
    ssl = yes
  }}
}}
"""
        for protocol in ("imap", "pop3")
    )
    return f"""base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
listen = {served.address}
protocols = imap pop3
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
login_trusted_networks =
{options}
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={os.geteuid() or pwd.getpwnam(user).pw_uid} gid={pwd.getpwnam(user).pw_gid} home={folder}/mail
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
{services}"""
