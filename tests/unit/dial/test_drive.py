import ssl

import pytest

from support.certificates import NAME, authority
from support.peers import converse, server_context, setup
from uptime_tui.dial.drive import TLS_LIMIT, Driver
from uptime_tui.handshakes import http, redis, smtp, tcp
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.monitor import Expectations
from uptime_tui.model.outcome import Outcome, Rest
from uptime_tui.model.result import WENT_SILENT
from uptime_tui.model.steps import Ask, Conclude, Mark, Receive, Send

CAPABILITIES = b"250-mx\r\n250 STARTTLS\r\n"


def driver_for(module, service="smtp", *, tls="none", setup_tls=None, expect=None, **options):
    ask = Ask(NAME, 25, service, tls=tls, our_name="probe.example", expect=expect or Expectations())
    return Driver(module.handshake(ask), tls=setup_tls, **options)


def mail_server(data: bytes) -> bytes:
    word = data.split()[0]
    return {b"EHLO": CAPABILITIES, b"STARTTLS": b"220 go\r\n", b"QUIT": b"221 bye\r\n"}[word]


def test_times_of_each_phase():
    def talk():
        yield Send(b"?")
        yield Receive()
        yield Mark(Phase.CONTENT)
        yield Receive()
        yield Conclude(Outcome(None, "fine"))
        yield Send(b"bye")
        yield Receive()
        return Outcome(None, "fine")

    driver = Driver(talk())
    assert driver.start(10.0) == b"?"
    driver.feed(b"a", 10.5)
    assert driver.feed(b"b", 10.75) == b"bye"
    ending = driver.ending
    assert ending is not None
    assert not driver.over
    assert (ending.protocol_ms, ending.content_ms, ending.tls_ms) == (750.0, 250.0, None)
    assert driver.greeting_due_s == 11.75
    driver.expire(11.8)
    assert driver.over
    assert driver.ending is ending
    assert driver.feed(b"late", 12.0) == b""


CAUTION, REST = Rest(3600.0, "broken off"), Rest(160.0, "refused")


def login(rest):
    yield Send(b"?")
    yield Receive()
    return Outcome(None, "fine", rest=rest)


@pytest.mark.parametrize("rest", [None, REST])
def test_a_handshake_that_ends_says_how_long_to_rest(rest):
    driver = Driver(login(rest), caution=CAUTION)
    driver.start(10.0)
    driver.feed(b"!", 10.1)
    assert driver.over
    assert driver.rest is rest


@pytest.mark.parametrize("cut", ["expire", "reset", "greeting"])
def test_a_conversation_cut_short_leaves_the_caution(cut):
    driver = Driver(login(None), caution=CAUTION, receive_limit=10)
    driver.start(10.0)
    if cut == "expire":
        driver.expire(20.0)
    elif cut == "reset":
        driver.close(10.1, reset=True)
    else:
        driver.feed(b"x" * 11, 10.1)
    assert driver.over
    assert driver.rest is CAUTION


def test_what_follows_the_decision_does_not_change_the_rest():
    def talk():
        yield Conclude(Outcome(None, "fine"))
        yield Send(b"bye")
        yield Receive()
        return Outcome(None, "fine")

    driver = Driver(talk(), caution=CAUTION)
    driver.start(10.0)
    driver.close(10.1, reset=True)
    assert driver.over
    assert driver.rest is None


def test_a_farewell_that_ends_says_how_long_to_rest():
    def never():
        yield Receive()
        raise AssertionError

    for farewell, rest in ((lambda: login(REST), REST), (never, CAUTION)):
        setup_tls = setup(implicit=True, tolerate=frozenset({Failure.TLS_SELF_SIGNED}))
        driver = Driver(login(None), tls=setup_tls, farewell=farewell, caution=CAUTION)
        ending = converse(driver, lambda _: b"!", tls=server_context(authority.leaf("expired")))
        assert ending.outcome.failure is Failure.TLS_EXPIRED
        assert driver.rest is rest


@pytest.mark.parametrize("chunk", [0, 1, 7])
def test_starttls_whole(chunk):
    driver = driver_for(smtp, tls="starttls", setup_tls=setup(implicit=False))
    ending = converse(
        driver,
        mail_server,
        greeting=b"220 mx ESMTP\r\n",
        tls=server_context(authority.leaf("good")),
        starttls=b"STARTTLS\r\n",
        chunk=chunk,
    )
    assert ending.outcome == Outcome(None, "ready for mail, STARTTLS works", "220 mx ESMTP")
    assert ending.phase is None
    assert ending.certificate.problems == ()
    assert ending.tls_ms is not None
    assert ending.protocol_ms is not None
    assert [each.id for each in ending.evidence] == ["tls_session", "tls_certificate", "greeting", "protocol"]
    assert all(each.ok is not False for each in ending.evidence)


