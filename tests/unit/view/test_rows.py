"""The table as a list: problems first, groups with counts, filtered and sorted."""

from hypothesis import given, settings
from hypothesis import strategies as st

from support.fleets import NOW_MS, fleet, monitor, row
from uptime_tui.model.failure import Status
from uptime_tui.model.filter import parse_filter
from uptime_tui.view.entry import PROBLEMS, Entry, MonitorLine
from uptime_tui.view.rows import (
    SORTS,
    GroupRow,
    ViewOptions,
    build_view,
    count,
    held_view,
    new_problems,
    problems,
)
from uptime_tui.view.snapshot import Snapshot
from uptime_tui.wire.messages import Changes, Counts

MINUTE = 60_000


def snapshot(*entries):
    """Of (category, name, status, age in minutes, latency) tuples."""
    known = Snapshot()
    known.apply(
        fleet(
            *(
                (
                    monitor(n, name, category=category, tags=(status,)),
                    row(n, status, since_ms=NOW_MS - age * MINUTE, latency_ms=latency, failure="refused" if status in {"down", "degraded"} else None),
                )
                for n, (category, name, status, age, latency) in enumerate(entries, 1)
            )
        )
    )  # fmt: skip
    return known


FLEET = snapshot(
    ("web", "shop", "down", 11, None),
    ("web", "blog", "up", 600, 30.0),
    ("web", "Api", "up", 5, 210.0),
    ("email", "mx1", "degraded", 60, 95.0),
    ("email", "mx2", "down", 40, None),
    ("email", "imap", "unknown", 1, None),
    ("custom", "old", "paused", 900, None),
    ("custom", "new", "pending", 0, None),
    ("attic", "box", "up", 1, 1.0),
)
ORDER = ("web", "email", "database")


def shown(options, known=FLEET):
    """Group titles in brackets, names as they are."""
    lines = []
    for entry in build_view(known, options._replace(categories=ORDER), NOW_MS):
        lines.append(f"[{entry.title}]" if isinstance(entry, GroupRow) else known.monitors[entry.id].name)
    return " ".join(lines)


def groups(options, known=FLEET):
    view = build_view(known, options._replace(categories=ORDER), NOW_MS)
    return {entry.key: entry for entry in view if isinstance(entry, GroupRow)}


def test_problems_stand_first_the_worst_then_the_longest():
    assert shown(ViewOptions()) == "[PROBLEMS] mx2 shop mx1 [web] Api blog [email] imap [attic] box [custom] new old"
    assert [entry.monitor.name for entry in problems(FLEET)] == ["mx2", "shop", "mx1"]


def test_group_headers_count_everything_of_theirs():
    found = groups(ViewOptions())
    assert found[PROBLEMS].counts == Counts(down=2, degraded=1)
    assert found[PROBLEMS].total == 3
    assert found["web"].counts == Counts(down=1, up=2)
    assert (found["web"].total, found["web"].p95_ms) == (3, 210.0)
    assert (found["email"].counts, found["email"].p95_ms) == (Counts(down=1, degraded=1, unknown=1), 95.0)
    assert found["custom"].p95_ms is None


def test_folding():
    folded = ViewOptions(collapsed=frozenset({PROBLEMS, "web", "custom"}))
    assert shown(folded) == "[PROBLEMS] [web] [email] imap [attic] box [custom]"
    assert groups(folded)["web"].collapsed


def test_only_problems():
    assert shown(ViewOptions(problems_only=True)) == "[PROBLEMS] mx2 shop mx1"
    assert shown(ViewOptions(problems_only=True, grouped=False)) == "mx2 shop mx1"
    assert shown(ViewOptions(problems_only=True), snapshot(("web", "a", "up", 1, 1.0))) == ""


def test_without_groups():
    assert shown(ViewOptions(grouped=False)) == "mx2 shop mx1 imap new Api blog box old"
    view = build_view(FLEET, ViewOptions(grouped=False), NOW_MS)
    assert {entry.group for entry in view} == {""}


def test_filters_leave_out_groups_without_a_match():
    assert shown(ViewOptions(filter=parse_filter("state:up"))) == "[web] Api blog [attic] box"
    assert shown(ViewOptions(filter=parse_filter("mx"))) == "[PROBLEMS] mx2 mx1 [email]"
    assert shown(ViewOptions(filter=parse_filter("nothing"))) == ""
    assert shown(ViewOptions(filter=parse_filter("  "))) == shown(ViewOptions())


