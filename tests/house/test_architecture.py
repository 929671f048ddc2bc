"""The architecture page tells the same rooms as the contracts that hold them, and as the folders that exist."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "uptime_tui"


def contracts():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def layers():
    rooms = next(c for c in contracts() if c["type"] == "layers")
    return [{room.strip() for room in line.split("|")} for line in rooms["layers"]]


def test_every_room_is_in_the_contract():
    folders = {path.name for path in SOURCE.iterdir() if path.is_dir() and not path.name.startswith("__")}
    assert folders == set().union(*layers())


def test_the_page_shows_the_layers():
    page = (ROOT / "docs" / "architecture.md").read_text()
    picture = page.split("```")[1].strip().splitlines()
    drawn = [{word.strip() for word in line.split("#")[0].split("|")} for line in picture if line.strip()]
    assert drawn == layers()


def test_every_room_is_explained():
    page = (ROOT / "docs" / "architecture.md").read_text()
    for room in set().union(*layers()):
        assert f"`{room}/`" in page
