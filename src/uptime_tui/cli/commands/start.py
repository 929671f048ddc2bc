"""`start`: the engine in the background, to stay."""

import asyncio

import click

from uptime_tui.cli import output
from uptime_tui.cli.options import chosen_home, home_option, json_option
from uptime_tui.config.paths import Home


@click.command()
@json_option
@home_option
def command(as_json: bool, home: str | None) -> int:
    """Start the engine in the background; it goes on without a dashboard until `stop`.

    One that a dashboard has started is told to stay.
    """
    from uptime_tui.client.spawn import find_or_start, is_running

    place = chosen_home(home)
    before = is_running(place)
    find_or_start(place, keep=True)
    pid = is_running(place)
    if before is not None:
        asyncio.run(_have_it_stay(place))
    if as_json:
        output.json_line({"running": True, "pid": pid, "started": before is None})
    else:
        output.line(f"the engine {'runs already, and stays' if before else 'has started'} (pid {pid})")
    return 0


async def _have_it_stay(home: Home) -> None:
    from uptime_tui.client.session import Session
    from uptime_tui.wire.messages import Stay

    session = await Session.connect(home.socket_file, client="start", watch=False)
    try:
        await session.request(Stay)
    finally:
        await session.close()
