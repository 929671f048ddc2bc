"""How a dashboard comes to its first rows: the engine is asked before the screen is loaded."""

import asyncio
import signal
import sys

import pytest

from uptime_tui.client.greeting import greet
from uptime_tui.ui import link as link_module
from uptime_tui.ui.link import Link


async def read_fleet(link):
    """Run the link until it knows the fleet."""
    running = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(10):
            while not link.snapshot.complete:
                link.drain()
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await link.close()


async def test_the_answer_to_an_early_hello_is_read_without_looking_for_an_engine(engine, monkeypatch):
    def looked_for(*_args, **_options):
        raise AssertionError("an engine was looked for")

    monkeypatch.setattr(link_module, "find_or_start", looked_for)
    link = Link(engine.home, greet(engine.home.socket_file, "dashboard"))
    await read_fleet(link)
    assert set(link.snapshot.monitors) == set(engine.monitors)


async def test_an_engine_that_goes_after_the_hello_is_looked_for_again(engine):
    greeted = greet(engine.home.socket_file, "dashboard")
    async with asyncio.timeout(10):
        while not engine.clients:  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.01)
    engine.hang_up()
    engine.listen()
    link = Link(engine.home, greeted)
    await read_fleet(link)
    assert set(link.snapshot.monitors) == set(engine.monitors)


@pytest.mark.parametrize("there", ["nothing", "a file"])
def test_no_engine_takes_no_hello(tmp_path, there):
    place = tmp_path / "socket"
    if there == "a file":
        place.touch()
    assert greet(place, "dashboard") is None


def test_the_collector_runs_again_once_the_fleet_is_drawn(opened, tmp_path):
    record = tmp_path / "collector"
    code = (
        "import gc\nfrom uptime_tui.__main__ import main\n"
        f"try:\n    main()\nfinally:\n    open({str(record)!r}, 'w').write(f'{{gc.isenabled()}}')"
    )
    terminal = opened(program=[sys.executable, "-c", code])
    terminal.wait_for("? keys")
    terminal.signal(signal.SIGTERM)
    terminal.wait_exit()
    assert record.read_text() == "True"
