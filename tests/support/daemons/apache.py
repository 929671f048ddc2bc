"""Apache: a page, a page behind a password, and TLS."""

from collections.abc import Iterator
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

MODULES = ("mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "dir", "ssl")


@pytest.fixture(scope="session")
def apache() -> Iterator[Served]:
    """Apache: `http`, `tls` and `expired`; it logs what it usually keeps to itself as well."""
    binary = need("apache2", "apache2-bin")
    address = own_address()
    ports = {variant: free_port(address) for variant in ("http", "tls", "expired")}
    with server_folder() as folder:
        files = write_certificates(folder)
        for name in ("log", "site", "site/private"):
            (folder / name).mkdir()
        (folder / "site" / "index.html").write_text("<h1>Welcome to the shop</h1>\n")
        (folder / "users").write_text("")
        tls = {"tls": files["good"], "expired": files["expired"]}
        (folder / "apache.conf").write_text(_conf(folder, address, ports, tls))
        command = [binary, "-d", str(folder), "-f", str(folder / "apache.conf"), "-D", "FOREGROUND"]
        request = b"GET / HTTP/1.0\r\n\r\n"
        with daemon(command, folder, lambda: b"200 OK" in converse(address, ports["http"], request, until=b"\r\n\r\n")):
            yield Served(
                address, ports, {name: ServerLog(folder / "log" / f"{name}.log") for name in ("access", "error")}
            )


def _conf(folder: Path, address: str, ports: dict[str, int], tls: dict[str, tuple[Path, Path]]) -> str:
    modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in MODULES)
    listens = "".join(f"Listen {address}:{port}\n" for port in ports.values())
    hosts = "".join(
        f"<VirtualHost {address}:{ports[variant]}>\nSSLEngine on\nSSLCertificateFile {certificate}\n"
        f"SSLCertificateKeyFile {key}\n</VirtualHost>\n"
        for variant, (certificate, key) in tls.items()
    )
    return f"""{modules}{listens}ServerName shop.example.test
PidFile {folder}/apache.pid
DefaultRuntimeDir {folder}
DocumentRoot {folder}/site
DirectoryIndex index.html
StartServers 1
LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{{Referer}}i\\" \\"%{{User-Agent}}i\\"" combined
CustomLog log/access.log combined
ErrorLog log/error.log
LogLevel info
<Directory {folder}/site>
Require all granted
</Directory>
<Directory {folder}/site/private>
AuthType Basic
AuthName shop
AuthUserFile {folder}/users
Require valid-user
</Directory>
{hosts}"""
