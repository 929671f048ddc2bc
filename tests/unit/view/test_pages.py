"""The pages of the detail: an incident with all that was kept of it, a mail domain, and no line too wide."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from support.fleets import NOW_MS, monitor, result
from uptime_tui.model.diagnosis import Diagnosis, Suspect
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.incident import Incident
from uptime_tui.model.result import Evidence
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.units import MonitorId
from uptime_tui.view.cells import cell_width
from uptime_tui.view.copies import copies_of_past
from uptime_tui.view.pages import Sheet, incident_lines, mail_lines, pages
from uptime_tui.view.words import ASCII, UNICODE

MX = monitor(1, "mx1", category="email", target=("smtp", "mx1.example.net", 25))
FAILED = result("refused", at_ms=NOW_MS - 90_000, address="192.0.2.8")
FOUND = Diagnosis(
    MonitorId(1), NOW_MS - 89_000, FAILED, Failure.REFUSED, result(at_ms=NOW_MS - 100_000, address="192.0.2.7", banner="220 x"),
    (Evidence("rst", Phase.CONNECT, ok=False, text="refused"),), (Suspect("a", "It is stopped.", 0.9),), complete=True,
    audit=(Evidence("spf", Phase.DNS, ok=False, text="no SPF"), Evidence("mx", Phase.DNS, ok=True, text="MX fine")),
)  # fmt: skip
INCIDENT = Incident(4, MonitorId(1), NOW_MS - 90_000, Status.DOWN, Failure.REFUSED, "", NOW_MS - 30_000)


def sheet(width=70, glyphs=UNICODE, **changes):
    return Sheet(MX, NOW_MS, width, glyphs, lambda ms: f"@{(NOW_MS - ms) // 1000}", **changes)


def texts(lines):
    return ["".join(text for text, _ in line) for line in lines]


def test_an_incident_has_its_time_its_course_its_cause_and_the_last_good_probe():
    lines = texts(incident_lines(sheet(), [INCIDENT], 0, (FOUND,)))
    assert lines[:3] == ["mx1", "incident 1 of 1, the newest first", "@90 down for 1m: connection refused"]
    assert "as it was at @90" in lines
    assert "last good @100, 192.0.2.7, 12ms" in lines
    assert "then at 192.0.2.7, now at 192.0.2.8" in lines
    assert "it said   220 x" in lines
    assert "90% It is stopped." in lines


def test_what_is_not_known_is_said():
    assert texts(incident_lines(sheet(), [], 0, None))[1] == "no incident is known of it"
    assert texts(incident_lines(sheet(), [INCIDENT], 0, None))[-1] == "reading…"
    assert "no diagnosis is kept of it" in " ".join(texts(incident_lines(sheet(), [INCIDENT], 0, ())))
    assert "d audits it" in " ".join(texts(mail_lines(sheet(), None)))


def test_the_mail_domain_begins_with_its_count():
    lines = texts(mail_lines(sheet(), FOUND))
    assert lines[1:] == ["as of @89: 1 of 2 facts speak against it", "", "✗ no SPF", "✓ MX fine"]
    no_domain = msgspec.structs.replace(FOUND, audit=(Evidence("mail_no_domain", Phase.DNS, ok=None, text="no MX"),))
    assert texts(mail_lines(sheet(), no_domain))[1] == "as of @89: nothing could be judged"
    assert pages(MX)[-1] == "mail domain"
    assert len(pages(monitor(2))) == 2


def test_both_reports_of_an_incident_can_be_copied():
    later = msgspec.structs.replace(FOUND, summary="later")
    assert set(copies_of_past(MX, (FOUND,), str)) == {"i"}
    made = copies_of_past(MX, (FOUND, later), str)
    assert "together: `later`" in made["l"][1]
    assert "together" not in made["i"][1]
    assert "it said `220 x`" in made["i"][1]
    assert copies_of_past(MX, (), str) == {}


@given(
    st.integers(20, 130), st.text(max_size=60).map(lambda text: safe_text(text, 200)), st.sampled_from([UNICODE, ASCII])
)
def test_no_line_is_wider_than_its_place(width, text, glyphs):
    good = msgspec.structs.replace(FOUND.last_good, banner=text, address=text)
    hostile = msgspec.structs.replace(
        FOUND, last_good=good, summary=text, evidence=(Evidence("a", Phase.TLS, ok=None, text=text),),
        audit=(Evidence("b", Phase.DNS, ok=False, text=text),), failed=msgspec.structs.replace(FAILED, detail=text),
    )  # fmt: skip
    page = sheet(width, glyphs)
    shown = [*incident_lines(page, [INCIDENT], 0, (hostile, hostile)), *mail_lines(page, hostile)]
    assert all(cell_width(line) <= width for line in texts(shown))
