"""What an argument of `check` means: a configured monitor by name, else a target."""

from uptime_tui.catalogue.load import Catalogue
from uptime_tui.config.load import Loaded, draft_from_table, load_monitors
from uptime_tui.config.paths import Home
from uptime_tui.config.schema import Defaults
from uptime_tui.model.errors import UserError
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.safetext import one_form, safe_text


def find_monitors(targets: tuple[str, ...], home: Home, catalogue: Catalogue, defaults: Defaults) -> list[Monitor]:
    """A monitor for each argument: the configured one of that name, else one made from the target.

    Raises:
        UserError: an argument is neither; the configuration's own problems do not stand in the way of a target.
    """
    loaded = load_monitors(home.monitors_file, catalogue, defaults)
    configured = {m.name: m for m in loaded.monitors}
    return [configured.get(one_form(text)) or _from_target(text, loaded, catalogue, defaults) for text in targets]


def _from_target(text: str, loaded: Loaded, catalogue: Catalogue, defaults: Defaults) -> Monitor:
    try:
        return draft_from_table({"name": "check", "target": text}, catalogue, where="TARGET", defaults=defaults)
    except UserError as error:
        from difflib import get_close_matches

        near = get_close_matches(text, [monitor.name for monitor in loaded.monitors], 1, 0.75)
        if near:
            todo = f"did you mean the monitor {safe_text(near[0], 80)!r}?"
            raise UserError(error.what, where=error.where, todo=todo) from error
        if ":" in text or not loaded.problems:
            raise
        problem = loaded.problems[0]  # it may well be the name of a monitor that could not be read
        raise UserError(problem.what, where=problem.where, todo=problem.todo) from error
