"""What a server takes, asked over loopback; how often it is asked, and who never is."""

import asyncio
import contextlib
import ssl
import warnings
from dataclasses import replace

import msgspec
import pytest

from support.certificates import issue
from support.explained import HOST, case, causes, ids, plan
from uptime_tui.diagnose.case import Budget, Means
from uptime_tui.diagnose.evidence import tls_offer as collector
from uptime_tui.dial.direct import Dialler
from uptime_tui.model.failure import Failure
from uptime_tui.model.monitor import Expectations

LOOPBACK = "127.0.0.1"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    issued = issue("mx1.example.net", rsa_bits=2048)
    (folder / "cert").write_bytes(issued.pem())
    (folder / "key").write_bytes(issued.key_pem())
    return folder / "cert", folder / "key"


def context(files, least="TLSv1", most="TLSv1_3"):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*files)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version, made.maximum_version = ssl.TLSVersion[least], ssl.TLSVersion[most]
    made.set_ciphers("ALL:@SECLEVEL=0")
    return made


async def found(asked, serve, tls=None, packets=30):
    """The facts, and how many connections were made."""
    visits = []

    async def visited(reader, writer):
        visits.append(1)
        await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(visited, LOOPBACK, 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    target = replace_target(asked, port)
    dialler = Dialler()
    means = Means(dialler, None, asyncio.get_running_loop().time() + 5, Budget(packets))
    try:
        facts = [fact async for fact in collector.collect(target, means)]
    finally:
        dialler.close()
        server.close()
    assert set(ids(facts)) <= set(collector.FACTS)
    assert means.budget.spent <= collector.PACKETS
    return facts, len(visits)


def replace_target(asked, port):
    made = plan(asked.plan.service.name, port=port, expect=asked.plan.monitor.expect)
    return replace(asked, plan=made, result=msgspec.structs.replace(asked.result, address=LOOPBACK))


async def nothing(reader, writer):
    await reader.read(1)


HANDSHAKE = case(Failure.TLS_HANDSHAKE, detail="TLS handshake failed")


@pytest.mark.parametrize(
    ("limits", "facts", "cause"),
    [
        ({"most": "TLSv1"}, ["tls_only_old", "tls_below_least"], "old_versions"),
        ({"most": "TLSv1_1"}, ["tls_only_old", "tls_below_least"], "old_versions"),
        ({"least": "TLSv1_2"}, ["tls_modern"], "client_certificate"),
        ({}, ["tls_modern", "tls_obsolete_offered"], "client_certificate"),
    ],
)
async def test_which_versions_a_server_takes(files, limits, facts, cause):
    seen, visits = await found(HANDSHAKE, nothing, context(files, **limits))
    assert ids(seen) == facts
    assert causes(HANDSHAKE, seen)[0] == cause
    assert visits <= 3


async def test_a_server_that_minds_the_name(files):
    """asyncio's own TLS server ends without sending its alert: hence by hand."""
    good = context(files)

    async def serve(reader, writer):
        hello = await reader.read(4096)
        if HOST.encode() in hello:
            writer.write(b"\x15\x03\x03\x00\x02\x02\x70")
            return
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        incoming.write(hello)
        with contextlib.suppress(ssl.SSLWantReadError):
            good.wrap_bio(incoming, outgoing, server_side=True).do_handshake()
        writer.write(outgoing.read())
        await reader.read(1)

    seen, visits = await found(HANDSHAKE, serve)
    assert (ids(seen), visits) == (["tls_name_refused"], 2)
    assert causes(HANDSHAKE, seen)[0] == "sni_rejected"


async def test_a_monitor_that_asks_for_more_than_the_server_has(files):
    strict = case(Failure.TLS_HANDSHAKE, monitor={"expect": Expectations(tls_least="1.3")})
    seen, _ = await found(strict, nothing, context(files, least="TLSv1_2", most="TLSv1_2"))
    assert ids(seen) == ["tls_modern", "tls_below_least"]
    assert causes(strict, seen)[0] == "old_versions"


async def test_a_server_that_closes_is_asked_once():
    seen, visits = await found(HANDSHAKE, lambda *_: asyncio.sleep(0))
    assert (ids(seen), visits) == (["tls_no_hello"], 1)
    assert causes(HANDSHAKE, seen)[0] == "overload"


async def test_no_budget_no_question(files):
    assert await found(HANDSHAKE, nothing, context(files), packets=5) == ([], 0)


def mail(*capabilities, greeting=b"220 mx1 ESMTP\r\n", refuses=False):
    async def serve(reader, writer):
        writer.write(greeting)
        while line := await reader.readline():
            word = line.strip().upper()
            if word.startswith(b"EHLO"):
                lines = [b"mx1", *capabilities]
                writer.write(b"".join(b"250-%b\r\n" % each for each in lines[:-1]) + b"250 %b\r\n" % lines[-1])
            elif word == b"STARTTLS" and refuses:
                writer.write(b"454 4.7.0 TLS not available due to local problem\r\n")
            elif word == b"STARTTLS":
                writer.write(b"220 go ahead\r\n")
                hello = await reader.read(2048)
                assert hello[0] == 0x16
                writer.write(b"\x15\x03\x03\x00\x02\x02\x28")
                return
            elif word == b"QUIT":
                return

    return serve


@pytest.mark.parametrize(
    ("capabilities", "facts", "cause"),
    [
        ([b"SIZE 1000", b"STARTTLS"], ["starttls_now"], "one_of_several"),
        ([b"SIZE 1000", b"8BITMIME"], ["starttls_still_missing"], "no_certificate"),
        ([b"SIZE 1000", b"XXXXXXXA"], ["starttls_masked"], "middlebox"),
    ],
)
async def test_whether_starttls_is_offered_now(capabilities, facts, cause):
    asked = case(Failure.STARTTLS_MISSING, service="submission", banner="220 mx1 ESMTP")
    seen, visits = await found(asked, mail(*capabilities))
    assert (ids(seen), visits) == (facts, 1)
    assert causes(asked, seen)[0] == cause


@pytest.mark.parametrize("service", ["smtp", "submission"])
async def test_starttls_is_refused_once_more(service):
    asked = case(Failure.STARTTLS_MISSING, service=service, banner="220 mx1 ESMTP")
    seen, _ = await found(asked, mail(b"SIZE 1000", b"STARTTLS", refuses=True))
    assert [(each.id, each.text) for each in seen] == [
        ("starttls_still_missing", "asked again, it refuses the STARTTLS that it offers")
    ]
    assert causes(asked, seen)[0] == "no_certificate"


@pytest.mark.parametrize(
    ("capabilities", "fact", "cause"),
    [([b"STARTTLS"], "starttls_there", "starttls_port"), ([b"8BITMIME"], "starttls_still_missing", "plain_listener")],
)
async def test_plain_words_on_a_tls_port_are_asked_for_starttls(capabilities, fact, cause):
    asked = case(Failure.TLS_NOT_TLS, service="smtps", banner="220 mx1 ESMTP")
    seen, _ = await found(asked, mail(*capabilities))
    assert ids(seen) == [fact]
    assert cause in causes(asked, seen)[:2]


@pytest.mark.parametrize("service", ["mysql", "mssql", "postgresql", "redis", "mongodb", "ssh", "sftp", "http"])
def test_who_is_never_asked(service):
    assert not collector.wants(case(Failure.TLS_HANDSHAKE, service=service))


def test_who_is_asked():
    assert collector.wants(HANDSHAKE)
    assert collector.wants(case(Failure.TLS_NOT_TLS, service="smtps", banner="220 mx1 ESMTP"))
    assert not collector.wants(case(Failure.TLS_NOT_TLS, service="smtps", banner="SSH-2.0-x"))
    assert not collector.wants(case(Failure.TLS_EXPIRED))


@pytest.mark.parametrize(("serves_tls", "fact"), [(True, "tls_wanted"), (False, "tls_unknown")])
async def test_plain_words_that_are_hung_up_on_are_tried_as_tls(files, serves_tls, fact):
    asked = case(Failure.CLOSED_EARLY, service="redis", detail="closed by the peer before the answer to PING")
    facts, _ = await found(asked, nothing, context(files) if serves_tls else None)
    assert ids(facts) == [fact]
    first = causes(asked, facts)[0]
    assert (first == "redis_tls") is serves_tls


@pytest.mark.parametrize(("service", "wanted"), [("redis", True), ("mongodb", True), ("mysql", False), ("smtp", False)])
def test_only_who_is_spoken_to_first_is_tried_as_tls(service, wanted):
    assert collector.wants(case(Failure.CLOSED_EARLY, service=service)) is wanted
