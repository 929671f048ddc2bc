"""OpenSSH."""

import subprocess
from collections.abc import Iterator

import pytest

from support.servers import (
    Served,
    ServerLog,
    converse,
    daemon,
    free_port,
    need,
    own_address,
    server_folder,
)


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
