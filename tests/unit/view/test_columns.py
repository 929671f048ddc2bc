"""Columns: by priority as the screen narrows, each line exactly as wide as the screen."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.fleets import NOW_MS, monitor, row
from uptime_tui.view.cells import cell_width
from uptime_tui.view.columns import COLUMNS, Context, choose_columns, counts_text, group_spans, header_text, row_spans
from uptime_tui.view.rows import GroupRow
from uptime_tui.view.words import ASCII, UNICODE
from uptime_tui.wire.messages import Counts

SHOP = monitor(1, "shop web", target=("https", "shop.example.net", 443, "/health"))


def ids(width):
    return " ".join(column.id for column, _ in choose_columns(width))


def text(spans):
    return "".join(part for part, _ in spans)


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (10, "state"),
        (24, "state"),
        (25, "state name"),
        (48, "state name why"),
        (58, "state name for why"),
        (65, "state name latency for why"),
        (78, "state name latency trend for why"),
        (109, "state name latency trend for why"),
        (110, "state name target latency trend for why"),
        (123, "state name target latency trend for cert why"),
        (200, "state name service target latency trend for cert why"),
    ],
)
def test_columns_go_by_priority(width, columns):
    assert ids(width) == columns


@pytest.mark.parametrize("width", [98, 126, 200])
def test_the_reason_has_room_before_columns_that_the_panel_repeats(width):
    widths = {column.id: size for column, size in choose_columns(width)}
    assert widths["why"] >= 36
    assert widths["name"] >= 20
    assert "service" not in widths or widths["target"] >= 28


@pytest.mark.parametrize(("screen", "cells"), [(73, 24), (77, 28)])
def test_the_reason_has_room_beside_the_panel_and_at_80_columns(screen, cells):
    widths = {column.id: size for column, size in choose_columns(screen)}
    assert widths["why"] >= cells
    assert {"trend", "latency", "for"} <= widths.keys()


@given(st.integers(10, 400))
def test_columns_fill_the_width_and_no_more(width):
    chosen = choose_columns(width)
    taken = sum(size for _, size in chosen) + len(chosen) - 1
    assert taken <= width
    assert all(column.narrowest <= size <= column.widest for column, size in chosen)
    priorities = sorted(column.priority for column, _ in chosen)
    assert priorities == list(range(len(chosen)))
    if width >= 80:
        assert taken == min(width, sum(column.widest for column in COLUMNS) + len(COLUMNS) - 1)


def test_lines_as_they_stand():
    down = row(1, "down", failure="refused", detail="443", latency_ms=None, trend=b"\x60\x61\x00")

    def line(width, shown):
        return text(row_spans(choose_columns(width), Context(SHOP, shown, NOW_MS, 0, UNICODE)))

    assert line(58, down) == "✗ DOWN     shop web             4m connection refused: 443"
    assert line(78, down) == "✗ DOWN     shop web                     ▁▁×   4m connection refused: 443      "
    assert "shop.example.net:443/health" in line(140, down)
    assert line(58, row(1)) == "✓ up       shop web             4m" + " " * 24


def test_a_line_at_200_columns():
    up = row(1, cert_not_after=NOW_MS // 1000 + 14 * 86400 + 5)
    line = text(row_spans(choose_columns(200), Context(SHOP, up, NOW_MS, 0, UNICODE)))
    assert line.split() == ["✓", "up", "shop", "web", "https", "shop.example.net:443/health", "12ms", "4m", "14d"]
    v6 = monitor(1, target=("smtp", "2001:db8::1", 25))
    assert "[2001:db8::1]:25" in text(row_spans(choose_columns(200), Context(v6, up, NOW_MS, 0, UNICODE)))
    new = row(1, "pending", since_ms=0, latency_ms=None)
    assert (
        text(row_spans(choose_columns(200), Context(SHOP, new, NOW_MS, 0, UNICODE))).split()[-1]
        == "shop.example.net:443/health"
    )


def test_healthy_lines_are_quiet_and_problems_are_not():
    def roles(**fields):
        return [role for _, role in row_spans(choose_columns(100), Context(SHOP, row(1, **fields), NOW_MS, 0, UNICODE))]

    assert roles() == ["good", "plain"]
    assert roles(status="paused") == ["dim", "dim"]
    assert roles(status="down", failure="refused") == ["bad", "strong", "bad"]
    assert roles(status="up", suspected="timeout") == ["warn", "strong", "warn"]
    assert [r for _, r in row_spans(choose_columns(25), Context(SHOP, row(1, "down"), NOW_MS, 0, UNICODE))] == [
        "bad",
        "strong",
    ]
    assert [r for _, r in row_spans(choose_columns(10), Context(SHOP, row(1, "down"), NOW_MS, 0, UNICODE))] == ["bad"]


def test_the_sorted_column_is_marked():
    chosen = choose_columns(78)
    assert header_text(chosen, "latency", reverse=False, glyphs=UNICODE).split() == [
        "STATE",
        "NAME",
        "LAT↓",
        "TREND",
        "FOR",
        "WHY",
    ]
    assert "NAME^" in header_text(chosen, "name", reverse=True, glyphs=ASCII)


def header(counts, *, key="web", collapsed=False, p95=None):
    return GroupRow(key, key, counts, collapsed, sum(getattr(counts, f) for f in counts.__struct_fields__), p95)


def test_the_title_of_numbers_and_of_the_trend_stands_at_their_end():
    chosen = choose_columns(100)
    title = header_text(chosen, "state", reverse=False, glyphs=UNICODE)
    line = text(row_spans(chosen, Context(SHOP, row(1, latency_ms=31.0, trend=bytes([0])), NOW_MS, 0, UNICODE)))
    assert line[title.index("LAT") + 2] == "s"
    assert line[title.index("TREND") + 4] == UNICODE.failed


def test_group_headers():
    web = header(Counts(up=38, down=1, degraded=2), p95=210.0)
    spans = group_spans(web, 40, UNICODE)
    assert text(spans) == "▾ web 41  ✗1 !2 ✓38 p95 210ms " + "─" * 10
    assert [role for _, role in spans] == ["group", "faint"]
    assert text(group_spans(header(Counts(up=1), collapsed=True), 20, ASCII)) == "+ web 1  .1 " + "-" * 8
    assert text(group_spans(web, 10, UNICODE)) == "▾ web 41 …"


@pytest.mark.parametrize(
    ("counts", "role"), [(Counts(down=1, degraded=1), "bad"), (Counts(degraded=1), "warn"), (Counts(), "dim")]
)
def test_the_queue_of_problems_has_its_own_colour(counts, role):
    assert group_spans(header(counts, key="problems"), 60, UNICODE)[0][1] == role
    assert group_spans(header(counts, key="problems"), 5, UNICODE)[0][1] == role


def test_counts():
    assert counts_text(Counts(up=112, degraded=5, down=3, paused=2), UNICODE) == "✗3 !5 ✓112 ‖2"
    assert counts_text(Counts(unknown=1, pending=4), UNICODE) == "?1 ·4"
    assert counts_text(Counts(), UNICODE) == "✓0"


@given(
    st.sampled_from(["shop", "日本語の名前のとても長いサービス", "a" * 80, "e\u0301" * 40]),
    st.sampled_from(["up", "down", "degraded", "unknown", "pending", "paused"]),
    st.integers(10, 250),
    st.sampled_from([UNICODE, ASCII]),
    st.sampled_from(["", "x" * 300, "日本" * 80]),
)
@settings(max_examples=300)
def test_a_line_is_exactly_as_wide_as_its_columns(name, status, width, glyphs, detail):
    chosen = choose_columns(width)
    wanted = sum(size for _, size in chosen) + len(chosen) - 1
    sick = row(
        1, status, failure="refused", detail=detail, suspected="timeout", trend=bytes(range(60)), latency_ms=99_999.0
    )
    assert cell_width(text(row_spans(chosen, Context(monitor(1, name), sick, NOW_MS, 0, glyphs)))) == wanted
    assert cell_width(header_text(chosen, "name", reverse=True, glyphs=glyphs)) == wanted
    group = GroupRow("web", name, Counts(up=1, down=200), False, 201, 1.0)
    assert cell_width(text(group_spans(group, width, glyphs))) == width


@pytest.mark.parametrize("width", [78, 118])
def test_a_port_that_may_be_open_to_the_world_is_marked_on_a_healthy_row(width):
    chosen = choose_columns(width)
    spans = row_spans(chosen, Context(SHOP, row(1, "up"), NOW_MS, 0, UNICODE, exposed=True))
    assert "answers at a public" in spans[-1][0]
    assert [role for _, role in spans] == ["good", "plain", "warn"]
    assert sum(cell_width(part) for part, _ in spans) == width
    quiet = row_spans(chosen, Context(SHOP, row(1, "up"), NOW_MS, 0, UNICODE))
    assert [role for _, role in quiet] == ["good", "plain"]
    failing = Context(SHOP, row(1, "down", failure="refused"), NOW_MS, 0, UNICODE, exposed=True)
    assert "refused" in row_spans(chosen, failing)[-1][0]
