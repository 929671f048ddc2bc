"""The command line: a command is a file in `commands/`, imported when it is called.

Exit codes: 0 to 3 are what `check` says of its targets (monitoring plugins' OK, WARNING, CRITICAL, UNKNOWN),
64 is a fault of the input (sysexits.h EX_USAGE), 70 a bug of ours (EX_SOFTWARE), 130 an interrupt.
"""

import pkgutil
from importlib import import_module

import click

from uptime_tui import __version__
from uptime_tui.cli import commands, diagnostics
from uptime_tui.loading import loading
from uptime_tui.model.errors import UserError
from uptime_tui.model.safetext import safe_text

ALONE = "dashboard"
"""The command that runs when none is named."""


class LazyGroup(click.Group):
    """Finds a command by its file name; nothing else is imported to run one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's interface
        """Every command but the one without a name."""
        return sorted(m.name for m in pkgutil.iter_modules(commands.__path__) if m.name != ALONE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, or None."""
        if cmd_name != ALONE and cmd_name not in {m.name for m in pkgutil.iter_modules(commands.__path__)}:
            return None
        with loading():
            found = import_module(f"uptime_tui.cli.commands.{cmd_name}").command
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names.

        Raises:
            UserError: none has that name.
        """
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(name, self.list_commands(ctx), 1)
            todo = f"did you mean {near[0]}?" if near else "`uptime-tui --help` lists them"
            raise UserError(f"this version has no command {safe_text(name, 40)!r}", todo=todo)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="uptime-tui")
@click.option("--home", metavar="DIR", help="Keep configuration and state below DIR (also UPTIME_TUI_HOME).")
@click.pass_context
def root(ctx: click.Context, home: str | None) -> None:
    """Watch services from the terminal: see that one is down, and why.

    Without a command the dashboard opens. TARGET is scheme://host[:port][/path] with a service's name as scheme
    (smtp://mx1.example.net), host:port, or the name of a monitor.
    """
    ctx.obj = home
    if ctx.invoked_subcommand is None:
        dashboard = root.get_command(ctx, ALONE)
        assert dashboard is not None
        ctx.exit(ctx.invoke(dashboard, home=None))


def run(arguments: list[str]) -> int:
    """Run one command line; returns the exit code. Every error becomes one line on stderr."""
    diagnostics.open_streams()
    try:
        code = root.main(arguments, prog_name="uptime-tui", standalone_mode=False)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.exceptions.Abort:
        return diagnostics.INTERRUPTED
    except click.ClickException as error:
        return diagnostics.usage(error.format_message())
    except UserError as error:
        return diagnostics.flushed(diagnostics.usage(str(error)))
    except KeyboardInterrupt:
        return diagnostics.INTERRUPTED
    except (BrokenPipeError, SystemExit):  # click ends with 1 there, which would mean degraded
        return diagnostics.broken_pipe()
    except Exception as error:  # noqa: BLE001 - the last door: a bug of ours, never a traceback on the screen
        return diagnostics.bug(error)
    return diagnostics.flushed(code if isinstance(code, int) else 0)
