"""DNSSEC that does not hold, as a validating resolver of the distribution sees it: which signature, key or DS it is."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from support.dnscase import ask, diagnose
from support.servers import need
from support.zones import World, running, sign
from uptime_tui.model.failure import Failure

pytestmark = pytest.mark.server
SOA = "@ 60 IN SOA ns1.example.test. admin.example.test. 7 3600 900 86400 30\n"
BODY = "@ 60 IN NS ns1\nns1 60 IN A {net}.2\nwww 60 IN A 192.0.2.7\n"


def world(**signing):
    """`example.test`, signed as told, under a `test` that is signed well and has its DS."""
    made = World()
    body = made.add(2, "example.test", SOA + BODY)
    ds = sign(body, **signing)
    top = "@ 60 IN SOA ns.test. x.test. 1 3600 900 86400 60\n@ 60 IN NS ns.test.\nns.test. 60 IN A {net}.1\n"
    top += (
        f"example.test. 60 IN NS ns1.example.test.\nns1.example.test. 60 IN A {{net}}.2\nexample.test. 60 IN DS {ds}\n"
    )
    made.anchor = sign(made.add(1, "test", top))
    return made


@asynccontextmanager
async def unbound(made, folder):
    """Asks the world's servers and trusts the key of `test`. Yields its place."""
    binary = need("unbound", "unbound")
    place = (made.place(53), made.port)
    stubs = "".join(
        f'stub-zone:\n  name: "{origin}"\n  stub-addr: {made.place(octet)}@{made.port}\n'
        for octet, zones in made.zones.items() for origin in zones
    )  # fmt: skip
    (folder / "unbound.conf").write_text(
        f"""server:
  interface: {place[0]}
  port: {place[1]}
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  ede: yes
  trust-anchor: "test. DS {made.anchor}"
  local-zone: "test." nodefault
{stubs}"""
    )
    process = await asyncio.create_subprocess_exec(
        binary, "-d", "-c", str(folder / "unbound.conf"), stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(20):
            while b"start of service" not in (line := await process.stderr.readline()):
                assert line, "unbound has ended"
        yield place
    finally:
        process.terminate()
        await process.communicate()


async def seen(made, tmp_path, monkeypatch, host="www.example.test"):
    """What the probe finds, and the diagnosis."""
    folder = tmp_path / "unbound"
    folder.mkdir()
    async with running(made, monkeypatch, resolver=False), unbound(made, folder) as place:
        answer = await ask(host, tmp_path, place)
        if answer.failure is None:
            return answer, None
        return answer, await diagnose(host, answer.failure, tmp_path, place)


async def test_a_chain_that_holds(tmp_path, monkeypatch):
    answer, _ = await seen(world(), tmp_path, monkeypatch)
    assert answer.addresses == ("192.0.2.7",)


async def test_signatures_that_have_expired(tmp_path, monkeypatch):
    answer, found = await seen(world(inception_days=-40, expiry_days=-9), tmp_path, monkeypatch)
    assert answer.failure is Failure.DNS_BOGUS
    assert "9 days ago" in found.text("signature_expired")
    assert "www.example.test A" in " ".join(found.texts("signature_expired"))
    assert "extended_error" in found.ids
    assert found.first == "signature_expired"


async def test_signatures_that_begin_in_the_future(tmp_path, monkeypatch):
    answer, found = await seen(world(inception_days=5), tmp_path, monkeypatch)
    assert answer.failure is Failure.DNS_BOGUS
    assert "in 5 days" in found.text("signature_future")
    assert found.first == "not_yet_valid"


async def test_a_ds_for_another_key(tmp_path, monkeypatch):
    made = world()
    moved = made.add(2, "example.test", SOA + BODY)
    sign(moved)
    answer, found = await seen(made, tmp_path, monkeypatch)
    assert answer.failure is Failure.DNS_BOGUS
    assert "none fits" in found.text("ds_without_key")
    assert found.first == "ds_mismatch"


async def test_a_zone_that_lost_its_keys(tmp_path, monkeypatch):
    made = world()
    made.add(2, "example.test", SOA + BODY)
    answer, found = await seen(made, tmp_path, monkeypatch)
    assert answer.failure is Failure.DNS_BOGUS
    assert "has no DNSKEY" in found.text("dnskey_missing")
    assert found.first == "ds_mismatch"


async def test_a_record_that_was_changed_after_signing(tmp_path, monkeypatch):
    made = world()
    signed = next(iter(made.zones[2].values()))
    rdataset = signed.find_rdataset("www.example.test.", "A")
    with signed.writer() as change:
        change.replace("www.example.test.", 60, type(rdataset[0])("IN", "A", "192.0.2.66"))
    answer, found = await seen(made, tmp_path, monkeypatch)
    assert answer.failure is Failure.DNS_BOGUS
    assert "fits no key" in found.text("signature_wrong")
    assert found.first == "unsigned_server"


async def test_a_server_that_fails_is_not_dnssec(tmp_path, monkeypatch):
    made = world()
    made.behave[2] = "refuse"
    answer, found = await seen(made, tmp_path, monkeypatch)
    assert answer.failure is Failure.DNS_SERVFAIL
    assert "validation_fails" not in found.ids
    assert "ns_refuses" in found.ids
    assert found.first == "lame_delegation"
