"""What is said when there is nothing to show, or something is wrong with the whole."""

import pytest

from support.fleets import fleet, monitor, row
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.model.filter import parse_filter
from uptime_tui.model.target import parse_target
from uptime_tui.model.units import MonitorId
from uptime_tui.view import states
from uptime_tui.view.cells import cell_width
from uptime_tui.view.rows import ViewOptions
from uptime_tui.view.snapshot import Snapshot
from uptime_tui.view.words import ASCII, UNICODE
from uptime_tui.wire.messages import Notice, Vitals


def snapshot(*entries, **changes):
    known = Snapshot()
    known.apply(fleet(*entries, **changes))
    return known


def test_an_empty_fleet_is_told_what_to_paste():
    catalogue = load_catalogue()
    examples = [line.strip() for line in states.EMPTY if line.startswith("  ")]
    assert len(examples) == 3
    for example in examples:
        parse_target(example, schemes=catalogue.schemes, ports=catalogue.ports)


def test_an_empty_view_says_why_and_what_to_do():
    assert states.nothing_matches("cat:x", 12)[0] == "None of 12 monitors matches  cat:x"
    assert "Esc" in states.nothing_matches("cat:x", 12)[-1]
    assert "all 12 monitors" in states.no_problems(12)[0]


def test_what_is_unusual_about_the_view_is_named():
    assert states.unusual(ViewOptions(), 0, frozen=False, locked=False) == []
    seen = ViewOptions(filter=parse_filter(" mx1 "), problems_only=True, certificates=True)
    words = ["problems only", "certificates", "filter: mx1", "2 marked", "frozen", "locked"]
    assert states.unusual(seen, 2, frozen=True, locked=True) == words


BAD = Notice("journal", "disk full", "error")
MEH = Notice("file", "monitors.toml:3: no such key", "warning")
INFO = Notice("new", "a new version", "info")


@pytest.mark.parametrize(
    ("changes", "lost", "begin", "role"),
    [
        ({}, "is gone (12 s)", "The engine is gone (12 s)", "bad"),
        ({"vitals": Vitals(offline=True), "notices": (BAD,)}, "", "This machine has no network", "bad"),
        ({"notices": (INFO, MEH, BAD)}, "", "disk full  (+2)", "bad"),
        ({"notices": (INFO, MEH)}, "", "monitors.toml:3: no such key  (+1)", "warn"),
        ({"notices": (INFO,)}, "", "a new version", "dim"),
        (
            {"vitals": Vitals(lateness_p99_ms=12_300), "notices": (MEH,)},
            "",
            "The engine cannot keep up: probes start 12 s late",
            "warn",
        ),
        ({"vitals": Vitals(lateness_p99_ms=12_300), "notices": (BAD,)}, "", "disk full", "bad"),
    ],
)
def test_the_banner_says_the_worst(changes, lost, begin, role):
    text, found = states.banner(snapshot(**changes), lost)
    assert text.startswith(begin)
    assert found == role


def test_without_trouble_there_is_no_banner():
    assert states.banner(snapshot(vitals=Vitals(lateness_p99_ms=20)), "") is None


SICK = snapshot(
    (monitor(1, "shop"), row(1, "degraded", failure="busy", since_ms=1)),
    (monitor(2, "blog"), row(2)),
    (monitor(3, "日本語の名前"), row(3, "down", failure="refused", detail="by the host, at once", since_ms=2)),
)


def test_a_tiny_screen_lists_problems():
    assert states.tiny_lines(SICK, 40, 6, UNICODE) == [
        "✗1 !1 ✓1", "✗ 日本語の名前 connection refused: by t…", "! shop         busy",
    ]  # fmt: skip
    assert states.tiny_lines(SICK, 40, 3, ASCII)[0] == "X1 !1 .1"


@pytest.mark.parametrize(
    ("height", "current", "begins"),
    [(6, 1, ["✗1", "✗ ", "!>"]), (6, 3, ["✗1", "✗>", "! "]), (3, 1, ["✗1", "✗ ", "!>"]), (6, 2, ["✗1", "✗ ", "! "])],
)
def test_a_tiny_screen_marks_the_monitor_that_keys_mean(height, current, begins):
    lines = states.tiny_lines(SICK, 40, height, UNICODE, current=MonitorId(current))
    assert [line[:2] for line in lines] == begins


