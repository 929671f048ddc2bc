"""OpenSSH."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack

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
    """OpenSSH as `ssh`, and as `full`, which lets one visitor in who has not logged in yet.

    Every path is absolute, because it runs itself anew from another folder.
    """
    binary = need("sshd", "openssh-server")
    keygen = need("ssh-keygen", "openssh-client")
    address = own_address()
    variants = {"ssh": "", "full": "MaxStartups 1:100:1\n"}
    served = Served(address, {variant: free_port(address) for variant in variants})
    with ExitStack() as stack:
        for variant, options in variants.items():
            folder = stack.enter_context(server_folder())
            port = served.ports[variant]
            served.logs[variant] = ServerLog(folder / "sshd.log")
            key = folder / "host_key"
            subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key], check=True, stdin=subprocess.DEVNULL)
            (folder / "sshd_config").write_text(
                f"Port {port}\nListenAddress {address}\nHostKey {key}\nPidFile {folder}/sshd.pid\nUsePAM no\n"
                f"AuthorizedKeysFile {folder}/authorized_keys\nPasswordAuthentication no\nStrictModes no\n"
                f"Subsystem sftp internal-sftp\n{options}"
            )
            command = [binary, "-D", "-f", str(folder / "sshd_config"), "-E", str(folder / "sshd.log")]
            stack.enter_context(
                daemon(command, folder, lambda port=port: b"SSH-2.0" in converse(address, port, b"", until=b"\n"))
            )
            # the lines of that visit come after it: none of them may be taken for a test's own
            served.logs[variant].wait_for("\nConnection closed by ", 0)
        yield served