@pytest.mark.parametrize(
    ("state", "failure"),
    [("expired", Failure.TLS_EXPIRED), ("self_signed", Failure.TLS_SELF_SIGNED), ("expiring", Failure.TLS_EXPIRING)],
)
def test_no_command_after_a_failed_certificate(state, failure):
    heard = []

    def listen(data):
        heard.append(data)
        return mail_server(data)

    driver = driver_for(smtp, "smtps", tls="implicit", setup_tls=setup())
    ending = converse(driver, listen, greeting=b"220 mx\r\n", tls=server_context(authority.leaf(state)))
    assert ending.outcome.failure is failure
    assert ending.phase is Phase.TLS
    spoken = failure is Failure.TLS_EXPIRING
    assert bool(heard) == spoken
    assert (ending.protocol_ms is not None) == spoken
    assert [each.id for each in ending.evidence if each.ok] == (
        ["tls_session", "protocol"] if spoken else ["tls_session"]
    )


def test_tolerated_problem_is_reported_when_the_protocol_succeeds():
    tolerant = setup(tolerate=frozenset({Failure.TLS_SELF_SIGNED, Failure.TLS_NAME_MISMATCH}))
    context = server_context(authority.leaf("self_signed"))
    ending = converse(
        driver_for(http, "plesk", tls="implicit", setup_tls=tolerant),
        lambda _: b"HTTP/1.1 200 OK\r\nServer: sw-cp-server\r\nContent-Length: 0\r\n\r\n",
        tls=context,
    )
    assert ending.outcome.failure is Failure.TLS_SELF_SIGNED
    assert ending.phase is Phase.TLS
    assert ending.outcome.banner == "sw-cp-server"
    assert "HTTP 200, 0 B" in [each.text for each in ending.evidence if each.id == "protocol"]
    ending = converse(
        driver_for(http, "plesk", tls="implicit", setup_tls=tolerant),
        lambda _: b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        tls=context,
    )
    assert ending.outcome.failure is Failure.HTTP_STATUS


@pytest.mark.parametrize("chunk", [0, 1])
@pytest.mark.parametrize("together", [True, False])
def test_plaintext_after_starttls_is_injection_wherever_it_arrives(chunk, together):
    driver = driver_for(smtp, tls="starttls", setup_tls=setup(implicit=False))
    driver.start(0.0)
    driver.feed(b"220 mx ESMTP\r\n", 0.1)
    driver.feed(CAPABILITIES, 0.2)
    data = b"220 go\r\n250 injected\r\n"
    parts = [data] if together else [data[:8], data[8:]]
    for part in parts:
        for piece in [part] if not chunk else [part[i : i + 1] for i in range(len(part))]:
            driver.feed(piece, 0.3)
    assert driver.over
    assert driver.ending.outcome.failure is Failure.STARTTLS_INJECTION
    assert driver.ending.phase is Phase.TLS


@pytest.mark.parametrize(
    ("said", "who"),
    [
        (b"220 mx.test ESMTP Postfix\r\n", "SMTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP"),
        (b"\xff\xfe", "the peer"),
    ],
)
def test_no_tls_where_tls_is_due(said, who):
    driver = driver_for(http, "https", tls="implicit", setup_tls=setup())
    driver.start(0.0)
    driver.feed(said, 0.1)
    assert driver.ending.outcome.failure is Failure.TLS_NOT_TLS
    assert driver.ending.outcome.detail.startswith(f"{who} answers without TLS")
    assert driver.ending.phase is Phase.TLS
    assert driver.ending.protocol_ms is None
    assert driver.ending.tls_ms == pytest.approx(100.0)


def test_tls_refused_by_an_alert():
    context = server_context(authority.leaf("good"), maximum=ssl.TLSVersion.TLSv1_2, client_ca=True)
    ending = converse(driver_for(tcp, tls="implicit", setup_tls=setup()), lambda _: b"", tls=context)
    assert ending.outcome.failure is Failure.TLS_HANDSHAKE
    assert ending.outcome.detail == "the server found no common cipher, or wants a client certificate"


def test_client_certificate_wanted_in_tls_1_3():
    context = server_context(authority.leaf("good"), client_ca=True)
    ending = converse(driver_for(http, "https", tls="implicit", setup_tls=setup()), lambda _: b"never", tls=context)
    assert ending.outcome.failure is Failure.TLS_HANDSHAKE
    assert ending.outcome.detail == "the server wants a client certificate"


@pytest.mark.parametrize("reset", [True, False])
def test_closed_in_the_tls_handshake(reset):
    driver = driver_for(http, "https", tls="implicit", setup_tls=setup())
    driver.start(0.0)
    driver.close(0.2, reset=reset)
    assert driver.ending.outcome.failure is Failure.TLS_HANDSHAKE
    assert ("reset" in driver.ending.outcome.detail) == reset


