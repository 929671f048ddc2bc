import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.fleets import NOW_MS, certificate_row, fleet, monitor, row
from uptime_tui.model.filter import parse_filter
from uptime_tui.model.monitor import Expectations
from uptime_tui.view.cells import cell_width
from uptime_tui.view.certificates import CERTIFICATES, build_certificates, layout_of
from uptime_tui.view.columns import Context, choose_columns, header_text, row_spans
from uptime_tui.view.rows import ViewOptions
from uptime_tui.view.snapshot import Snapshot
from uptime_tui.view.words import UNICODE
from uptime_tui.wire.messages import Changes

OPTIONS = ViewOptions(certificates=True, grouped=False, sort="days")
SEEN = (
    certificate_row(1, 60.0),
    certificate_row(2, 5.5, problems=("tls_expiring",)),
    certificate_row(3, -3.5, problems=("tls_expired", "tls_self_signed"), issuer="host3.example.net"),
    certificate_row(4, 15.5, problems=("tls_expiring",), issuer="Private CA"),
)


def snapshot(*certificates, count=5):
    made = Snapshot()
    entries = [(monitor(n, target=("https", f"host{n}.example.net", 443)), row(n)) for n in range(1, count + 1)]
    made.apply(fleet(*entries, certificates=certificates))
    return made


def order(made, **changes):
    return [line.id for line in build_certificates(made, OPTIONS._replace(**changes), NOW_MS)]


def line_of(certificate, width=160, watched=None):
    context = Context(watched or monitor(certificate.id), row(certificate.id), NOW_MS, 0, UNICODE, certificate)
    spans = row_spans(choose_columns(width, CERTIFICATES), context, CERTIFICATES)
    return "".join(text for text, _ in spans), spans[0][1]


def test_the_one_that_ends_first_is_on_top_and_who_has_none_is_not_there():
    assert order(snapshot(*SEEN)) == [3, 2, 4, 1]
    assert order(snapshot(*SEEN), reverse=True) == [1, 4, 2, 3]


@pytest.mark.parametrize(
    ("sort", "ids"),
    [("name", [1, 2, 3, 4]), ("issuer", [1, 2, 3, 4]), ("problems", [3, 2, 4, 1]), ("latency", [3, 2, 4, 1])],
)
def test_orders(sort, ids):
    assert order(snapshot(*SEEN), sort=sort) == ids


def test_the_filter_holds_here_as_well():
    assert order(snapshot(*SEEN), filter=parse_filter("host4")) == [4]


def test_a_newer_certificate_replaces_the_old_one_and_the_order():
    made = snapshot(*SEEN)
    dirty = made.apply(Changes(certificates=(certificate_row(3, 89.0), certificate_row(9, 1.0))))
    assert (dirty.order, set(dirty.rows)) == (True, {3})
    assert order(made) == [2, 4, 1, 3]
    assert 9 not in made.certificates


@pytest.mark.parametrize(
    ("number", "days", "problems", "role"),
    [
        (0, "60d", "", "good"),
        (1, "5d", "expires soon", "bad"),
        (2, "-3d", "expired, self-signed", "bad"),
        (3, "15d", "expires soon", "warn"),
    ],
)
def test_a_line_says_days_names_issuer_and_problems(number, days, problems, role):
    certificate = SEEN[number]
    text, seen = line_of(certificate)
    assert text.split()[0] == days
    assert f"host{certificate.id}.example.net" in text
    assert ("itself" if number == 2 else certificate.issuer) in text
    assert text.rstrip().endswith(problems or "TLSv1.3")
    assert seen == role


def test_a_short_life_is_judged_by_its_share():
    day = 86_400
    end = NOW_MS // 1000 + 3 * day
    short = certificate_row(1, 3.0, not_before=end - 6 * day)
    assert line_of(short)[1] == "good"


def test_what_is_not_judged_is_said_and_does_not_shout():
    unjudged = monitor(1, expect=Expectations(tls_verify=False))
    text, role = line_of(certificate_row(1, -2.0), watched=unjudged)
    assert "not judged, expired" in text
    assert role == "warn"


def test_an_obsolete_version_and_many_names():
    text, role = line_of(certificate_row(1, protocol="TLSv1.1", more_names=95), 200)
    assert "obsolete TLSv1.1" in text
    assert "host1.example.net +95" in text
    assert role == "warn"


@given(st.integers(10, 250), st.sampled_from(SEEN), st.text(max_size=40))
def test_every_line_is_as_wide_as_its_titles(width, certificate, issuer):
    chosen = choose_columns(width, CERTIFICATES)
    title = header_text(chosen, "days", reverse=False, glyphs=UNICODE)
    text, _ = line_of(msgspec.structs.replace(certificate, issuer=issuer), width)
    assert cell_width(text) == cell_width(title) <= max(width, 5)


@pytest.mark.parametrize("width", [78, 74, 128])
def test_days_name_and_problems_are_there_at_every_usual_width(width):
    assert {"days", "name", "names", "issuer", "problems"} <= {c.id for c, _ in choose_columns(width, CERTIFICATES)}


def test_the_other_views_keep_their_columns():
    assert [c.id for c, _ in choose_columns(100, layout_of(ViewOptions()))][:2] == ["state", "name"]
