"""Where the engine's probes start from."""

import asyncio

from uptime_tui.config.schema import Settings
from uptime_tui.config.secrets import Unlocker
from uptime_tui.resolve.lookup import Spawn
from uptime_tui.vantage.local import LocalVantage, local_vantage


def own_vantage(spawn: Spawn, settings: Settings) -> LocalVantage:
    """This machine as the vantage, on the running loop, with the names, trust and secrets of its settings."""
    unlocker = Unlocker(asyncio.get_running_loop())
    return local_vantage(
        spawn, nameservers=settings.resolver.nameservers, ca_file=settings.tls.ca_file, unlock=unlocker.unlock
    )