def test_endless_tls_handshake_is_bounded():
    driver = driver_for(http, "https", tls="implicit", setup_tls=setup())
    driver.start(0.0)
    record = b"\x16\x03\x03\x40\x00" + b"\x02\xff\xff\xff" + b"\0" * 16380
    for _ in range(TLS_LIMIT // len(record) + 2):
        driver.feed(record, 0.1)
    assert driver.over
    assert driver.ending.outcome.failure is Failure.TLS_HANDSHAKE


def test_no_greeting():
    driver = driver_for(smtp, greeting_timeout_s=30.0)
    assert driver.start(100.0) == b""
    assert driver.greeting_due_s == 130.0
    driver.expire(130.0)
    assert driver.ending.outcome == Outcome(Failure.NO_GREETING, "connected, the server sent nothing in 30 s")
    assert driver.ending.phase is Phase.PROTOCOL
    assert driver.greeting_due_s is None


def test_greeting_begun_in_time_has_the_whole_deadline():
    driver = driver_for(smtp, greeting_timeout_s=30.0)
    driver.start(100.0)
    driver.feed(b"220-", 101.0)
    assert driver.greeting_due_s is None
    driver.expire(160.0)
    assert driver.ending.outcome.failure is Failure.TIMEOUT
    assert driver.ending.phase is Phase.PROTOCOL
    assert driver.ending.outcome.detail == "4 bytes received, no complete answer in 60 s"


def test_no_answer_of_a_server_that_is_spoken_to():
    driver = driver_for(redis, greeting_timeout_s=5.0)
    driver.start(0.0)
    assert driver.greeting_due_s is None
    driver.expire(0.45)
    assert driver.ending.outcome == Outcome(Failure.TIMEOUT, "connected, no answer in 0.5 s")


def test_who_closes_has_not_gone_silent():
    driver = driver_for(http, "https", tls="implicit", setup_tls=setup())
    driver.start(0.0)
    driver.close(9.0)
    assert driver.ending.outcome.failure is Failure.TLS_HANDSHAKE
    assert WENT_SILENT not in {each.id for each in driver.ending.evidence}


def test_time_up_in_tls():
    driver = driver_for(http, "https", tls="implicit", setup_tls=setup(), greeting_timeout_s=3.0)
    driver.start(0.0)
    assert driver.greeting_due_s is None
    driver.expire(9.0)
    assert driver.ending.outcome.failure is Failure.TLS_HANDSHAKE
    assert driver.ending.outcome.detail == "connected, no answer to our TLS greeting in 9.0 s"
    assert driver.ending.tls_ms == 9000.0


def test_time_up_within_a_tls_record():
    driver = driver_for(http, "https", tls="implicit", setup_tls=setup())
    driver.start(0.0)
    driver.feed(b"\x16", 1.0)
    driver.expire(9.0)
    assert (driver.ending.evidence[-1].id, driver.ending.evidence[-1].phase) == (WENT_SILENT, Phase.TLS)
    assert driver.ending.outcome.detail == "connected, TLS handshake not finished in 9.0 s"


@pytest.mark.parametrize(
    ("module", "heard", "how"),
    [(smtp, b"", "without a word"), (smtp, b"220", "after 3 bytes"), (redis, b"", "before any answer")],
)
def test_reset(module, heard, how):
    driver = driver_for(module)
    driver.start(0.0)
    if heard:
        driver.feed(heard, 0.1)
    driver.close(0.2, reset=True)
    assert driver.ending.outcome.failure is Failure.CLOSED_EARLY
    assert driver.ending.outcome.detail == f"connection reset by the peer {how}"


def test_nothing_changes_a_decided_outcome():
    driver = driver_for(redis)
    driver.start(0.0)
    assert driver.feed(b"+PONG\r\n", 0.1) == redis.QUIT
    decided = driver.ending
    driver.close(0.2, reset=True)
    assert driver.over
    assert driver.ending is decided
    assert decided.outcome.failure is None


def test_receive_limit_holds_within_one_exchange():
    def talk():
        got = b""
        for _ in range(4):
            yield Send(b"more")
            got += yield Receive(limit=3)
        while got:
            yield Receive(limit=3)
        return Outcome(None, "")

    driver = Driver(talk(), receive_limit=100)
    driver.start(0.0)
    for _ in range(3):
        driver.feed(b"123", 0.1)
    assert driver.ending is None
    driver.feed(b"x" * 101, 0.2)
    assert driver.over
    assert driver.ending.outcome.failure is Failure.BAD_PROTOCOL


def test_large_body_within_its_own_bound():
    body = b"x" * 300_000
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + body
    ending = converse(driver_for(http, "http"), lambda _: answer, chunk=65536)
    assert ending.outcome == Outcome(None, "HTTP 200, 300.0 kB")
    small = Expectations(max_body_bytes=100_000)
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + body
    ending = converse(driver_for(http, "http", expect=small), lambda _: endless, chunk=65536)
    assert ending.outcome.failure is Failure.BODY_TOO_LARGE
    assert ending.phase is Phase.CONTENT
    assert ending.content_ms is not None