def test_orders():
    flat = ViewOptions(grouped=False, filter=parse_filter("!state:paused !state:pending !state:unknown"))
    assert shown(flat._replace(sort="name")) == "Api blog box mx1 mx2 shop"
    assert shown(flat._replace(sort="name", reverse=True)) == "shop mx2 mx1 box blog Api"
    assert shown(flat._replace(sort="latency")) == "Api mx1 blog box shop mx2"
    assert shown(flat._replace(sort="latency", reverse=True)) == "box blog mx1 Api shop mx2"
    assert shown(flat._replace(sort="for")) == "box Api shop mx2 mx1 blog"
    assert shown(flat._replace(sort="category")) == "box mx1 mx2 Api blog shop"
    assert shown(flat._replace(sort="no such order")) == shown(flat)


def test_a_suspicion_stands_above_the_healthy():
    known = snapshot(("web", "a", "up", 1, 1.0), ("web", "b", "up", 1, 1.0))
    known.apply(Changes(rows=(row(2, suspected="timeout"),)))
    assert shown(ViewOptions(), known) == "[web] b a"


def test_counts():
    assert count(FLEET.rows.values()) == Counts(up=3, degraded=1, down=2, unknown=1, paused=1, pending=1)
    assert build_view(Snapshot(), ViewOptions(), NOW_MS) == ()


FLEETS = st.lists(
    st.tuples(
        st.sampled_from(["web", "email", "x"]), st.text("abc", min_size=1, max_size=3), st.sampled_from([s.value for s in Status]),
        st.integers(0, 500), st.none() | st.floats(0, 1000),
    ),
    max_size=25,
)  # fmt: skip
OPTIONS = st.builds(
    ViewOptions,
    filter=st.sampled_from(["", "a", "state:down", "!b lat>100"]).map(parse_filter),
    sort=st.sampled_from(SORTS),
    reverse=st.booleans(),
    collapsed=st.frozensets(st.sampled_from([PROBLEMS, "web", "x"])),
    grouped=st.booleans(),
    problems_only=st.booleans(),
)


@given(FLEETS, OPTIONS)
@settings(max_examples=300)
def test_every_monitor_is_shown_once_or_counted(entries, options):
    known = snapshot(*entries)
    view = build_view(known, options, NOW_MS)
    lines = [entry.id for entry in view if isinstance(entry, MonitorLine)]
    assert len(lines) == len(set(lines))
    wanted = {n for n in known.monitors if options.filter.select([Entry(known.monitors[n], known.rows[n])], 0.0)}
    sick = {n for n in wanted if known.rows[n].status in {Status.DOWN, Status.DEGRADED}}
    assert set(lines) <= wanted
    assert not options.problems_only or set(lines) <= sick
    headers = [entry for entry in view if isinstance(entry, GroupRow)]
    if options.grouped and not options.problems_only:
        assert sum(header.total for header in headers if header.key != PROBLEMS) == len(wanted)
        assert (PROBLEMS in {header.key for header in headers}) == bool(sick)
        hidden = {n for n in wanted - sick if known.monitors[n].category in options.collapsed}
        assert set(lines) == (wanted - hidden - sick) | (set() if PROBLEMS in options.collapsed else sick)
    elif not options.grouped:
        assert set(lines) == (sick if options.problems_only else wanted)
        assert headers == []


def test_new_problems_are_those_that_do_not_stand_in_the_queue_yet():
    before = build_view(FLEET, ViewOptions(), NOW_MS)
    sick = [("web", "shop", "down", 11, None), ("web", "blog", "down", 0, None), ("web", "Api", "degraded", 0, None)]
    after = build_view(snapshot(*sick, ("email", "mx1", "up", 1, 1.0)), ViewOptions(), NOW_MS)
    assert new_problems(before, after) == 2
    assert new_problems(after, after) == 0


def test_lines_that_are_held_stay_in_their_places_and_only_those_of_monitors_that_are_no_more_go():
    options = ViewOptions(categories=ORDER)
    before = build_view(FLEET, options, NOW_MS)
    worse = snapshot(
        ("web", "shop", "up", 0, 1.0), ("web", "blog", "down", 0, None), ("web", "Api", "up", 5, 210.0),
        ("email", "mx1", "degraded", 60, 95.0), ("email", "mx2", "down", 40, None), ("email", "imap", "unknown", 1, None),
        ("custom", "old", "paused", 900, None),
    )  # fmt: skip
    held = held_view(before, build_view(worse, options, NOW_MS), worse.monitors)
    names = [entry.key if isinstance(entry, GroupRow) else worse.monitors[entry.id].name for entry in held]
    assert names == [PROBLEMS, "mx2", "shop", "mx1", "web", "Api", "blog", "email", "imap", "custom", "old"]
    assert next(entry for entry in held if isinstance(entry, GroupRow) and entry.key == "custom").total == 1
