"""MariaDB: what a probe sees, what the server counts and logs of it, and that no number of probes locks anybody out."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from support import mariadb as database
from support.certificates import NAME
from support.fail2ban import matched
from support.servers import (
    UP,
    Served,
    ServerLog,
    do_without,
    free_port,
    own_address,
    seen,
    server_folder,
    write_certificates,
)
from uptime_tui.handshakes.mysql import REFUSED
from uptime_tui.model.failure import Failure, Phase, Status

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers"), pytest.mark.timeout(180)]

PROBES = 200


@pytest.fixture(scope="session")
def fresh() -> Iterator[Path]:
    with server_folder() as folder:
        yield database.install(folder)


@pytest.fixture(scope="session")
def mariadb(fresh) -> Iterator[Served]:
    """`tls`, `plain`, `decoy` (an ed25519 account), and certificates that are no good."""
    address = own_address()
    states = ("expired", "wrong_name", "self_signed", "expiring")
    served = Served(address, {variant: free_port(address) for variant in ("tls", "plain", "decoy", *states)})
    with ExitStack() as stack:
        for variant, port in served.ports.items():
            folder = stack.enter_context(server_folder())
            files = write_certificates(folder)
            certificate, key = files[variant if variant in states else "good"]
            tls = [] if variant == "plain" else [f"--ssl-cert={certificate}", f"--ssl-key={key}"]
            sql = database.ACCOUNT + (database.ED25519 if variant == "decoy" else "")
            served.logs[variant] = ServerLog(folder / "error.log")
            stack.enter_context(
                database.mariadb(folder, fresh, address, port, "--skip-name-resolve", *tls, sql=sql)
            )  # fmt: skip
        yield served


class TestSeen:
    async def test_a_stranger_is_turned_away_and_that_is_well(self, mariadb, probe):
        result = await probe(mariadb.target("mysql", "tls"))
        assert seen(result) == UP, result.detail
        assert "refuses a stranger's login as it should" in result.detail
        assert "MariaDB" in result.banner
        assert NAME in result.certificate.names
        assert result.certificate.protocol == "TLSv1.3"
        assert result.rest.why == REFUSED.why
        assert result.rest.of == f"@{mariadb.address}:{mariadb.ports['tls']}"

    async def test_an_account_without_rights_is_let_in(self, mariadb, probe):
        offset = mariadb.logs["tls"].size
        result = await probe(mariadb.target("mysql", "tls"), user="uptime")
        assert seen(result) == UP, result.detail
        assert "logged in as uptime" in result.detail
        assert result.rest is None
        assert mariadb.logs["tls"].since(offset) == ""

    async def test_an_account_that_is_not_there(self, mariadb, probe):
        result = await probe(mariadb.target("mysql", "tls"), user="nobody")
        assert seen(result) == UP
        assert "login of nobody refused" in result.detail

    async def test_without_tls(self, mariadb, probe):
        result = await probe(mariadb.target("mysql", "plain"))
        assert seen(result) == UP
        assert "no TLS is offered" in result.detail

    async def test_a_decoy_is_answered_at_its_full_length(self, mariadb, probe):
        result = await probe(mariadb.target("mysql", "decoy"))
        assert seen(result) == UP, result.detail
        assert "1045" in result.detail

    @pytest.mark.parametrize(
        ("state", "wanted"),
        [
            ("expired", (Status.DOWN, Failure.TLS_EXPIRED, Phase.TLS)),
            ("wrong_name", (Status.DOWN, Failure.TLS_NAME_MISMATCH, Phase.TLS)),
            ("self_signed", (Status.DEGRADED, Failure.TLS_SELF_SIGNED, Phase.TLS)),
            ("expiring", (Status.DEGRADED, Failure.TLS_EXPIRING, Phase.TLS)),
        ],
    )
    async def test_a_bad_certificate_is_told_and_the_login_still_finished(self, mariadb, probe, state, wanted):
        offset = mariadb.logs[state].size
        result = await probe(mariadb.target("mysql", state))
        assert seen(result) == wanted, result.detail
        said = mariadb.logs[state].wait_for("Access denied for user 'uptime_tui'", offset)
        assert "without authentication" not in said
        assert result.rest.why == REFUSED.why

    async def test_full(self, fresh, probe):
        address = own_address()
        port = free_port(address)
        with (
            server_folder() as folder,
            database.mariadb(
                folder,
                fresh,
                address,
                port,
                "--max-connections=10",
                "--skip-name-resolve",
                sql=database.ACCOUNT + database.BOSS,
            ),
            database.filled(address, port, 10),
        ):
            result = await probe(f"mysql://{address}:{port}")
        assert seen(result) == (Status.DEGRADED, Failure.BUSY, Phase.PROTOCOL)
        assert "1040 Too many connections" in result.detail

    async def test_another_service_is_expected(self, mariadb, probe):
        for scheme in ("smtp", "redis", "postgresql"):
            result = await probe(mariadb.target(scheme, "plain"))
            assert seen(result) == (Status.DOWN, Failure.WRONG_SERVICE, Phase.PROTOCOL), result.detail
            assert "MySQL" in result.detail


async def test_fail2ban_counts_nothing_of_an_account(mariadb, probe):
    """With the control in the same log: without an account each probe is a login that was refused."""
    log = mariadb.logs["tls"]
    offset = log.size
    for _ in range(100):
        assert seen(await probe(mariadb.target("mysql", "tls"), user="uptime")) == UP
    assert matched(log.since(offset), "mysqld-auth") == 0
    for _ in range(5):
        assert seen(await probe(mariadb.target("mysql", "tls"))) == UP
    said = log.wait_until(lambda said: said.count("Access denied for user") == 5, offset)
    assert matched(said, "mysqld-auth") == 5


# --- politeness, in network namespaces of our own ------------------------------------

SERVER, CLIENT = "10.213.7.1", "10.213.7.2"
PORT = 3306


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=90)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


@contextmanager
def two_namespaces() -> Iterator[tuple[str, str]]:
    """Two hosts on a cable: the server's, which knows the client's name, and the client's."""
    if os.geteuid() != 0:
        do_without("network namespaces are built by root only")
    mine, theirs = (f"ut-{role}-{os.getpid()}" for role in ("db", "watch"))
    hosts = Path("/etc/netns") / mine
    try:
        hosts.mkdir(parents=True)
        (hosts / "hosts").write_text(f"127.0.0.1 localhost\n{CLIENT} watcher.test\n")
        (hosts / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        for name in (mine, theirs):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", mine, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", theirs)
        for name, address in ((mine, SERVER), (theirs, CLIENT)):
            run("ip", "-n", name, "address", "add", f"{address}/24", "dev", "cable")
            run("ip", "-n", name, "link", "set", "cable", "up")
        yield mine, theirs
    finally:
        for name in (mine, theirs):
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)
        for path in (hosts / "hosts", hosts / "resolv.conf"):
            path.unlink(missing_ok=True)
        if hosts.is_dir():
            hosts.rmdir()


