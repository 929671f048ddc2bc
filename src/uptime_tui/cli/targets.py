"""What an argument of `check` means: a configured monitor by name, else a target."""

from uptime_tui.catalogue.load import Catalogue
from uptime_tui.config.load import Loaded, draft_from_table, load_monitors
from uptime_tui.config.paths import Home
from uptime_tui.config.schema import Defaults
from uptime_tui.model.errors import UserError
from uptime_tui.model.monitor import Monitor


def find_monitors(targets: tuple[str, ...], home: Home, catalogue: Catalogue, defaults: Defaults) -> list[Monitor]:
    """A monitor for each argument: the configured one of that name, else one made from the target.

    Raises:
        UserError: an argument is neither; the configuration's own problems do not stand in the way of a target.
    """
    loaded = load_monitors(home.monitors_file, catalogue, defaults)
    configured = {m.name: m for m in loaded.monitors}
    return [configured.get(text) or _from_target(text, loaded, catalogue, defaults) for text in targets]


def _from_target(text: str, loaded: Loaded, catalogue: Catalogue, defaults: Defaults) -> Monitor:
    try:
        return draft_from_table({"name": "check", "target": text}, catalogue, where="TARGET", defaults=defaults)
    except UserError as error:
        if ":" in text or not loaded.problems:
            raise
        problem = loaded.problems[0]  # it may well be the name of a monitor that could not be read
        raise UserError(problem.what, where=problem.where, todo=problem.todo) from error
