"""Every state of every lab server, as a probe from this machine sees it."""

import asyncio

import pytest

from support.labprobe import CATALOGUE, watched_lab
from uptime_tui.lab.fleet import Entry, read_fleet, states_of
from uptime_tui.model.failure import Failure as F  # noqa: N817 - a table
from uptime_tui.model.failure import Phase as P  # noqa: N817
from uptime_tui.model.failure import Status as S  # noqa: N817

UP = (S.UP, None, None)
EARLY = (S.DOWN, F.CLOSED_EARLY, P.PROTOCOL)

NAMES = {
    "nxdomain": (S.DOWN, F.DNS_NXDOMAIN, P.DNS),
    "no_address": (S.DOWN, F.DNS_NO_ADDRESS, P.DNS),
    "servfail": (S.DOWN, F.DNS_SERVFAIL, P.DNS),
    "dns_refused": (S.DOWN, F.DNS_REFUSED, P.DNS),
    "dns_silent": (S.DOWN, F.DNS_TIMEOUT, P.DNS),
    "dns_bogus": (S.DOWN, F.DNS_BOGUS, P.DNS),
}
CONNECTION = {
    "refused": (S.DOWN, F.REFUSED, P.CONNECT),
    "timeout": (S.DOWN, F.TIMEOUT, P.CONNECT),
}
CERTIFICATES = {
    "expired": (S.DOWN, F.TLS_EXPIRED, P.TLS),
    "expired_wrong_name": (S.DOWN, F.TLS_EXPIRED, P.TLS),
    "not_yet_valid": (S.DOWN, F.TLS_NOT_YET_VALID, P.TLS),
    "wrong_name": (S.DOWN, F.TLS_NAME_MISMATCH, P.TLS),
    "self_signed": (S.DOWN, F.TLS_SELF_SIGNED, P.TLS),
    "untrusted": (S.DOWN, F.TLS_UNTRUSTED, P.TLS),
    "missing_intermediate": (S.DOWN, F.TLS_UNTRUSTED, P.TLS),
    "expiring": (S.DEGRADED, F.TLS_EXPIRING, P.TLS),
    "expiring_critical": (S.DOWN, F.TLS_EXPIRING, P.TLS),
    "renewed": UP,
    "other_issuer": UP,
    "private": (S.DOWN, F.TLS_UNTRUSTED, P.TLS),
}
BEFORE_TLS = {
    "silent": (S.DOWN, F.TLS_HANDSHAKE, P.TLS),
    "closes_early": (S.DOWN, F.TLS_HANDSHAKE, P.TLS),
    "reset": (S.DOWN, F.TLS_HANDSHAKE, P.TLS),
    "intermittent": (S.DOWN, F.TLS_HANDSHAKE, P.TLS),
    "wrong_service": (S.DOWN, F.TLS_NOT_TLS, P.TLS),
    "tls_refused": (S.DOWN, F.TLS_HANDSHAKE, P.TLS),
}
SLOW = {
    "slow": (S.DEGRADED, F.TOO_SLOW, P.CONTENT),
    "very_slow": (S.DOWN, F.TIMEOUT, P.PROTOCOL),
}
SPOKEN_TO = {
    "up": UP,
    **NAMES, **CONNECTION, **SLOW,
    "silent": (S.DOWN, F.TIMEOUT, P.PROTOCOL),
    **dict.fromkeys(("closes_early", "reset", "intermittent"), EARLY),
    "wrong_service": (S.DOWN, F.WRONG_SERVICE, P.PROTOCOL),
    "garbage": (S.DOWN, F.BAD_PROTOCOL, P.PROTOCOL),
}  # fmt: skip
"""Every service in which the client speaks first."""
SPEAKS_FIRST = {
    **SPOKEN_TO,
    **dict.fromkeys(("silent", "very_slow"), (S.DOWN, F.NO_GREETING, P.PROTOCOL)),
}
"""Every service that greets."""
HTTP = {
    **SPOKEN_TO,
    "http_404": (S.DOWN, F.HTTP_STATUS, P.CONTENT),
    "http_500": (S.DOWN, F.HTTP_STATUS, P.CONTENT),
    "http_503": (S.DOWN, F.HTTP_STATUS, P.CONTENT),
    **dict.fromkeys(("maintenance", "limited"), (S.DEGRADED, F.BUSY, P.CONTENT)),
    "login_required": (S.DOWN, F.HTTP_STATUS, P.CONTENT),
    "error_page": (S.DOWN, F.KEYWORD_MISSING, P.CONTENT),
    "empty_page": (S.DOWN, F.KEYWORD_MISSING, P.CONTENT),
    "invalid_json": (S.DOWN, F.KEYWORD_MISSING, P.CONTENT),
    "redirect": (S.DOWN, F.KEYWORD_MISSING, P.CONTENT),
    "redirect_loop": (S.DOWN, F.KEYWORD_MISSING, P.CONTENT),
    "stalled": UP,  # only who looks at a value sees it
    "large_body": (S.DOWN, F.BODY_TOO_LARGE, P.CONTENT),
    "half_body": (S.DOWN, F.CLOSED_EARLY, P.CONTENT),
    "drip": (S.DOWN, F.TIMEOUT, P.PROTOCOL),
}  # fmt: skip
NOT_TLS = {"not_tls": (S.DOWN, F.TLS_NOT_TLS, P.TLS)}
WORDLESS = {"not_tls": (S.DOWN, F.TLS_HANDSHAKE, P.TLS)}
"""A server that makes nothing of a TLS greeting and does not say so."""
HTTPS = {**HTTP, **CERTIFICATES, **BEFORE_TLS, **NOT_TLS}
SELF_MADE = {
    "self_signed": (S.DEGRADED, F.TLS_SELF_SIGNED, P.TLS),
    **dict.fromkeys(("untrusted", "missing_intermediate", "private"), (S.DEGRADED, F.TLS_UNTRUSTED, P.TLS)),
}
PANEL = {
    **HTTPS,
    **SELF_MADE,
    "http_404": UP,
    "login_required": UP,
    **dict.fromkeys(("error_page", "empty_page", "invalid_json", "redirect", "redirect_loop"), UP),
}
BUSY = (S.DEGRADED, F.BUSY, P.PROTOCOL)
BLOCKED = (S.DEGRADED, F.WATCHER_BLOCKED, P.PROTOCOL)
REFUSED = (S.DOWN, F.REFUSED_SERVICE, P.PROTOCOL)
NO_STARTTLS = (S.DEGRADED, F.STARTTLS_MISSING, P.TLS)
GREETS = {
    **SPEAKS_FIRST, **CERTIFICATES,
    "busy": BUSY,
    "no_starttls": NO_STARTTLS,
    "starttls_refused": NO_STARTTLS,
    "starttls_injection": (S.DOWN, F.STARTTLS_INJECTION, P.TLS),
}  # fmt: skip
"""Every service that speaks first and can start TLS."""
SMTP = {**GREETS, "refusing": REFUSED, "blocked": BLOCKED, "ehlo_refused": BLOCKED}
IMAP = {**GREETS, "refusing": REFUSED, "blocked": BLOCKED, "login_disabled": REFUSED, "preauth": NO_STARTTLS}
POP3 = {**GREETS, "refusing": REFUSED, "blocked": BLOCKED}
FTP = {**GREETS, "blocked": BLOCKED, "misconfigured": REFUSED, "delayed": BUSY}
REDIS = {
    **SPOKEN_TO,
    "no_auth": UP,
    "protected": UP,
    **dict.fromkeys(("loading", "busy_script", "max_clients", "master_down", "cannot_save"), (S.DEGRADED, F.BUSY, P.PROTOCOL)),
}  # fmt: skip
SSH = {
    **SPEAKS_FIRST,
    **dict.fromkeys(("no_kexinit", "garbage"), EARLY),
    "max_startups": BUSY,
    "disconnects": BUSY,
    "penalty": (S.DEGRADED, F.WATCHER_BLOCKED, P.PROTOCOL),
    "old_version": REFUSED,
}  # fmt: skip
MSSQL = {
    **SPOKEN_TO, **CERTIFICATES, **SELF_MADE,
    "no_encryption": NO_STARTTLS,
    "strict": EARLY,
    "drops_tls": (S.DOWN, F.TLS_HANDSHAKE, P.TLS),
}  # fmt: skip
ELASTICSEARCH = {
    **SPOKEN_TO,
    **dict.fromkeys(("http_404", "http_500", "redirect", "redirect_loop"), (S.DOWN, F.HTTP_STATUS, P.CONTENT)),
    **dict.fromkeys(("http_503", "maintenance", "limited"), BUSY),
    "login_required": UP,
    **dict.fromkeys(("error_page", "empty_page", "invalid_json"), (S.DOWN, F.WRONG_SERVICE, P.PROTOCOL)),
    "half_body": (S.DOWN, F.WRONG_SERVICE, P.PROTOCOL),
    "large_body": (S.DOWN, F.BAD_PROTOCOL, P.PROTOCOL),
    "drip": (S.DOWN, F.TIMEOUT, P.PROTOCOL),
    "stalled": UP,
}
MONGODB = {
    **SPOKEN_TO,
    **dict.fromkeys(("secondary", "standalone", "legacy"), UP),
    "recovering": BUSY,
    "shutting_down": REFUSED,
}
MYSQL = {
    **SPEAKS_FIRST, **CERTIFICATES, **SELF_MADE,
    "busy": (S.DEGRADED, F.BUSY, P.PROTOCOL),
    "blocked": (S.DEGRADED, F.WATCHER_BLOCKED, P.PROTOCOL),
    "shutting_down": (S.DOWN, F.REFUSED_SERVICE, P.PROTOCOL),
    **dict.fromkeys(("no_account", "decoy", "no_starttls"), UP),
}  # fmt: skip
POSTGRESQL = {
    **SPOKEN_TO, **CERTIFICATES, **SELF_MADE,
    "starttls_injection": (S.DOWN, F.STARTTLS_INJECTION, P.TLS),
    **dict.fromkeys(("busy", "starting"), (S.DEGRADED, F.BUSY, P.PROTOCOL)),
    **dict.fromkeys(("no_entry", "no_starttls"), UP),
    "damaged": (S.DOWN, F.REFUSED_SERVICE, P.PROTOCOL),
}  # fmt: skip
ACCEPTS = dict.fromkeys(
    ("silent", "closes_early", "reset", "intermittent", "wrong_service", "slow", "very_slow"), UP
)  # a bare connection is all that is looked at
LISTENER = {"up": UP, **NAMES, **CONNECTION, **ACCEPTS}


