"""MariaDB from the distribution, each server with a data folder of its own, as an ordinary user."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from support.servers import converse, daemon, give_away, need, ordinary_user

ANONYMOUS = "DELETE FROM mysql.global_priv WHERE User = '';\nFLUSH PRIVILEGES;\n"
ACCOUNT = "CREATE USER 'uptime'@'%';\n"
"""Without a password and without a right, as the documents recommend."""
BOSS = "CREATE USER 'boss'@'%';\nGRANT CONNECTION ADMIN ON *.* TO 'boss'@'%';\n"
"""May have the one connection more than `max_connections`."""
ED25519 = "INSTALL SONAME 'auth_ed25519';\nCREATE USER 'ed'@'%' IDENTIFIED VIA ed25519 USING PASSWORD('x');\n"
GREETED = b"_password\0"
SMALL = "--innodb-log-file-size=4M"
"""Each server has a copy of the fresh data folder, which is a hundred megabytes of redo log otherwise."""


def run_as_ordinary_user(command: Sequence[str], folder: Path) -> None:
    """Run to its end, as the daemon's user."""
    user = ordinary_user()
    facts = pwd.getpwnam(user or pwd.getpwuid(os.geteuid()).pw_name)
    as_user = {"user": facts.pw_uid, "group": facts.pw_gid, "extra_groups": []} if user else {}
    environment = {**os.environ, "HOME": str(folder), "LC_ALL": "C"}
    subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=50,
        **as_user,
    )  # fmt: skip


def install(folder: Path) -> Path:
    """A fresh data folder, to be copied."""
    binary = need("mariadb-install-db", "mariadb-server")
    data = folder / "fresh"
    give_away(folder)
    run_as_ordinary_user(
        [
            binary, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db",
            "--skip-name-resolve", SMALL,
        ],
        folder,
    )  # fmt: skip
    return data


@contextmanager
def mariadb(
    folder: Path, fresh: Path, address: str, port: int, *options: str, sql: str = ACCOUNT, prefix: Sequence[str] = (),
    ready: Callable[[], bool] | None = None, as_root: bool = False,
) -> Iterator[subprocess.Popen]:  # fmt: skip
    """A server on that port; `prefix` runs it in a namespace."""
    binary = need("mariadbd", "mariadb-server")
    data = folder / "data"
    shutil.copytree(fresh, data)
    (folder / "init.sql").write_text(ANONYMOUS + sql)
    command = [
        *prefix, binary, "--no-defaults", f"--datadir={data}", f"--port={port}", f"--bind-address={address}",
        f"--socket={folder}/db.sock", f"--pid-file={folder}/db.pid", f"--log-error={folder}/error.log",
        f"--init-file={folder}/init.sql", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", SMALL,
        *options,
    ]  # fmt: skip
    # the initial statements have run before the first greeting
    greets = ready or (lambda: GREETED in converse(address, port, b"", until=GREETED))
    with daemon(command, folder, greets, as_root=as_root) as process:
        yield process


def ask(folder: Path, statement: str) -> str:
    """Say something as root over the unix socket; the rows, tab-separated."""
    client = need("mariadb", "mariadb-client")
    done = subprocess.run(
        [client, "--no-defaults", f"--socket={folder}/db.sock", "-uroot", "-N", "-B", "-e", statement],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def filled(address: str, port: int, connections: int) -> Iterator[None]:
    """Every connection is taken by a client that is logged in and idle; needs ACCOUNT and BOSS."""
    head = bytes.fromhex("01820800000000012d") + bytes(23)
    with ExitStack() as stack:
        for user in (*[b"uptime"] * connections, b"boss"):
            body = head + user + b"\0\0mysql_native_password\0"
            client = stack.enter_context(socket.create_connection((address, port), timeout=5))
            assert GREETED in client.recv(4096)
            client.sendall(len(body).to_bytes(3, "little") + b"\x01" + body)
            assert client.recv(4096)[4:5] == b"\0"
        yield
