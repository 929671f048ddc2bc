"""Postfix in the roles of a mail server, and of one with a fault. It starts as root only."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.servers import (
    Served,
    ServerLog,
    converse,
    do_without,
    free_port,
    need,
    own_address,
    server_folder,
    wait_until,
    write_certificates,
)

VARIANTS = (
    "smtp", "submission", "smtps", "busy", "rejecting", "deferring", "helo", "plaintext", "keyless", "expired", "expiring",
)  # fmt: skip


@pytest.fixture(scope="session")
def postfix() -> Iterator[Served]:
    """Postfix: `smtp`, `submission`, `smtps`, and mail servers that are busy, turn everybody away, or lack good TLS."""
    binary = need("postfix", "postfix")
    if os.geteuid() != 0:
        do_without("Postfix starts as root only")
    address = own_address()
    served = Served(address, {variant: free_port(address) for variant in VARIANTS})
    with server_folder() as folder:
        served.logs["mail"] = ServerLog(folder / "log" / "mail.log")
        conf = _postfix_conf(folder, served)
        with _running_postfix([binary, "-c", str(conf)], folder, served):
            yield served


@contextmanager
def _running_postfix(postfix: list[str], folder: Path, served: Served) -> Iterator[None]:
    def ready() -> bool:
        return all(
            b"220 " in converse(served.address, served.ports[name], b"", until=b"\r\n", goodbye=b"QUIT\r\n")
            for name in ("smtp", "submission")
        )

    subprocess.run([*postfix, "start"], check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=30)
    try:
        wait_until(ready, lambda: False, folder)
        yield
    finally:
        subprocess.run([*postfix, "stop"], check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=30)


def _postfix_conf(folder: Path, served: Served) -> Path:
    files = write_certificates(folder)
    conf = folder / "conf"
    for place in ("conf", "queue", "data", "log"):
        (folder / place).mkdir()
    shutil.chown(folder / "data", "postfix")
    good, expired, expiring = files["good"], files["expired"], files["expiring"]
    (conf / "main.cf").write_text(
        f"compatibility_level = 3.6\nmyhostname = mx.example.test\nqueue_directory = {folder}/queue\n"
        f"data_directory = {folder}/data\nmaillog_file = {folder}/log/mail.log\nmaillog_file_prefixes = {folder}\n"
        "inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmynetworks = 192.0.2.0/24\nalias_maps =\nalias_database =\n"
        f"smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {good[0]}\nsmtpd_tls_key_file = {good[1]}\n"
        "smtpd_client_event_limit_exceptions =\n"
    )
    options = {
        "smtp": "",
        "submission": "-o smtpd_tls_security_level=encrypt",
        "smtps": "-o smtpd_tls_wrappermode=yes",
        "busy": "-o smtpd_client_connection_count_limit=1",
        "rejecting": "-o smtpd_delay_reject=no -o smtpd_client_restrictions=reject",
        "deferring": "-o smtpd_delay_reject=no -o smtpd_client_restrictions=defer",
        "helo": "-o smtpd_delay_reject=no -o smtpd_helo_restrictions=reject",
        "plaintext": "-o smtpd_tls_security_level=none",
        "keyless": "-o smtpd_tls_cert_file= -o smtpd_tls_key_file= -o notify_classes=resource",
        "expired": f"-o smtpd_tls_cert_file={expired[0]} -o smtpd_tls_key_file={expired[1]}",
        "expiring": f"-o smtpd_tls_cert_file={expiring[0]} -o smtpd_tls_key_file={expiring[1]}",
    }
    lines = [
        f"{served.address}:{served.ports[name]} inet n - n - - smtpd -o syslog_name=postfix/{name} {more}"
        for name, more in options.items()
    ]
    (conf / "master.cf").write_text("\n".join(lines) + _MASTER)
    return conf


_MASTER = """
pickup    unix  n  -  n  60    1  pickup
cleanup   unix  n  -  n  -     0  cleanup
qmgr      unix  n  -  n  300   1  qmgr
tlsmgr    unix  -  -  n  1000? 1  tlsmgr
rewrite   unix  -  -  n  -     -  trivial-rewrite
bounce    unix  -  -  n  -     0  bounce
defer     unix  -  -  n  -     0  bounce
proxymap  unix  -  -  n  -     -  proxymap
error     unix  -  -  n  -     -  error
anvil     unix  -  -  n  -     1  anvil
scache    unix  -  -  n  -     1  scache
postlog   unix-dgram n - n -   1  postlogd
"""
