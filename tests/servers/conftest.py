"""Real servers for the whole session: nginx, Postfix, Redis, OpenSSH."""

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from support.certificates import NAME, authority
from support.servers import (
    CERTIFICATES,
    Served,
    ServerLog,
    converse,
    daemon,
    do_without,
    free_port,
    need,
    own_address,
    server_folder,
    wait_until,
    write_certificates,
)
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.draft import read_draft
from uptime_tui.config.schema import Defaults
from uptime_tui.model.result import Result
from uptime_tui.vantage.base import Plan
from uptime_tui.vantage.local import local_vantage, probe_once

CATALOGUE = load_catalogue()


@pytest.fixture
async def probe() -> Callable:
    """Probe a target once as the engine does; `expect` as in `[monitor.expect]`."""
    tasks = set()

    def spawn(coroutine) -> None:
        task = asyncio.ensure_future(coroutine)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    vantage = local_vantage(spawn, ca_file=authority.ca_file)

    async def once(target: str, *, limit: str = "", **expect) -> Result:
        table = {"name": "one", "target": target, "expect": {"tls_name": NAME, **expect}}
        if limit:
            table["timeout"] = limit
        monitor, faults = read_draft(table, CATALOGUE, Defaults())
        assert not faults
        return await probe_once(vantage, Plan(monitor, CATALOGUE.get(monitor.target.service)))

    yield once
    vantage.close()


@pytest.fixture(scope="session")
def nginx() -> Iterator[Served]:
    """nginx: `http`, and one TLS server for each certificate's state."""
    binary = need("nginx", "nginx-light")
    address = own_address()
    ports = {variant: free_port(address) for variant in ("http", *CERTIFICATES)}
    with server_folder() as folder:
        files = write_certificates(folder)
        (folder / "log").mkdir()
        (folder / "nginx.conf").write_text(_nginx_conf(address, ports, files))
        command = [binary, "-p", f"{folder}/", "-c", "nginx.conf", "-e", "log/error.log", "-g", "daemon off;"]
        request = b"GET / HTTP/1.0\r\n\r\n"
        with daemon(command, folder, lambda: b"200 OK" in converse(address, ports["http"], request, until=b"\r\n\r\n")):
            logs = {name: ServerLog(folder / "log" / f"{name}.log") for name in ("access", "error")}
            yield Served(address, ports, logs)


def _nginx_conf(address: str, ports: dict[str, int], files: dict[str, tuple[Path, Path]]) -> str:
    places = """
    location / { default_type text/html; return 200 "<h1>Welcome to the shop</h1>\\n"; }
    location /503 { add_header Retry-After 30 always; return 503; }
    location /json { default_type application/json; return 200 '{"status": "ok"}'; }
    location /moved { return 301 https://www.example.test/; }
"""
    servers = [f"  server {{ listen {address}:{ports['http']};{places}  }}"]
    servers += [
        f"  server {{ listen {address}:{ports[state]} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};"
        f"{places}  }}"
        for state, (certificate, key) in files.items()
    ]
    temporary = "".join(
        f"  {kind}_temp_path tmp-{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        "worker_processes 1;\npid nginx.pid;\nevents { worker_connections 64; }\n"
        f"http {{\n  access_log log/access.log;\n  ssl_protocols TLSv1.2 TLSv1.3;\n{temporary}"
        + "\n".join(servers)
        + "\n}\n"
    )


@pytest.fixture(scope="session")
def redis() -> Iterator[Served]:
    """Redis: `plain`, `password`, and `full`, whose one client is there already."""
    binary = need("redis-server", "redis-server")
    address = own_address()
    variants = {"plain": [], "password": ["--requirepass", "secret"], "full": ["--maxclients", "1"]}
    served = Served(address, {variant: free_port(address) for variant in variants})
    ping = b"*1\r\n$4\r\nPING\r\n"
    with ExitStack() as stack:
        for variant, options in variants.items():
            folder = stack.enter_context(server_folder())
            port = served.ports[variant]
            served.logs[variant] = ServerLog(folder / "redis.log")
            command = [
                binary, "--port", str(port), "--bind", address, "--save", "", "--dir", str(folder),
                "--logfile", str(folder / "redis.log"), "--protected-mode", "no", *options,
            ]  # fmt: skip
            stack.enter_context(
                daemon(command, folder, lambda port=port: bool(converse(address, port, ping, until=b"\r\n")))
            )
        client = stack.enter_context(socket.create_connection((address, served.ports["full"]), timeout=5))
        client.sendall(ping)
        assert client.recv(100).startswith(b"+PONG")
        yield served


@pytest.fixture(scope="session")
def sshd() -> Iterator[Served]:
    """OpenSSH on `ssh`; every path is absolute, because it runs itself anew from another folder."""
    binary = need("sshd", "openssh-server")
    keygen = need("ssh-keygen", "openssh-client")
    address = own_address()
    port = free_port(address)
    with server_folder() as folder:
        key = folder / "host_key"
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key], check=True, stdin=subprocess.DEVNULL)
        (folder / "sshd_config").write_text(
            f"Port {port}\nListenAddress {address}\nHostKey {key}\nPidFile {folder}/sshd.pid\nUsePAM no\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nPasswordAuthentication no\nStrictModes no\n"
            "Subsystem sftp internal-sftp\n"
        )
        command = [binary, "-D", "-f", str(folder / "sshd_config"), "-E", str(folder / "sshd.log")]
        with daemon(command, folder, lambda: b"SSH-2.0" in converse(address, port, b"", until=b"\n")):
            yield Served(address, {"ssh": port}, {"ssh": ServerLog(folder / "sshd.log")})


@pytest.fixture(scope="session")
def postfix() -> Iterator[Served]:
    """Postfix: `smtp`, `submission`, `smtps`, and mail servers that are busy, without TLS, or expired."""
    binary = need("postfix", "postfix")
    if os.geteuid() != 0:
        do_without("Postfix starts as root only")
    address = own_address()
    variants = ("smtp", "submission", "smtps", "busy", "plaintext", "expired")
    served = Served(address, {variant: free_port(address) for variant in variants})
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
    good, expired = files["good"], files["expired"]
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
        "plaintext": "-o smtpd_tls_security_level=none",
        "expired": f"-o smtpd_tls_cert_file={expired[0]} -o smtpd_tls_key_file={expired[1]}",
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