def in_tls(greets):
    """The same service in TLS from the first byte."""
    own = dict.fromkeys(("no_starttls", "starttls_refused", "starttls_injection"), UP)
    return {**greets, **BEFORE_TLS, **NOT_TLS, "very_slow": (S.DOWN, F.NO_GREETING, P.PROTOCOL), **own}


SEEN = {
    ("http", "http"): HTTP,
    ("http", "https"): HTTPS,
    ("http", "cpanel"): PANEL,
    ("smtp", "submission"): SMTP,
    ("smtp", "smtp"): {**SMTP, "no_starttls": UP},
    ("smtp", "smtps"): in_tls(SMTP),
    ("imap", "imap"): IMAP,
    ("imap", "imaps"): {**in_tls(IMAP), "preauth": UP},
    ("pop3", "pop3"): POP3,
    ("pop3", "pop3s"): in_tls(POP3),
    ("ftp", "ftp"): FTP,
    ("ftp", "ftps"): in_tls(FTP),
    ("redis", "redis"): REDIS,
    ("redis", "rediss"): {**REDIS, **CERTIFICATES, **SELF_MADE, **BEFORE_TLS, **WORDLESS},
    ("ssh", "ssh"): SSH,
    ("ssh", "sftp"): SSH,
    ("mssql", "mssql"): MSSQL,
    ("mongodb", "mongodb"): MONGODB,
    ("mongodb", "mongodb-tls"): {**MONGODB, **CERTIFICATES, **SELF_MADE, **BEFORE_TLS, **WORDLESS},
    ("http", "elasticsearch"): ELASTICSEARCH,
    ("http", "elasticsearch-tls"): {**ELASTICSEARCH, **CERTIFICATES, **SELF_MADE, **BEFORE_TLS, **NOT_TLS},
    ("listener", "tcp"): LISTENER,
    ("mysql", "mysql"): MYSQL,
    ("postgresql", "postgresql"): POSTGRESQL,
}  # fmt: skip
CLUSTER = '{"cluster_name": "shop", "version": {"number": "8.17.0"}}'
BODIES = {"elasticsearch": CLUSTER, "elasticsearch-tls": CLUSTER}
WAITS = {"timeout", "silent", "drip", "very_slow", "dns_silent", "not_tls"}
"""What a probe may see only when its time is over, which is short."""
LAST = {*WAITS, "slow"}
"""Probed when the others have had their certificates made: these wait, and nothing keeps them waiting longer."""


