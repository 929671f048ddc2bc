"""What the running engine knows of the fleet, asked once."""

from uptime_tui.config.paths import Home
from uptime_tui.wire.messages import FleetState, MonitorRow


async def ask_fleet(home: Home) -> FleetState | None:
    """Monitors, rows and certificates of the running engine; None when none runs."""
    from uptime_tui.client.session import Session
    from uptime_tui.client.spawn import is_running

    if is_running(home) is None:
        return None
    session = await Session.connect(home.socket_file, client="list")
    try:
        async for message in session:
            if isinstance(message, FleetState):
                return message
    finally:
        await session.close()
    return None


def known_fleet(home: Home) -> FleetState | None:
    """The same, for who has no loop of his own."""
    from uptime_tui.client.spawn import is_running

    if is_running(home) is None:
        return None
    import asyncio

    return asyncio.run(ask_fleet(home))


def known_rows(home: Home) -> dict[str, MonitorRow]:
    """Rows of the running engine by monitor name; empty when none runs."""
    state = known_fleet(home)
    if state is None:
        return {}
    names = {monitor.id: monitor.name for monitor in state.monitors}
    return {names[row.id]: row for row in state.rows}
