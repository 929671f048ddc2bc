"""What is besieged: every scheme of the catalogue, and what takes more than its plain conversation."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest.mock import patch

import asyncssh

PASSWORD = {"password": "env:SIEGE_PASSWORD"}
KEY = {"user": "backup", "key": "env:SIEGE_KEY"}


class Case(NamedTuple):
    """One line of the table."""

    scheme: str
    script: str = ""
    """The dialogue a server would hold (`tests/scripts`); without one it greets, or is `sftp_server`."""
    tls: bool = False
    """From the first byte."""
    table: Mapping[str, Any] = {}
    """What the monitor has beside its target."""
    share: int = 1
    """What part of the probes is made in the same time: a core has to have room for them."""


CASES = {
    "cpanel": Case("cpanel", "cpanel/login_page", tls=True, share=2),
    "elasticsearch": Case("elasticsearch", "elasticsearch/ok"),
    "elasticsearch-tls": Case("elasticsearch-tls", "elasticsearch/ok", tls=True, share=2),
    "ftp": Case("ftp", "ftp/auth_tls", share=2),
    "ftps": Case("ftps", "ftps/ready", tls=True, share=2),
    "http": Case("http", "http/ok"),
    "https": Case("https", "http/ok", tls=True, share=2),
    "imap": Case("imap", "imap/starttls", share=2),
    "imaps": Case("imaps", "imaps/ready", tls=True, share=2),
    "mongodb": Case("mongodb", "mongodb/standalone"),
    "mongodb-tls": Case("mongodb-tls", "mongodb/standalone", tls=True, share=2),
    "mssql": Case("mssql", "mssql/tls", share=2),
    "mysql": Case("mysql", "mysql/refused_tls", share=2),
    "plesk": Case("plesk", "plesk/login_redirect", tls=True, share=2),
    "pop3": Case("pop3", "pop3/stls", share=2),
    "pop3s": Case("pop3s", "pop3s/ready", tls=True, share=2),
    "postgresql": Case("postgresql", "postgresql/scram_tls", share=2),
    "redis": Case("redis", "redis/pong"),
    "rediss": Case("rediss", "redis/pong", tls=True, share=2),
    "sftp": Case("sftp", "sftp/transport_only"),
    "smtp": Case("smtp", "smtp/starttls", share=2),
    "smtps": Case("smtps", "smtp/plain", tls=True, share=2),
    "ssh": Case("ssh", "ssh/openssh"),
    "submission": Case("submission", "submission/starttls", share=2),
    "tcp": Case("tcp"),
    "whm": Case("whm", "whm/unauthorized", tls=True, share=2),
    "http redirects": Case("http", "http/follow", table={"request": {"redirects": "follow"}}),
    "http regex": Case("http", "http/until_close", table={"expect": {"regex": "(a|b)+c"}}),
    "http login": Case("http", "http/ok", table={"login": {"user": "backup", **PASSWORD}}),
    "mysql login": Case("mysql", "mysql/password", table={"login": {"user": "uptime", **PASSWORD}}, share=2),
    "redis login": Case("redis", "redis/auth", table={"login": PASSWORD}),
    "sftp key": Case("sftp", table={"login": KEY}, share=16),
}


@contextmanager
def home() -> Iterator[None]:
    """A home folder with a key that is the user's and the host's, and the environment that the logins refer to."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    with TemporaryDirectory() as folder:
        known = Path(folder) / ".ssh" / "known_hosts"
        known.parent.mkdir()
        known.write_text(f"* {key.export_public_key().decode()}")
        told = {"HOME": folder, "SIEGE_KEY": key.export_private_key().decode(), "SIEGE_PASSWORD": "secret"}
        with patch.dict(os.environ, told):
            yield
