"""The side panel: what is said of a healthy, a failing and a new monitor, and that nothing is ever too wide."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from support.fleets import NOW_MS, monitor, result, row
from uptime_tui.knowledge.entry import Cause, CheckItem, Hints
from uptime_tui.model.certificate import Certificate, Window
from uptime_tui.model.diagnosis import Check, Diagnosis, Suspect
from uptime_tui.model.events import Event, EventKind
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.incident import Incident
from uptime_tui.model.result import Evidence, Timings
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.units import MonitorId
from uptime_tui.view.cells import cell_width
from uptime_tui.view.mailstack import Stack
from uptime_tui.view.panel import PanelContext, ladder_lines, panel_lines
from uptime_tui.view.words import ASCII, UNICODE
from uptime_tui.wire.messages import Focus

NUMBER = MonitorId(1)
SHOP = monitor(
    1,
    "shop web",
    target=("https", "shop.example.net", 443, "/health"),
    tags=("prod", "eu"),
    runbook="https://wiki/shop",
)
CERTIFICATE = Certificate(
    subject="CN=shop.example.net", issuer="CN=Example CA", names=tuple(f"n{i}.example.net" for i in range(8)), sha256="00",
    not_before=NOW_MS // 1000 - 86400, not_after=NOW_MS // 1000 + 14 * 86400 + 60, protocol="TLSv1.3", key="EC P-256",
)  # fmt: skip
GOOD = result(
    timings=Timings(dns=2.0, connect=11.0, tls=20.0, protocol=40.0, content=5.0, total=73.0),
    address="8.8.4.4", port=443, certificate=CERTIFICATE, banner="nginx",
)  # fmt: skip
REFUSED = result(
    "refused", detail="8.8.4.4:443 refused the connection", timings=Timings(dns=2.0, connect=3.4, total=5.4), address="8.8.4.4",
    evidence=(
        Evidence("dns_answer", Phase.DNS, True, "8.8.4.4"),
        Evidence("tcp_failure", Phase.CONNECT, False, "connect: refused"),
        Evidence("icmp", Phase.CONNECT, None, "no ICMP"),
        Evidence("protocol", Phase.CONNECT, False, "8.8.4.4:443 refused the connection"),
    ),
)  # fmt: skip
HINTS = Hints(
    Failure.REFUSED, "Refused", "Nothing accepts connections there.",
    tuple(Cause(f"c{i}", f"cause {i}", ("is it running?",), ("systemctl status nginx",)) for i in range(6)),
)  # fmt: skip


def focus(**changes):
    return Focus(**{"id": NUMBER, "result": GOOD, "failed": None, "certificate": None, **changes})


def context(**changes):
    fields = {
        "monitor": SHOP, "row": row(1), "focus": None, "hints": None, "service_title": "HTTPS", "meaning": "a web site",
        "exposure": "", "now_ms": NOW_MS, "width": 43, "glyphs": UNICODE,
        "clock": lambda ms: f"@{(NOW_MS - ms) // 1000}", **changes,
    }  # fmt: skip
    return PanelContext(**fields)


def texts(**changes):
    return ["".join(text for text, _ in line) for line in panel_lines(context(**changes))]


def roles(lines):
    return {text.strip(): role for line in lines for text, role in line}


def test_before_the_engine_has_spoken():
    lines = texts(row=row(1, "pending", since_ms=0, last_ms=0, latency_ms=None))
    assert lines == [
        "shop web", "· pending", "https://shop.example.net:443/health", "", "purpose   a web site", "service   HTTPS, web",
        "runbook   https://wiki/shop", "tags      prod, eu",
    ]  # fmt: skip


def test_a_healthy_monitor():
    lines = texts(
        focus=focus(certificate=CERTIFICATE, next_ms=NOW_MS + 60_000, uptime_day=0.9987),
        row=row(1, trend=b"\x10\x40\x00"),
        hints=HINTS,
    )
    assert lines == [
        "shop web",
        "✓ up for 4m, since @240",
        "https://shop.example.net:443/health",
        "DNS ✓2.0ms ▸ TCP ✓11ms ▸ TLS ✓20ms",
        "▸ HTTPS ✓40ms ▸ content ✓5.0ms",
        "",
        "purpose   a web site",
        "service   HTTPS, web",
        "runbook   https://wiki/shop",
        "tags      prod, eu",
        "address   8.8.4.4",
        "says      nginx",
        "latency   ▁█× 12ms",
        "uptime    99.87% of the last 24 h",
        "last      @5",
        "next      @-60, every 60 s",
        "",
        "cert      14d left",
        "names     n0.example.net, n1.example.net,",
        "          n2.example.net, n3.example.net,",
        "          n4.example.net, n5.example.net",
        "          and 2 more",
        "issuer    CN=Example CA",
        "session   TLSv1.3, EC P-256",
        "SHA-256   00",
    ]


def test_a_failing_monitor_says_where_why_and_what_to_check():
    lines = texts(
        row=row(1, "down", failure="refused", detail="x"), focus=focus(result=REFUSED, failed=REFUSED), hints=HINTS
    )
    assert lines[3:28] == [
        "DNS ✓2.0ms ▸ TCP ✗ refused ▸ TLS –",
        "▸ HTTPS – ▸ content –",
        "",
        "connection refused",
        "8.8.4.4:443 refused the connection",
        "✓ 8.8.4.4",
        "✗ connect: refused",
        "– no ICMP",
        "not looked into yet: it waits for its turn;",
        "d looks at once",
        "",
        "Nothing accepts connections there.",
        "",
        "1 cause 0",
        "  • is it running?",
        "  $ systemctl status nginx",
        "",
        "2 cause 1",
        "  • is it running?",
        "  $ systemctl status nginx",
        "",
        "3 cause 2",
        "  • is it running?",
        "  $ systemctl status nginx",
        "",
    ]
    assert "4 cause 3" in lines
    assert "5 cause 4" not in lines


def test_what_shows_a_check_stands_below_it():
    items = (CheckItem("does it run?", command="systemctl status nginx"), CheckItem("who else?", where="a colleague"))
    hints = Hints(Failure.REFUSED, "t", "m", (Cause("c", "cause", items, ("uptime",)),))
    lines = texts(row=row(1, "down", failure="refused"), focus=focus(failed=REFUSED), hints=hints)
    start = lines.index("1 cause")
    assert lines[start + 1 : start + 6] == [
        "  • does it run?", "    $ systemctl status nginx", "  • who else?", "    see a colleague", "  $ uptime",
    ]  # fmt: skip


def test_the_way_through_redirects_is_shown_while_all_is_well():
    led = result(evidence=(
        Evidence("redirect", Phase.CONTENT, None, "HTTP 301 → https://a.test/en"),
        Evidence("redirect", Phase.CONTENT, False, "HTTP 302 → http://b.test/: from here on without TLS"),
    ))  # fmt: skip
    lines = panel_lines(context(focus=focus(result=led), width=80))
    shown = ["".join(text for text, _ in line) for line in lines]
    assert "redirects HTTP 301 → https://a.test/en" in shown
    assert "          HTTP 302 → http://b.test/: from here on without TLS" in shown
    assert (("HTTP 302 → http://b.test/: from here on without TLS", "warn")) in [
        span for line in lines for span in line
    ]


def test_the_mail_host_is_told_with_its_status():
    stack = Stack((NUMBER,), "mail on mx1: delivery works, submission down (timeout)", Status.DEGRADED)
    lines = panel_lines(context(stack=stack, width=80))
    assert lines[3] == (("mail on mx1: delivery works, submission down (timeout)", "warn"),)


def test_each_address_has_a_line():
    seen = (
        Evidence("address", Phase.PROTOCOL, True, "192.0.2.1: answers, 12.0 ms"),
        Evidence("address", Phase.CONNECT, None, "2001:db8::1: n/a, no route from here"),
    )
    shown = texts(focus=focus(result=result(address="192.0.2.1", evidence=seen)), width=80)
    assert "addresses 192.0.2.1: answers, 12.0 ms" in shown
    assert "          2001:db8::1: n/a, no route from here" in shown
    assert not [line for line in shown if line.startswith("address ")]
    bad = result(
        "partial", detail="x", evidence=(*seen, Evidence("address", Phase.CONNECT, False, "192.0.2.2: timeout"))
    )
    failing = texts(row=row(1, "degraded", failure="partial"), focus=focus(result=bad, failed=bad), width=80)
    assert [line for line in failing if "192.0.2.2" in line or "2001" in line] == [
        "– 2001:db8::1: n/a, no route from here", "✗ 192.0.2.2: timeout",
    ]  # fmt: skip


def test_roles_follow_the_status():
    found = roles(panel_lines(context(row=row(1, "down", failure="refused"), focus=focus(failed=REFUSED), hints=HINTS)))
    assert found["✗ DOWN"] == found["TCP ✗ refused"] == found["connection refused"] == "bad"
    assert found["DNS ✓2.0ms"] == "good"
    assert found["systemctl status nginx"] == "command"
    assert found["shop web"] == "title"


def test_a_suspicion_is_told_while_the_status_stays():
    lines = texts(row=row(1, suspected="refused"), focus=focus(failed=REFUSED))
    assert lines[1] == "~ suspect for 4m, since @240"
    assert lines[2:4] == ["suspected: connection refused; being tried", "again"]
    assert "8.8.4.4:443 refused the connection" in lines


def test_a_failure_without_its_record_is_told_from_the_row():
    lines = texts(row=row(1, "down", failure="refused", detail="seen before the restart", flapping=True))
    assert "flapping: it changes too often to be" in lines
    assert "flapping; connection refused: seen before" in lines


def test_intermittent_shows_the_newest_failure_and_the_count():
    lines = texts(row=row(1, "degraded", failure="intermittent", detail="3 of 21"), focus=focus(failed=REFUSED))
    assert "connection refused" in lines
    assert "intermittent: 3 of 21" in lines


def test_the_past():
    events = (
        Event(NUMBER, NOW_MS - 60_000, EventKind.STATUS, Status.DOWN, Status.UP, Failure.REFUSED, "x"),
        Event(NUMBER, NOW_MS - 70_000, EventKind.FLAPPING_STARTED, Status.UP, Status.UP),
        Event(
            NUMBER, NOW_MS - 80_000, EventKind.CERTIFICATE_CHANGED, Status.UP, Status.UP, None, "another one: a new key"
        ),
    )
    incidents = (
        Incident(2, NUMBER, NOW_MS - 120_000, Status.DOWN, Failure.REFUSED),
        Incident(1, NUMBER, NOW_MS - 7_200_000, Status.DEGRADED, None, closed_ms=NOW_MS - 3_600_000),
    )
    lines = texts(focus=focus(events=events, incidents=incidents))
    assert lines[lines.index("lately") :] == [
        "lately", "@60 down: connection refused", "@70 flapping started", "@80 another one: a new key", "",
        "incidents", "@120 down for 2m, goes on: connection", "     refused", "@7200 degraded for 1h",
    ]  # fmt: skip


def test_a_certificate_shows_every_problem_and_no_name():
    bad = Certificate(
        "CN=old", "CN=old", (), 0, NOW_MS // 1000 - 3 * 86400, "00", (Failure.TLS_EXPIRED, Failure.TLS_SELF_SIGNED)
    )
    lines = texts(focus=focus(certificate=bad))
    assert lines[lines.index("cert      ended 3d ago") :] == [
        "cert      ended 3d ago", "          certificate expired", "          self-signed certificate",
        "names     CN=old", "issuer    CN=old", "SHA-256   00",
    ]  # fmt: skip


def test_the_chain_is_shown_and_an_obsolete_version():
    end = NOW_MS // 1000 + 20 * 86400 + 5
    chain = (Window("Issuing CA", 0, end, "Root CA"), Window("Root CA", 0, end, "Root CA"))
    sent = msgspec.structs.replace(CERTIFICATE, chain=chain, protocol="TLSv1.1")
    shown = panel_lines(context(focus=focus(certificate=sent)))
    lines = ["".join(text for text, _ in line) for line in shown]
    place = lines.index("chain     3 certificates")
    shown_links = " ".join(line.strip() for line in lines[place + 1 : lines.index("session   TLSv1.1, EC P-256")])
    assert shown_links == "Issuing CA, by Root CA, 20d left Root CA, by itself, 20d left"
    assert next(line for line in shown if line and line[-1][0].startswith("TLSv1.1"))[-1][1] == "warn"


def test_a_long_interval_is_told_in_minutes():
    assert "next      @-9, every 5 min" in texts(monitor=monitor(interval_s=300.0), focus=focus(next_ms=NOW_MS + 9000))


def test_who_is_slowed_down_is_told_why_in_one_line():
    why = "probed every 2m40s, not 10s: MySQL"
    lines = texts(row=row(1, slowed=why), focus=focus(next_ms=NOW_MS + 9000), width=60)
    assert f"pace      {why}" in lines
    assert "next      @-9" in lines
    assert not any(line.startswith("pace") for line in texts(focus=focus(next_ms=NOW_MS + 9000)))


def test_a_private_service_at_a_public_address_is_pointed_out():
    lines = texts(exposure="Redis answers at the public address 8.8.8.8. Bind it.")
    assert "! it may be open to the world" in lines
    assert "Redis answers at the public address" in lines
    assert not any("open to the world" in line for line in texts())


def test_the_ladder_of_a_bare_connect():
    lines = ladder_lines(result(timings=Timings(connect=0.2)), 80, ASCII, "tcp")
    assert ["".join(t for t, _ in line) for line in lines] == ["DNS - > TCP y0.2ms > TLS - > protocol - > content -"]
    late = result("tls_name_mismatch", timings=Timings(dns=1.0, connect=1.0, tls=3.0))
    assert ("TLS ✗ name mismatch", "bad") in ladder_lines(late, 120, UNICODE)[0]
    ours = result("no_descriptors", phase=None, timings=Timings())
    assert {role for line in ladder_lines(ours, 120, UNICODE) for _, role in line} == {"dim", "faint"}


TEXT = st.text(max_size=60).map(safe_text) | st.sampled_from(["日本語の名前 とても長い", "a" * 90, "👍🏻 e\u0301"])


@given(
    TEXT,
    TEXT,
    st.integers(20, 90),
    st.sampled_from([UNICODE, ASCII]),
    st.sampled_from(["up", "down", "degraded", "pending"]),
)
@settings(max_examples=300)
def test_no_line_is_wider_than_the_panel(name, other, width, glyphs, status):
    failed = result(
        "http_status", detail=other, evidence=(Evidence("x", Phase.TLS, None, name),), banner=other, address="8.8.8.8"
    )
    shown = panel_lines(
        context(
            monitor=monitor(1, name or "x", purpose=other, tags=(name, other), runbook=name, target=("postgresql", "h" * 40, 1)),
            row=row(1, status, failure=None if status == "up" else "http_status", suspected="timeout", flapping=True, trend=bytes(range(60))),
            focus=focus(
                failed=failed, certificate=CERTIFICATE, next_ms=NOW_MS, uptime_day=0.5,
                events=(Event(NUMBER, NOW_MS, EventKind.STATUS, Status.DOWN, Status.UP, Failure.TLS_NAME_MISMATCH),),
                incidents=(Incident(1, NUMBER, NOW_MS, Status.DOWN, Failure.TLS_NAME_MISMATCH),),
            ),
            hints=Hints(Failure.REFUSED, name, other, (Cause("c", name, (CheckItem(other, (), (), name, "", other),), (other * 3,)),)),
            exposure=other, service_title=name, width=width, glyphs=glyphs,
            clock=lambda _ms: "24 Nov 13:51",
        )
    )  # fmt: skip
    for line in shown:
        assert sum(cell_width(text) for text, _ in line) <= width, line


def test_on_a_small_screen_the_conclusion_stands_above_the_course():
    """The drawer at 80x24 has eight lines: name, state, target, cause and command must be among them."""
    suspect = Suspect("stopped", "It is stopped.", 0.9, checks=(Check("Does it run?", "wrong", (), "ss -ltn"),))
    found = Diagnosis(NUMBER, REFUSED.at_ms, REFUSED, Failure.REFUSED, suspects=(suspect,), complete=True)
    down = row(1, "down", failure="refused", since_ms=REFUSED.at_ms)
    lines = texts(row=down, focus=focus(failed=REFUSED, diagnosis=found), width=78, brief=True)
    assert lines[3:6] == ["90% It is stopped.", "✗ Does it run?", "$ ss -ltn"]
    assert lines[7].startswith("DNS ")
