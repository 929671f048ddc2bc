"""What a banner, or its absence, says; and which cause comes first for it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.explained import NOW_S, case, causes, ids, neighbour, plan, result
from uptime_tui.diagnose.evidence import banner as collector
from uptime_tui.model.failure import Failure, Status
from uptime_tui.model.reasons import LOOK, is_turned_away, reasons
from uptime_tui.model.result import Evidence
from uptime_tui.model.safetext import is_safe, safe_text


def found(asked):
    facts = list(collector.facts(asked))
    assert set(ids(facts)) <= set(collector.FACTS)
    assert all(is_safe(fact.text) for fact in facts)
    return facts


def first(asked):
    return causes(asked, found(asked))[0]


def good(banner):
    return result(banner=banner, at_s=NOW_S - 600)


COMPARED = [
    ("220 mx1 ESMTP Postfix", "220 mx1 ESMTP Postfix", "banner_as_before"),
    ("220 mx1 ESMTP Exim 4.96 Tue, 24 Nov 2026 18:00:00 +0000", "220 mx1 ESMTP Exim 4.96 Wed, 25 Nov 2026 19:00:00 +0000", "banner_as_before"),
    ("220 mx1 ESMTP Exim 4.96 Tue, 24 Nov 2026 18:00:00 +0000", "220 mx1 ESMTP Exim 4.98 Wed, 25 Nov 2026 19:00:00 +0000", "banner_upgraded"),
    ("+OK Dovecot ready. <1a.2.3@mx1>", "+OK Dovecot ready. <9f.1.7@mx1>", "banner_as_before"),
    ("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u4", "banner_upgraded"),
    ("SSH-2.0-OpenSSH_9.2p1", "SSH-2.0-dropbear_2022.83", "banner_changed"),
    ("nginx/1.22.1", "nginx/1.24.0", "banner_upgraded"),
    ("nginx", "Apache/2.4.66 (Debian)", "banner_changed"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "now", "fact"), COMPARED)
def test_compared_with_the_last_good_one(before, now, fact):
    assert ids(found(case(Failure.BUSY, banner=now, last_good=good(before)))) == [fact]


WORDS = [
    ("smtp", Failure.BUSY, "421 4.7.0 mx1 Error: too many connections from 192.0.2.1", "per_client_limit"),
    ("smtp", Failure.BUSY, "421 4.3.2 mx1 Service shutting down and closing transmission channel", "stopping"),
    ("smtp", Failure.BUSY, "452 4.3.1 Insufficient system storage", "disk_full"),
    ("smtp", Failure.BUSY, "421 mx1: Too many concurrent SMTP connections; please try again later.", "smtpd_limit"),
    ("redis", Failure.BUSY, "-LOADING Redis is loading the dataset in memory", "starting"),
    ("redis", Failure.BUSY, "-ERR max number of clients reached", "too_many_connections"),
    ("redis", Failure.BUSY, "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", "redis_state"),
    ("smtp", Failure.BUSY, "421 4.3.2 mx1 rejecting connections on daemon MTA: load average: 31", "overload"),
    ("postgresql", Failure.BUSY, "FATAL 57P03: the database system is starting up", "starting"),
    ("postgresql", Failure.BUSY, "FATAL 53300: sorry, too many clients already", "pg_slots"),
    ("mysql", Failure.BUSY, "1040 Too many connections", "mysql_slots"),
    ("imap", Failure.BUSY, "* BYE [UNAVAILABLE] Temporary authentication failure", "dependency"),
    ("imap", Failure.BUSY, "* BYE [UNAVAILABLE] Try again later.", "dependency"),
    ("imap", Failure.BUSY, "* BYE [UNAVAILABLE] Connection queue full", "login_service_full"),
    ("imap", Failure.BUSY, "* BYE This server is under maintenance until 06:00", "stopping"),
    ("smtp", Failure.WATCHER_BLOCKED, "554 5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.spamhaus.org", "client_rejected"),
    ("smtp", Failure.WATCHER_BLOCKED, "554 5.7.1 mx.example.net: access denied", "client_rejected"),
    ("submission", Failure.WATCHER_BLOCKED, "554 5.7.25 Client host rejected: cannot find your reverse hostname", "client_rejected"),
    ("smtp", Failure.WATCHER_BLOCKED, "504 5.5.2 <mx>: Helo command rejected: need fully-qualified hostname", "ehlo_name"),
    ("pop3s", Failure.WATCHER_BLOCKED, "-ERR Your host is not allowed to connect", "client_rejected"),
    ("smtp", Failure.REFUSED_SERVICE, "554 mx1 does not accept mail", "smtp_554"),
    ("smtp", Failure.REFUSED_SERVICE, "554 mx1 under maintenance", "maintenance"),
    ("smtp", Failure.REFUSED_SERVICE, "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org; Error: open resolver; https://check.spamhaus.org/returnc/pub/192.0.2.53/", "list_refuses"),
    ("ftp", Failure.REFUSED_SERVICE, "500 OOPS: failed to open vsftpd log file:/var/log/vsftpd.log", "vsftpd_oops"),
    ("mysql", Failure.REFUSED_SERVICE, "1053 Server shutdown in progress", "mysql_shutdown"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "failure", "banner", "cause"), WORDS)
def test_its_own_words_name_the_cause(service, failure, banner, cause):
    assert first(case(failure, service=service, banner=banner, detail=f"busy: {banner}")) == cause


@pytest.mark.parametrize(
    "greeting",
    ["220 mx1.example.net ESMTP Postfix (Debian/GNU)", "* OK [CAPABILITY IMAP4rev1 STARTTLS] Dovecot ready.",
     "220 ProFTPD Server (example) [::ffff:192.0.2.1]", "SSH-2.0-OpenSSH_9.2p1", "+OK POP3 ready", "nginx/1.22.1",
     "220-We do not authorize the use of this system to transport unsolicited, and/or bulk e-mail."],
)  # fmt: skip
def test_an_ordinary_greeting_gives_no_reason(greeting):
    assert reasons(greeting) == ()


@pytest.mark.parametrize(
    ("words", "us"),
    [
        ("530 Access denied", True),
        ("Your host is not allowed to connect", True),
        ("Access from your network is denied.", True),
        ("554 mx1 under maintenance, access denied", False),
        ("421 There are too many connections from your internet address.", False),
        ("421 access denied: connection rate limit exceeded", False),
        ("-ERR POP3 is switched off", False),
        ("421 4.7.0 ptr7.rdns.example.net Error: timeout", False),
        ("* BYE rdns.example.net is closed", False),
        ("554 mx1.example.net rejects 192.0.2.1: no rDNS", True),
        ("", False),
    ],
)
def test_whether_a_refusal_means_this_machine(words, us):
    assert is_turned_away(words) is us


@given(st.text(max_size=2 * LOOK))
def test_reasons_bear_any_text(text):
    assert len(reasons(safe_text(text, LOOK))) <= 12


def test_a_close_at_once_by_reset_with_others_fine_is_a_proxy_without_its_service():
    asked = case(
        Failure.CLOSED_EARLY, service="smtp", detail="connection reset by the peer without a word", protocol=0.4,
        neighbours=(neighbour("ssh"),),
    )  # fmt: skip
    assert ids(found(asked)) == ["closed_at_once", "closed_by_reset", "others_here_serve"]
    assert first(asked) == "proxy_no_backend"


@pytest.mark.parametrize(
    "detail", ["closed by the peer before the answer", "connection reset by the peer before any answer"]
)
@pytest.mark.parametrize(
    ("service", "cause"), [("redis", "redis_tls"), ("mongodb", "mongo_tls"), ("elasticsearch", "https_only")]
)
def test_who_refuses_in_words_and_hangs_up_without_any_wants_tls_unless_it_has_served(service, cause, detail):
    asked = case(Failure.CLOSED_EARLY, service=service, detail=detail, protocol=0.4)
    assert first(asked) == cause
    assert causes(asked, [*found(asked), Evidence("history_sudden", None, None, "")])[0] != cause


def test_a_close_after_a_while_is_a_proxy_that_gave_up():
    asked = case(Failure.CLOSED_EARLY, detail="closed by the peer before any answer", protocol=30_000.0)
    assert ids(found(asked)) == ["closed_late"]
    assert causes(asked, found(asked)).index("proxy_timeout") < 3


def test_a_close_on_every_port_is_a_ban():
    same = neighbour("imap", status=Status.DOWN, failure=Failure.CLOSED_EARLY)
    asked = case(
        Failure.CLOSED_EARLY, service="smtp", detail="closed by the peer before the greeting", protocol=0.4,
        neighbours=(same,),
    )  # fmt: skip
    assert ids(found(asked)) == ["closed_at_once", "others_here_fail_too"]
    assert first(asked) == "access_list"


def test_mysql_that_lets_go_at_once_has_something_before_it():
    asked = case(Failure.CLOSED_EARLY, service="mysql", detail="closed by the peer before the greeting", protocol=2.0)
    assert "closed_at_once" in ids(found(asked))
    assert first(asked) == "mysql_wrapper"


def test_silence_is_told():
    asked = case(Failure.NO_GREETING, service="smtp", detail="the server sent nothing", protocol=10_000.0)
    assert ids(found(asked)) == ["accepted_silent"]


@pytest.mark.parametrize(("words", "fact"), [("", "accepted_silent"), ("SSH-2.0-x", "stopped_talking")])
def test_a_timeout_in_the_talk_is_no_firewall(words, fact):
    asked = case(Failure.TIMEOUT, banner=words, protocol=3000.0)
    assert fact in ids(found(asked))
    told = causes(asked, found(asked))
    assert told[0] == "hung"
    assert told.index("filtered") >= 2
    assert causes(case(Failure.TIMEOUT), [])[0] == "filtered"


@pytest.mark.parametrize(
    ("failure", "detail", "cause"),
    [
        (Failure.NO_GREETING, "the server sent nothing", "tls_port"),
        (Failure.CLOSED_EARLY, "closed by the peer before the greeting", "wrong_mode"),
    ],
)
def test_a_plain_monitor_on_a_port_that_begins_in_tls(failure, detail, cause):
    def asked(service, port):
        return case(failure, service=service, detail=detail, protocol=10_000.0, monitor={"port": port})

    assert "port_begins_tls" in ids(found(asked("imap", 993)))
    assert first(asked("imap", 993)) == cause
    assert "port_begins_tls" not in ids(found(asked("imap", 143)))
    assert "port_begins_tls" not in ids(found(asked("imaps", 993)))
    for service, both in (("redis", 6379), ("mongodb", 27017), ("elasticsearch", 9200)):
        assert "port_begins_tls" not in ids(found(asked(service, both)))


@pytest.mark.parametrize(
    ("service", "banner", "fact", "cause"),
    [
        ("smtps", "220 mx1 ESMTP Postfix", "peer_plain", "wrappermode"),
        ("imaps", "* OK Dovecot ready.", "peer_plain", "plain_listener"),
        ("https", "HTTP/1.1 400 Bad Request", "peer_plain", "plain_listener"),
        ("https", "SSH-2.0-OpenSSH_9.2p1", "peer_named", "another_service"),
    ],
)
def test_plain_words_on_a_tls_port(service, banner, fact, cause):
    asked = case(Failure.TLS_NOT_TLS, service=service, banner=banner)
    assert ids(found(asked)) == [fact, "port_for_tls"]
    assert first(asked) == cause


def test_the_number_of_a_port_tells_how_tls_begins_there():
    asked = case(Failure.TLS_NOT_TLS, service="smtps", banner="220 mx1 ESMTP Postfix")
    asked = replace(asked, plan=plan("smtps", port=587))
    assert ids(found(asked)) == ["peer_plain", "port_for_starttls"]
    assert first(asked) == "starttls_port"


def test_another_service_after_a_good_one_took_the_port():
    asked = case(
        Failure.WRONG_SERVICE, service="smtp", banner="SSH-2.0-OpenSSH_9.2p1", last_good=good("220 mx1 ESMTP Postfix"),
        neighbours=(neighbour("imap"),),
    )  # fmt: skip
    assert ids(found(asked)) == ["banner_changed", "peer_named", "others_here_serve"]
    assert first(asked) == "port_taken"


async def test_it_asks_nobody_and_is_not_wanted_without_a_connection():
    asked = case(Failure.BUSY, banner="421 too many connections")
    assert collector.wants(asked)
    assert not collector.wants(case(Failure.REFUSED))
    assert not collector.wants(case(Failure.TIMEOUT))
    assert ids([fact async for fact in collector.collect(asked, None)]) == ids(found(asked))