def test_a_tiny_screen_keeps_the_monitor_that_keys_mean_in_sight():
    many = snapshot(*((monitor(n, f"m{n}"), row(n, "down", since_ms=n)) for n in range(1, 10)))
    assert states.tiny_lines(many, 40, 4, UNICODE, current=MonitorId(5)) == ["✗9", "✗ m3", "✗ m4", "✗>m5"]


def test_a_tiny_screen_without_monitors_says_why_and_what_to_do():
    assert states.tiny_lines(snapshot(), 40, 5, UNICODE)[1:4] == [
        "Nothing is watched yet.", "Press A and paste a target:", "https://shop.example.net/health",
    ]  # fmt: skip
    lines = states.tiny_lines(Snapshot(), 30, 5, UNICODE, problem="the engine did not start within 10 s")
    assert lines == ["✓0", "Waiting for the engine …", "the engine did not start", "within 10 s"]
    bad = snapshot(notices=(Notice("config:0", "monitors.toml:3: no such key", "error"),))
    assert states.tiny_lines(bad, 40, 9, UNICODE)[1:4] == [
        "Nothing is watched.", "monitors.toml:3: no such key", "E opens the file in $EDITOR; it is read",
    ]  # fmt: skip


def test_a_tiny_screen_says_that_the_engine_is_gone():
    assert states.tiny_lines(SICK, 40, 4, UNICODE, "is gone (2 min)")[1].startswith("The engine is gone (2 min)")
    assert states.tiny_lines(SICK, 29, 2, UNICODE, "is gone (2 min)") == ["✗1 !1 ✓1 The engine is gone …"]


def test_a_long_notice_is_shown_whole_in_a_few_lines():
    text = (
        "monitors.toml:4: interval is below the minimum for smtp, 30s (write interval = 30s); the last good set goes on"
    )
    assert " ".join(states.banner_lines(text, 78)) == text
    lines = states.banner_lines("word " * 200, 78)
    assert len(lines) == states.BANNER_LINES
    assert lines[-1].endswith("…")
    assert all(cell_width(line) <= 78 for line in lines)


@pytest.mark.parametrize(("width", "height"), [(29, 10), (40, 2), (4, 1), (1, 1)])
def test_a_tinier_one_only_counts(width, height):
    lines = states.tiny_lines(SICK, width, height, UNICODE)
    assert len(lines) == 1
    assert cell_width(lines[0]) <= width


@pytest.mark.parametrize("height", [3, 4, 5])
def test_lines_fit_the_screen(height):
    lines = states.tiny_lines(SICK, 31, height, UNICODE)
    assert len(lines) == min(height, 3)
    assert all(cell_width(line) <= 31 for line in lines)


def test_the_newest_changes_of_state():
    known = snapshot(
        (monitor(1, "shop"), row(1, "down", failure="refused", since_ms=3000)),
        (monitor(2, "blog"), row(2, since_ms=2000)),
        (monitor(3, "new"), row(3, "pending", since_ms=0)),
    )
    lines = states.latest_changes(known, 5, lambda ms: f"at {ms}", UNICODE)
    assert ["".join(text for text, _ in line).rstrip() for line in lines] == [
        "at 3000      ✗ DOWN      shop  connection refused",
        "at 2000      ✓ up        blog",
    ]
    longer = snapshot(
        (monitor(1, "a"), row(1, since_ms=2)), (monitor(2, "longer"), row(2, "down", failure="busy", since_ms=1))
    )
    ends = [
        "".join(text for text, _ in line).index(word)
        for line, word in zip(states.latest_changes(longer, 5, str, UNICODE), ("a ", "longer"), strict=True)
    ]
    assert ends[0] == ends[1]
    assert lines[0][1][1] == "bad"
    assert len(states.latest_changes(known, 1, str, UNICODE)) == 1