@pytest.mark.parametrize(("kind", "service"), SEEN)
def test_the_table_holds_every_state(kind, service):
    assert set(SEEN[kind, service]) == states_of(kind, CATALOGUE.get(service).tls)


@pytest.mark.parametrize(("kind", "service"), SEEN)
async def test_every_state_is_seen_as_it_is(kind, service, tmp_path):
    entries = [_entry(kind, service, state) for state in SEEN[kind, service]]
    results = {}
    async with watched_lab(tmp_path, entries) as (_, watch):
        for last in (False, True):
            names = [entry.name for entry in entries if (entry.name in LAST) is last]
            results |= zip(names, await asyncio.gather(*map(watch.probe, names)), strict=True)
    seen = {name: (result.status, result.failure, result.phase) for name, result in results.items()}
    assert seen == SEEN[kind, service], [result.detail for result in results.values()]


def _entry(kind, service, state):
    """A server for one state, with what it takes to see it."""
    checks = {"slow": "700ms"} if state == "slow" else {}
    if service in {"http", "https"}:
        checks["keyword"] = "Add to basket"
    host = state.replace("_", "-")
    return Entry(
        state, f"{service}://{host}.hosting.example", kind, 0, state,
        timeout="1500ms" if state in WAITS else "", expect=checks, body=BODIES.get(service, "Add to basket"),
    )  # fmt: skip


