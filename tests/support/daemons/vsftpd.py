"""vsftpd: without TLS, with AUTH TLS and in TLS, with good and bad certificates, full, and misconfigured."""

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
    own_address,
    server_folder,
    write_certificates,
)

_TLS = "ssl_enable=YES\nallow_anon_ssl=YES\n"
VARIANTS = {
    "plaintext": "ssl_enable=NO\n",
    "good": _TLS,
    "mistaken": _TLS,  # for visitors who begin in TLS: what vsftpd makes of that comes into its log after they have gone
    "expired": _TLS,
    "self_signed": _TLS,
    "implicit": f"{_TLS}implicit_ssl=YES\n",
    "implicit_expired": f"{_TLS}implicit_ssl=YES\n",
    "full": "ssl_enable=NO\nmax_clients=1\n",
    "oops": "ssl_enable=NO\nvsftpd_log_file=/nowhere/vsftpd.log\n",
}


@pytest.fixture(scope="session")
def vsftpd() -> Iterator[Served]:
    """A port and a log for each variant; the logs hold every command, which vsftpd writes when it is asked to."""
    binary = need("vsftpd", "vsftpd")
    address = own_address()
    served = Served(address, {variant: free_port(address) for variant in VARIANTS})
    with ExitStack() as stack:
        for variant, options in VARIANTS.items():
            folder = stack.enter_context(server_folder())
            served.logs[variant] = ServerLog(folder / "vsftpd.log")
            (folder / "vsftpd.conf").write_text(_conf(folder, served, variant, options))
            command = [binary, str(folder / "vsftpd.conf")]
            stack.enter_context(daemon(command, folder, lambda v=variant: _ready(served, v)))
        yield served


def _ready(served: Served, variant: str) -> bool:
    port = served.ports[variant]
    if variant.startswith("implicit"):
        converse(served.address, port, b"", until=b"", goodbye=b"")
        return True
    return bool(converse(served.address, port, b"", until=b"\r\n", goodbye=b"QUIT\r\n"))


def _conf(folder: Path, served: Served, variant: str, options: str) -> str:
    files = write_certificates(folder)
    state = variant.removeprefix("implicit_")
    certificate, key = files[state if state in files else "good"]
    (folder / "empty").mkdir()
    return f"""listen=YES
listen_address={served.address}
listen_port={served.ports[variant]}
background=NO
run_as_launching_user=YES
secure_chroot_dir={folder}/empty
seccomp_sandbox=NO
anonymous_enable=YES
vsftpd_log_file={folder}/vsftpd.log
xferlog_file={folder}/xferlog
xferlog_enable=YES
log_ftp_protocol=YES
rsa_cert_file={certificate}
rsa_private_key_file={key}
{options}"""
