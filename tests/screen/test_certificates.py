"""The view of certificates on a real terminal."""

import pytest

from support.fleets import certificate_row


@pytest.fixture
def shown(engine):
    """Certificates of three monitors: fine, ending soon, expired."""
    https = [number for number, monitor in engine.monitors.items() if monitor.target.service == "https"][:3]
    now_ms = engine.rows[https[0]].last_ms + 3000
    made = [
        certificate_row(https[0], 60.5, now_ms),
        certificate_row(https[1], 12.5, now_ms, problems=("tls_expiring",)),
        certificate_row(https[2], -2.5, now_ms, problems=("tls_expired",), issuer="Old CA"),
    ]
    engine.certificates = {row.id: row for row in made}
    return [engine.monitors[number].name for number in https]


def order(terminal, names):
    text = terminal.text
    return sorted(names, key=text.index) if all(name in text for name in names) else []


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40), (200, 60)])
def test_3_shows_certificates_by_days_left_and_escape_leaves(opened, shown, columns, lines):
    terminal = opened(columns, lines)
    terminal.send("3")
    terminal.wait_for("DAYS↓")
    terminal.wait(lambda t: order(t, shown) == shown[::-1], "the one that ends first on top")
    for text in ("-2d", "12d", "60d", "Old CA", "expired", "expires soon", "certificates"):
        terminal.wait_for(text)
    terminal.send("R")
    terminal.wait(lambda t: order(t, shown) == shown, "reversed")
    terminal.send("\x1b")
    terminal.wait_for("STATE↓")
    assert "DAYS" not in terminal.text


def test_without_a_certificate_it_says_so(opened):
    terminal = opened()
    terminal.send("3")
    terminal.wait_for("No certificate has been seen yet.")
