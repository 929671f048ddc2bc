"""Prints the table when these tests are run on their own: `pytest tests/falsealarms`."""

MARK = "test_it_is_us["


def pytest_terminal_summary(terminalreporter) -> None:
    """One line for each situation, and the score."""
    rows = {}
    for outcome, word in (("passed", "no alarm, and said"), ("failed", "FAILED"), ("skipped", "skipped")):
        for report in terminalreporter.stats.get(outcome, ()):
            if MARK in report.nodeid:
                rows[report.nodeid.partition(MARK)[2][:-1]] = (word, report.duration)
    if not rows:
        return
    terminalreporter.section("false alarms")
    for name, (word, seconds) in sorted(rows.items()):
        terminalreporter.write_line(f"{name:48} {word:20} {seconds:5.1f} s")
    good = sum(word.startswith("no alarm") for word, _ in rows.values())
    terminalreporter.write_line(f"{good} of {len(rows)} situations of our own side give no alarm")
