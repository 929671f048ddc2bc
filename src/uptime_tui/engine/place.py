"""Where the engine's probes start from, and the line that they go through."""

import asyncio
from collections.abc import Callable

from uptime_tui.config.secrets import Unlocker
from uptime_tui.config.settings import Settings
from uptime_tui.engine.doubt import Doubt
from uptime_tui.engine.fleet import Fleet
from uptime_tui.engine.lineproof import LineProof
from uptime_tui.engine.scheduler import Scheduler
from uptime_tui.engine.selfcheck import Network
from uptime_tui.engine.tracker import Tracker
from uptime_tui.engine.witnesses import Witnesses
from uptime_tui.resolve.lookup import Spawn
from uptime_tui.vantage.local import LocalVantage, local_vantage


def own_vantage(spawn: Spawn, settings: Settings) -> LocalVantage:
    """This machine as the vantage, on the running loop, with the names, trust and secrets of its settings."""
    unlocker = Unlocker(asyncio.get_running_loop())
    return local_vantage(
        spawn, nameservers=settings.resolver.nameservers, ca_file=settings.tls.ca_file, unlock=unlocker.unlock
    )


def own_line(
    vantage: LocalVantage, network: Network, fleet: Fleet, tracker: Tracker, scheduler: Scheduler,
    changed: Callable[[str], None], spawn: Spawn,
) -> Doubt:  # fmt: skip
    """Silences judged by this machine's line; `changed` is told why it is down, an empty text when it is back."""
    witnesses, proof = Witnesses(fleet, tracker, scheduler), LineProof(spawn, vantage.means.resolver, network)
    return Doubt(asyncio.get_running_loop(), network, witnesses.call, changed, proof.ask)
