"""Redirects, logins, methods and values against nginx, and a login against Redis; what nginx's log says of them."""

import asyncio

import pytest

from support.certificates import NAME, authority, write_pem
from support.servers import UP, Served, ServerLog, converse, daemon, free_port, need, own_address, seen, server_folder
from support.web import plan, vantage
from uptime_tui.config.secrets import Unlocker
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.vantage.local import probe_once

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers")]

PASSWORD = "battery-staple-1"


@pytest.fixture(scope="module")
def site():
    """nginx: `http` leads to `https`, where a login, a JSON answer and a form wait."""
    binary = need("nginx", "nginx-light")
    address = own_address()
    ports = {variant: free_port(address) for variant in ("http", "https")}
    with server_folder() as folder:
        certificate, key = write_pem(authority.leaf("good"), folder)
        (folder / "log").mkdir()
        (folder / "users").write_text(f"uptime:{{PLAIN}}{PASSWORD}\n")
        temporary = "".join(
            f" {kind}_temp_path t-{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        secure = f"https://{address}:{ports['https']}"
        (folder / "nginx.conf").write_text(f"""
worker_processes 1; pid nginx.pid; events {{ worker_connections 64; }}
http {{ log_format told '$request_method $uri $status "$http_authorization" "$http_x_probe" $content_length';
access_log log/access.log told; {temporary}
server {{ listen {address}:{ports["http"]}; location / {{ return 301 {secure}$request_uri; }}
  location /round {{ return 302 /round; }} location /secure {{ auth_basic "x"; auth_basic_user_file users; root /; }} }}
server {{ listen {address}:{ports["https"]} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};
  location = /shop {{ return 302 /shop/; }} location /shop/ {{ return 200 "Welcome to the shop\\n"; }}
  location /down {{ return 302 http://{address}:{ports["http"]}/plain; }}
  location /state {{ auth_basic "x"; auth_basic_user_file users; try_files /nothing @state; }}
  location @state {{ default_type application/json; add_header X-Echo $http_authorization;
    return 200 '{{"items": [{{"status": "ok"}}], "echo": "$http_authorization"}}'; }}
  location /form {{ if ($request_method != POST) {{ return 405; }} return 200 "$content_type"; }} }} }}
""")
        command = [binary, "-p", f"{folder}/", "-c", "nginx.conf", "-e", "log/error.log", "-g", "daemon off;"]
        request = b"GET / HTTP/1.0\r\n\r\n"
        with daemon(command, folder, lambda: b"301" in converse(address, ports["http"], request, until=b"\r\n\r\n")):
            yield Served(
                address, ports, {name: ServerLog(folder / "log" / f"{name}.log") for name in ("access", "error")}
            )


@pytest.fixture
async def see(site, monkeypatch):
    """Probes a path of one of the two servers."""
    monkeypatch.setenv("UPTIME_TEST_PW", PASSWORD)
    unlock = Unlocker(asyncio.get_running_loop()).unlock
    async with vantage(ca_file=authority.ca_file, unlock=unlock) as here:

        async def look(scheme, path, **table):
            secured = scheme == "https" or table.get("request") == FOLLOW
            expect = {**({"tls_name": NAME} if secured else {}), **table.pop("expect", {})}
            it = plan(f"{scheme}://{site.address}:{site.ports[scheme]}{path}", expect=expect, **table)
            return await probe_once(here, it)

        yield look


FOLLOW = {"redirects": "follow"}
LOGIN = {"user": "uptime", "password": "env:UPTIME_TEST_PW"}


async def test_a_login_and_a_value(site, see):
    expect = {"json_values": ['items[0].status == "ok"'], "headers": ["X-Echo contains Basic"]}
    result = await see("https", "/state", login=LOGIN, expect=expect)
    assert seen(result) == UP, result.detail
    assert seen(await see("https", "/state")) == (Status.DOWN, Failure.HTTP_STATUS, Phase.CONTENT)
    result = await see("https", "/state", login=LOGIN, expect={"json_values": ['echo == "x"']})
    assert result.failure is Failure.JSON_MISMATCH
    assert "‹secret›" in result.detail
    assert "dXB0aW1l" not in str(result)


async def test_redirects_on_one_server(see):
    result = await see("https", "/shop", request=FOLLOW, expect={"keyword": "Welcome"})
    assert seen(result) == UP, result.detail
    result = await see("http", "/round", request=FOLLOW)
    assert seen(result) == (Status.DOWN, Failure.REDIRECT, Phase.CONTENT)


async def test_another_origin_is_judged_by_its_own_name_and_gets_no_login(site, see):
    offset = site.logs["access"].size
    table = {"login": LOGIN, "request": {**FOLLOW, "headers": ["X-Probe: mine"]}}
    result = await see("https", "/down", **table)
    # back to https by the plain server, whose certificate is for a name and not for the address
    assert seen(result) == (Status.DOWN, Failure.TLS_NAME_MISMATCH, Phase.TLS)
    said = site.logs["access"].wait_until(lambda text: text.count("\n") >= 2, offset, "two visits")
    first, second = said.splitlines()
    assert "Basic " in first
    assert '"mine"' in first
    assert '/plain 301 "-" "-"' in second


async def test_a_post(site, see):
    request = {"method": "POST", "headers": ["Content-Type: application/json"], "body": '{"q": "probe"}'}
    result = await see("https", "/form", request=request, expect={"keyword": "application/json"})
    assert seen(result) == UP, result.detail
    assert "HTTP 405" in (await see("https", "/form")).detail
    assert seen(await see("https", "/shop/", request={"method": "HEAD"})) == UP
    assert site.logs["error"].path.read_text() == ""


async def test_redis_with_a_login(redis, monkeypatch):
    monkeypatch.setenv("UPTIME_TEST_PW", "secret")
    monkeypatch.setenv("UPTIME_TEST_WRONG", "wrong")
    target = f"redis://{redis.address}:{redis.ports['password']}"
    async with vantage(unlock=Unlocker(asyncio.get_running_loop()).unlock) as here:
        result = await probe_once(here, plan(target, login={"password": "env:UPTIME_TEST_PW"}))
        assert seen(result) == UP
        assert result.detail == "PONG"
        result = await probe_once(here, plan(target, login={"password": "env:UPTIME_TEST_WRONG"}))
        assert result.failure is Failure.REFUSED_SERVICE
        assert "WRONGPASS" in result.detail
