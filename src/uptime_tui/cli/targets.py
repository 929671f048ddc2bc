"""What an argument of `check` means: a configured monitor by name, else a target."""

from uptime_tui.catalogue.load import Catalogue
from uptime_tui.config.load import draft_from_table, load_monitors
from uptime_tui.config.paths import Home
from uptime_tui.config.schema import Defaults
from uptime_tui.model.monitor import Monitor


def find_monitors(targets: tuple[str, ...], home: Home, catalogue: Catalogue, defaults: Defaults) -> list[Monitor]:
    """A monitor for each argument: the configured one of that name, else one made from the target.

    Raises:
        UserError: an argument is neither; the configuration's own problems do not stand in the way of a target.
    """
    configured: dict[str, Monitor] = {}
    if home.monitors_file.exists():
        configured = {m.name: m for m in load_monitors(home.monitors_file, catalogue, defaults).monitors}
    return [
        configured.get(text)
        or draft_from_table({"name": "check", "target": text}, catalogue, where="TARGET", defaults=defaults)
        for text in targets
    ]
