"""The pictures are of the present app: a change of what they are made from wants new ones."""

import importlib.util
import json
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_screenshots_are_not_stale():
    spec = importlib.util.spec_from_file_location("make_screenshots", ROOT / "scripts" / "make_screenshots.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made_from = json.loads((ROOT / "screenshots" / "made-from.json").read_text())
    assert made_from["sha256"] == module.digest(), "run: python scripts/make_screenshots.py"


def test_every_picture_is_there():
    for name in ("dashboard-80x24", "dashboard-120x40", "dashboard-200x60", "panel", "add", "help", "no-colour"):
        text = (ROOT / "screenshots" / f"{name}.svg").read_text("utf-8")
        assert text.startswith("<svg")
        assert "uptime" in text
