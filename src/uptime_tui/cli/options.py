"""Options that several commands share, and what they stand for."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from uptime_tui.config.paths import Home, find_home
from uptime_tui.model.errors import UserError
from uptime_tui.model.target import TargetError, parse_host
from uptime_tui.model.units import LOCAL, parse_duration

Command = TypeVar("Command", bound=Callable[..., Any])


class DurationType(click.ParamType[float]):
    """A duration such as `5s`; the value is in seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        if isinstance(value, float):
            return value
        try:
            return parse_duration(str(value))
        except ValueError as error:
            self.fail(f"{error}; write 500ms, 5s or 1m", param, ctx)


class HostType(click.ParamType[str]):
    """A name of the DNS; the value is in lower-case A-labels."""

    name = "host"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name."""
        try:
            return parse_host(str(value))
        except TargetError as error:
            self.fail(str(error), param, ctx)


def home_option(command: Command) -> Command:
    """`--home DIR` of a command; the one before the command's name counts as well."""
    return click.option("--home", metavar="DIR", help="Keep configuration and state below DIR.")(command)


def json_option(command: Command) -> Command:
    """`--json`: one object a line."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")(command)


def vantage_option(command: Command) -> Command:
    """`--vantage NAME`, checked."""

    def known(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
        if value != LOCAL:
            todo = "only `local` is built so far"
            raise UserError(f"there is no vantage {value[:40]!r}", where="--vantage", todo=todo)
        return value

    return click.option(
        "--vantage", default=LOCAL, metavar="NAME", show_default=True, callback=known, expose_value=False,
        help="Where to probe from.",
    )(command)  # fmt: skip


def chosen_home(home: str | None) -> Home:
    """The home of this call: the command's option, then the group's, then the environment."""
    context = click.get_current_context(silent=True)
    outer = context.find_root().obj if context is not None else None
    return find_home(home or (outer if isinstance(outer, str) else None), os.environ)
