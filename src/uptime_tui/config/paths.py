"""Where everything lives: the platform's folders, or all of it below one folder (`UPTIME_TUI_HOME`, `--home`).

The only place that knows platformdirs. Nothing is created here except by `make_folders`.
"""

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from uptime_tui.model.errors import UserError

_APP: Final = "uptime-tui"
_SOCKET: Final = "engine.sock"
_MAX_SOCKET_BYTES: Final = 100
"""`sun_path` holds 108 bytes with its final zero (unix(7)), 104 on BSD; the rest is room for a temporary suffix."""


class Home(NamedTuple):
    """The three folders, and the files in them by name."""

    config: Path
    state: Path
    runtime: Path

    @property
    def monitors_file(self) -> Path:
        """What is watched; the user's own file."""
        return self.config / "monitors.toml"

    @property
    def config_file(self) -> Path:
        """Settings of the programme."""
        return self.config / "config.toml"

    @property
    def services_folder(self) -> Path:
        """The user's own services."""
        return self.config / "services.d"

    @property
    def runbooks_folder(self) -> Path:
        """The user's own additions to the knowledge base."""
        return self.config / "runbooks"

    @property
    def journal_file(self) -> Path:
        """Results, incidents and events."""
        return self.state / "journal.sqlite3"

    @property
    def undo_file(self) -> Path:
        """Changes of the monitors file that can be undone."""
        return self.state / "undo.jsonl"

    @property
    def log_file(self) -> Path:
        """Standard output and error of an engine that was started in the background."""
        return self.state / "engine.log"

    @property
    def lock_file(self) -> Path:
        """Held by the one engine of this home while it runs."""
        return self.state / "engine.lock"

    @property
    def socket_file(self) -> Path:
        """Where the engine listens; always short enough for a unix socket."""
        return self.runtime / _SOCKET


def find_home(override: str | None, env: Mapping[str, str]) -> Home:
    """The folders of this call: `--home`, then `UPTIME_TUI_HOME`, then the platform's.

    A socket path that would be longer than a unix socket allows moves to a folder of its own, one per home, below
    `XDG_RUNTIME_DIR` or `/tmp`, owned by this user alone.

    Raises:
        UserError: the configuration folder, or one on the way to it, is a file.
    """
    chosen = override or env.get("UPTIME_TUI_HOME", "")
    if chosen:
        top = Path(os.path.abspath(os.path.expanduser(chosen)))  # noqa: PTH100, PTH111 - no symlink is resolved
        home = Home(top, top / "state", top / "run")
        _require_folder(home.config)
    else:
        config, state = _user_folders(env)
        _require_folder(config)
        home = Home(config, state, _session_folder(env) / _APP)
        if not os.access(home.runtime.parent, os.W_OK | os.X_OK):
            # no login session (a container, su, cron): a folder of this user's that depends on the state folder
            return home._replace(runtime=_short_runtime(home.state, env))
    if _fits(home.runtime):
        return home
    return home._replace(runtime=_short_runtime(home.runtime, env))


def _user_folders(env: Mapping[str, str]) -> tuple[Path, Path]:
    """For configuration and for state: on Linux by the XDG base directory specification 0.8, elsewhere as is usual.

    platformdirs says the same of Linux, and takes a tenth of the time of a command to be imported.
    """
    if sys.platform != "linux":
        from platformdirs import PlatformDirs

        dirs = PlatformDirs(_APP, appauthor=False)
        return dirs.user_config_path, dirs.user_state_path
    return _xdg_folder(env, "XDG_CONFIG_HOME", "~/.config"), _xdg_folder(env, "XDG_STATE_HOME", "~/.local/state")


def _xdg_folder(env: Mapping[str, str], name: str, usual: str) -> Path:
    named = env.get(name, "")
    return Path(named if named.strip() else os.path.expanduser(usual)) / _APP  # noqa: PTH111 - without a home: as it is


def _session_folder(env: Mapping[str, str]) -> Path:
    named = env.get("XDG_RUNTIME_DIR", "")
    return Path(named) if named.startswith("/") else Path(f"/run/user/{os.getuid()}")


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / _SOCKET)) <= _MAX_SOCKET_BYTES


def _short_runtime(long: Path, env: Mapping[str, str]) -> Path:
    import hashlib

    digest = hashlib.sha256(os.fsencode(long)).hexdigest()[:16]
    name = f"{_APP}-{os.getuid()}-{digest}"
    preferred = env.get("XDG_RUNTIME_DIR", "")
    if preferred.startswith("/") and os.access(preferred, os.W_OK | os.X_OK) and _fits(Path(preferred) / name):
        return Path(preferred) / name
    return Path("/tmp") / name  # noqa: S108 - make_folders insists on our own folder, mode 0700


def make_folders(home: Home) -> None:
    """Create the folders with mode 0700.

    A configuration folder that exists keeps its mode (`doctor` says so when others can read it); state and
    runtime are ours and are closed to others.

    Raises:
        UserError: a folder cannot be made, is no folder, or the runtime folder belongs to somebody else.
    """
    _make(home.config)
    for folder in (home.state, home.runtime):
        _make(folder)
        _close(folder)


def _make(folder: Path) -> None:
    try:
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        for place in reversed(missing):
            place.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"the folder cannot be made: {error.strerror}", where=str(folder), todo="make it, or name another by --home"
        ) from error
    _require_folder(folder)


def _require_folder(folder: Path) -> None:
    """What is there of it must be a folder: what reads below it cannot know that its name was wrong."""
    there = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    if not os.path.isdir(there):  # noqa: PTH112 - a link that leads where we may not look is none either
        raise UserError("is no folder", where=str(there), todo="move that file away, or name another by --home")


def _close(folder: Path) -> None:
    facts = folder.lstat() if folder.parent == Path("/tmp") else folder.stat()  # noqa: S108
    if facts.st_uid != os.geteuid() or not stat.S_ISDIR(facts.st_mode):
        raise UserError(
            "the folder belongs to another user", where=str(folder), todo="remove it, or set XDG_RUNTIME_DIR"
        )
    if stat.S_IMODE(facts.st_mode) & 0o077:
        folder.chmod(0o700)