class Counting:
    """A MariaDB with `max_connect_errors = 4`, and its visitor on another address."""

    def __init__(self, folder: Path, client: str) -> None:
        self.folder = folder
        self.client = client

    def probe(self, count: int, user: str = "") -> list[str]:
        script = Path(__file__).parents[1] / "support" / "many_probes.py"
        target = f"mysql://{SERVER}:{PORT}"
        said = run(
            "ip", "netns", "exec", self.client, sys.executable, str(script), target, str(count), *([user] * bool(user))
        )
        return said.splitlines()

    def break_off(self, count: int) -> None:
        """What a bare port check does."""
        code = f"import socket\nfor _ in range({count}):\n s = socket.create_connection(('{SERVER}', {PORT}))\n s.recv(200)\n s.close()"
        run("ip", "netns", "exec", self.client, sys.executable, "-c", code)

    def errors(self) -> int:
        """Connect errors that count towards the block; waits until the last visitor is gone."""
        table = "performance_schema.host_cache"
        rows = database.ask(self.folder, f"SELECT SUM_CONNECT_ERRORS FROM {table} WHERE IP = '{CLIENT}'")
        return int(rows or 0)

    def errors_reach(self, count: int) -> bool:
        log = ServerLog(self.folder / "error.log")
        log.wait_until(lambda _: self.errors() >= count, 0, f"{count} connect errors")
        return True

    def forget(self) -> None:
        database.ask(self.folder, "FLUSH HOSTS")


@pytest.fixture(scope="module")
def counting(fresh) -> Iterator[Counting]:
    with two_namespaces() as (mine, theirs), server_folder() as folder:
        files = write_certificates(folder)
        options = [
            "--max-connect-errors=4", "--performance-schema=on", "--max-connections=10",
            f"--ssl-cert={files['good'][0]}", f"--ssl-key={files['good'][1]}",
        ]  # fmt: skip

        def ready() -> bool:
            return (folder / "db.sock").exists() and database.ask(folder, "SELECT 1") == "1"

        with _in_namespace(mine, folder, fresh, options, ready):
            yield Counting(folder, theirs)


@contextmanager
def _in_namespace(name, folder, fresh, options, ready):
    """`ip netns exec` wants root; the server gives its rights away itself."""
    prefix = ("ip", "netns", "exec", name)
    user = "--user=nobody"
    with database.mariadb(
        folder, fresh, SERVER, PORT, *options, user, sql=database.ACCOUNT + database.BOSS + database.ED25519, prefix=prefix, ready=ready,
        as_root=True,
    ):  # fmt: skip
        yield


class TestNobodyIsLockedOut:
    @pytest.fixture(autouse=True)
    def _nothing_counted_yet(self, counting):
        counting.forget()

    def test_strangers_do_not_count(self, counting):
        said = counting.probe(PROBES)
        assert len(said) == PROBES
        assert {line.partition(":")[0] for line in said} == {"up answers, refuses a stranger's login as it should"}
        assert counting.errors() == 0

    def test_an_account_does_not_count_and_takes_the_count_back(self, counting):
        counting.break_off(3)
        assert counting.errors_reach(3)
        said = counting.probe(PROBES, "uptime")
        assert set(said) == {"up logged in as uptime"}
        assert counting.errors() == 0

    def test_an_account_that_was_forgotten_does_not_count(self, counting):
        counting.probe(20, "nobody")
        assert counting.errors() == 0

    def test_a_full_server_does_not_count(self, counting):
        holder = Path(__file__).parents[1] / "support"
        code = (
            f"import sys; sys.path.insert(0, {str(holder.parent)!r})\n"
            "import subprocess\nfrom support.mariadb import filled\n"
            f"with filled('{SERVER}', {PORT}, 10):\n"
            f" print(subprocess.run([sys.executable, {str(holder / 'many_probes.py')!r}, 'mysql://{SERVER}:{PORT}', '8'],"
            " capture_output=True, text=True).stdout)"
        )
        said = run("ip", "netns", "exec", counting.client, sys.executable, "-c", code)
        assert said.count("busy busy: 1040") == 8, said
        assert counting.errors() == 0

    def test_bare_connects_count_and_the_block_is_told(self, counting):
        counting.break_off(3)
        assert counting.errors_reach(3)
        counting.break_off(3)
        assert counting.errors_reach(4)
        (said,) = counting.probe(1)
        assert said.startswith("watcher_blocked works, but has locked this machine out: 1129")
