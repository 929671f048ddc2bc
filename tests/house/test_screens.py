"""What Textual finds by name in a screen or widget must be meant for it."""

import re
from pathlib import Path

UI = Path(__file__).parents[2] / "src" / "uptime_tui" / "ui"


def test_no_method_has_a_name_that_textual_calls_for_a_key():
    """`_key_at` is called when `@` is pressed."""
    texts = {path.name: path.read_text() for path in UI.rglob("*.py")}
    found = {file: names for file, text in texts.items() if (names := re.findall(r"def (_?key_\w+)", text))}
    assert not found
