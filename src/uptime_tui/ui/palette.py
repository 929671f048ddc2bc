"""The command palette: every action of the dashboard, and every monitor by name."""

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from uptime_tui.ui.actions import Action

if TYPE_CHECKING:
    from uptime_tui.ui.screens.dashboard import Dashboard

_MOST = 50


class Commands(Provider):
    """Found by words; nothing of a monitor's name is read as markup."""

    async def discover(self) -> Hits:
        """Without a word: the actions."""
        for action in self._actions():
            yield DiscoveryHit(_shown(action), self._run(action), help=action.help)

    async def search(self, query: str) -> Hits:
        """Actions and monitors that match."""
        matcher = self.matcher(query)
        for action in self._actions():
            score = matcher.match(f"{action.label} {action.help}")
            if score > 0:
                yield Hit(score, _shown(action), self._run(action), help=action.help)
        found = 0
        for number, monitor in self._dashboard().link.snapshot.monitors.items():
            score = matcher.match(monitor.name)
            if score > 0 and found < _MOST:
                found += 1
                yield Hit(score, Content(f"go to {monitor.name}"), partial(self._dashboard().reveal, number))

    def _dashboard(self) -> "Dashboard":
        return cast("Dashboard", self.screen)

    def _actions(self) -> tuple[Action, ...]:
        dashboard = self._dashboard()
        return (*dashboard.ACTIONS, *dashboard.table.ACTIONS)

    def _run(self, action: Action):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a partial of Textual's

        dashboard = self._dashboard()
        target = dashboard if hasattr(dashboard, f"action_{action.id}") else dashboard.table
        return partial(target.run_action, action.id)


def _shown(action: Action) -> Content:
    return Content(f"{action.shown_key:<8} {action.label}")