async def test_an_expired_certificate_for_another_name_says_both(tmp_path):
    entry = Entry("one", "https://one.hosting.example", "http", 0, "expired_wrong_name")
    async with watched_lab(tmp_path, [entry]) as (_, watch):
        result = await watch.probe("one")
    assert result.certificate.problems == (F.TLS_EXPIRED, F.TLS_NAME_MISMATCH)


async def test_a_missing_intermediate_is_told(tmp_path):
    entry = Entry("one", "https://one.hosting.example", "http", 0, "missing_intermediate")
    async with watched_lab(tmp_path, [entry]) as (_, watch):
        result = await watch.probe("one")
    assert result.certificate.missing_intermediate


async def test_invalid_json_is_told_where_json_is_expected(tmp_path):
    entry = Entry("one", "http://one.hosting.example/x", "http", 0, "invalid_json", expect={"json": True})
    async with watched_lab(tmp_path, [entry]) as (_, watch):
        assert (await watch.probe("one")).failure is F.JSON_INVALID


async def test_a_redirect_elsewhere_is_told(tmp_path):
    here = "https://shop.hosting.example/"
    entry = Entry(
        "one", "http://one.hosting.example", "http", 0, "redirect", expect={"redirect": here}, moved_to=here
    )  # fmt: skip
    async with watched_lab(tmp_path, [entry]) as (lab, watch):
        assert (await watch.probe("one")).failure is F.REDIRECT
        await lab.set_state("one", "up")
        assert (await watch.probe("one")).failure is None


async def test_intermittent_throws_out_every_third(tmp_path):
    entry = Entry("one", "redis://one.hosting.example", "redis", 0, "intermittent")
    async with watched_lab(tmp_path, [entry]) as (_, watch):
        seen = [(await watch.probe("one")).failure for _ in range(6)]
    assert seen == [F.CLOSED_EARLY, None, None, F.CLOSED_EARLY, None, None]


async def test_a_way_of_redirects_a_login_and_a_value(tmp_path):
    entries = [entry for entry in read_fleet() if entry.name in {"welcome page", "stock API"}]
    async with watched_lab(tmp_path, entries) as (lab, watch):
        welcome = await watch.probe("welcome page")
        assert welcome.failure is None
        assert [text.rpartition("/")[2] for text in welcome.detail.split(" → ")] == ["", "welcome", "en"]
        await lab.set_state("welcome page", "redirect_loop")
        assert (await watch.probe("welcome page")).failure is F.REDIRECT
        stock = await watch.probe("stock API")
        assert stock.failure is F.JSON_MISMATCH
        assert 'data.items[0].status is "stalled", expected "ok"' in stock.detail
        await lab.set_state("stock API", "up")
        assert (await watch.probe("stock API")).failure is None
        (tmp_path / "stock.hosting.example.password").write_text("wrong\n")
        assert "HTTP 401" in (await watch.probe("stock API")).detail
        (tmp_path / "stock.hosting.example.password").chmod(0o644)
        assert (await watch.probe("stock API")).status is S.UNKNOWN
