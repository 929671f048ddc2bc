"""Makes screenshots/ from the real dashboard on the lab: `python scripts/make_screenshots.py`.

The lab is started with every server held still, so that two runs differ in times and latencies only. The test
`tests/house/test_screenshots.py` compares a digest of what the pictures are made from.
"""

import asyncio
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "screenshots"
SOURCES = ("src/uptime_tui/ui", "src/uptime_tui/view", "src/uptime_tui/lab/fleet.toml", "scripts/make_screenshots.py")
"""What a picture depends on."""
SETTLED_S = 45.0

os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
os.environ["COLORTERM"] = "truecolor"
os.environ["TERM"] = "xterm-256color"


def digest() -> str:
    """One number for every source that a picture depends on."""
    state = hashlib.sha256()
    for name in SOURCES:
        path = ROOT / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.suffix in {".py", ".toml", ".tcss"}:
                state.update(str(file.relative_to(ROOT)).encode())
                state.update(file.read_bytes())
    return state.hexdigest()


async def take(home: Path, name: str, size: tuple[int, int], deeds: Callable[..., Awaitable[None]], theme: str) -> None:
    """One picture: the app on the lab's home at that size, after these deeds."""
    from uptime_tui.config.paths import find_home
    from uptime_tui.config.settings import load_settings
    from uptime_tui.ui.application import DashboardApp

    place = find_home(str(home), {})
    app = DashboardApp(place, load_settings(place.config_file), theme)
    async with app.run_test(size=size) as pilot:
        for _ in range(int(SETTLED_S / 0.25)):
            rows = app.link.snapshot.rows.values()
            settled = [r for r in rows if r.last_ms and r.suspected is None and r.status.value != "pending"]
            if rows and len(settled) == len(rows):
                break
            await asyncio.sleep(0.25)
        await asyncio.sleep(1.0)
        await deeds(app, pilot)
        await asyncio.sleep(0.6)
        svg = app.export_screenshot(title="uptime-tui")
        (FOLDER / f"{name}.svg").write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", "utf-8")
        print(name)


async def nothing(_app: object, _pilot: object) -> None:
    """As it opens."""


async def first_problem(_app: object, pilot: object) -> None:
    """The cursor on the first problem."""
    await pilot.press("n")  # type: ignore[attr-defined]


async def detail(_app: object, pilot: object) -> None:
    """One monitor on the whole screen."""
    await pilot.press("n", "n", "enter")  # type: ignore[attr-defined]


async def add(app: object, pilot: object) -> None:
    """The form with a target pasted, probed."""
    target = next(m.target for m in app.link.snapshot.monitors.values() if m.target.service == "smtp")  # type: ignore[attr-defined]
    await pilot.press("A")  # type: ignore[attr-defined]
    await asyncio.sleep(0.3)
    from textual.widgets import Input

    app.screen.query(Input).first().value = f"smtp://{target.host}:{target.port}"  # type: ignore[attr-defined]
    await asyncio.sleep(2.0)


async def key_help(_app: object, pilot: object) -> None:
    """All keys."""
    await pilot.press("question_mark")  # type: ignore[attr-defined]


async def diagnosis(app: object, pilot: object) -> None:
    """A stopped service of which a diagnosis has been made, on the whole screen."""
    await pilot.press("slash", *"why:refused", "enter", "n", "d")  # type: ignore[attr-defined]
    for _ in range(40):
        focus = app.link.snapshot.focus  # type: ignore[attr-defined]
        if focus is not None and focus.diagnosis is not None and focus.diagnosis.complete:
            break
        await asyncio.sleep(0.25)
    await pilot.press("enter")  # type: ignore[attr-defined]


async def lint(_app: object, pilot: object) -> None:
    """What best practice finds."""
    await pilot.press("w")  # type: ignore[attr-defined]


PICTURES = (
    ("dashboard-80x24", (80, 24), nothing, "dark"),
    ("dashboard-120x40", (120, 40), first_problem, "dark"),
    ("dashboard-200x60", (200, 60), first_problem, "dark"),
    ("panel", (80, 36), detail, "dark"),
    ("diagnosis-120x40", (120, 40), diagnosis, "dark"),
    ("lint", (80, 24), lint, "dark"),
    ("add", (80, 24), add, "dark"),
    ("help", (80, 30), key_help, "dark"),
    ("light", (120, 40), first_problem, "light"),
)


def main() -> int:
    """All pictures; the one without colour in a process of its own, because Textual decides that when it starts."""
    sys.path.insert(0, str(ROOT / "src"))
    from uptime_tui.cli.laboratory import running_lab
    from uptime_tui.client.spawn import stop
    from uptime_tui.config.paths import find_home

    FOLDER.mkdir(exist_ok=True)
    if sys.argv[1:2] == ["--no-colour"]:
        asyncio.run(take(Path(sys.argv[2]), "no-colour", (80, 24), nothing, "ansi"))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with running_lab(home, static=True):
            try:
                for name, size, deeds, theme in PICTURES:
                    asyncio.run(take(home, name, size, deeds, theme))
                environment = {**os.environ, "NO_COLOR": "1", "TEXTUAL_THEME": "ansi-dark"}
                os.spawnve(os.P_WAIT, sys.executable, [sys.executable, __file__, "--no-colour", str(home)], environment)
            finally:
                stop(find_home(str(home), {}))
    (FOLDER / "made-from.json").write_text(json.dumps({"sha256": digest()}) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
