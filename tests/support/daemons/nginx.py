"""nginx: a small web site in clear text, and with a certificate in each state."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.servers import (
    CERTIFICATES,
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


@pytest.fixture(scope="session")
def nginx() -> Iterator[Served]:
    """nginx: `http`, and one TLS server for each certificate's state."""
    binary = need("nginx", "nginx-light")
    address = own_address()
    ports = {variant: free_port(address) for variant in ("http", *CERTIFICATES)}
    with server_folder() as folder:
        files = write_certificates(folder)
        (folder / "log").mkdir()
        (folder / "users").write_text("")
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
    location /private { auth_basic shop; auth_basic_user_file users; }
    location /limited { limit_req zone=slow; alias .; }
    location /once_a_minute { limit_req zone=once; limit_req_status 429; alias .; }
    location /no_backend { return 503; }
    location /phpmyadmin { return 404; }
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
        "  limit_req_zone $binary_remote_addr zone=slow:32k rate=1r/m;\n"
        "  limit_req_zone $binary_remote_addr zone=once:32k rate=1r/m;\n" + "\n".join(servers) + "\n}\n"
    )
