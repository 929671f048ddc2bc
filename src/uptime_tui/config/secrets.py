"""Reads secrets where their references say they are, late and in bounds: a D-Bus or a file system that hangs is theirs.

Nothing is kept: each probe that logs in reads anew, so that a rotated secret is used at once.
"""

import asyncio
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from uptime_tui.model.monitor import Login
from uptime_tui.model.secret import LONGEST, LONGEST_KEY, Credentials, Reference, Secret, parse_reference

MAX_LOOKUPS: Final = 8
"""Look-ups that may be under way; more only wait where something hangs."""
_MANAGED: Final = Path("/run/credentials")
"""Where systemd mounts the credentials of services (systemd.exec(5), LoadCredential=)."""

Found = Callable[[Credentials | str], None]


class Missing(Exception):  # noqa: N818 - a state of this machine, told to the user, no error of ours
    """The secret cannot be had; the message is one line and holds no value."""


class Unlocker:
    """Finds the secrets of logins without ever keeping the loop waiting.

    Args:
        loop: where answers are delivered.
        find: reads one reference, of a private key where the second argument says so; blocks.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, find: "Callable[[Reference, bool], Secret] | None" = None
    ) -> None:
        self._loop = loop
        self._find = find or read_secret
        self._under_way = 0

    def unlock(self, login: Login, limit_s: float, found: Found) -> None:
        """Find the secret and call back once, on the loop: with credentials, or with why there are none.

        Args:
            login: with a checked reference.
            limit_s: how long it may take.
            found: called later, or before this returns.
        """
        reference = parse_reference(login.secret)
        if reference.kind == "env":
            found(self._look(login, reference))
            return
        if self._under_way >= MAX_LOOKUPS:
            found(f"{reference}: {MAX_LOOKUPS} look-ups of secrets have not come back")
            return
        self._under_way += 1
        answer: asyncio.Future[Credentials | str] = self._loop.create_future()
        timer = self._loop.call_later(limit_s, self._deliver, answer, f"{reference}: no answer in {limit_s:.1f} s")
        answer.add_done_callback(lambda done: found(done.result()))
        answer.add_done_callback(lambda _: timer.cancel())

        def look() -> None:
            result = self._look(login, reference)
            try:
                self._loop.call_soon_threadsafe(self._returned, answer, result)
            except RuntimeError:
                return  # the loop has ended meanwhile: nobody waits any more

        threading.Thread(target=look, name="secret", daemon=True).start()

    def _returned(self, answer: "asyncio.Future[Credentials | str]", result: Credentials | str) -> None:
        self._under_way -= 1
        self._deliver(answer, result)

    @staticmethod
    def _deliver(answer: "asyncio.Future[Credentials | str]", result: Credentials | str) -> None:
        if not answer.done():
            answer.set_result(result)

    def _look(self, login: Login, reference: Reference) -> Credentials | str:
        try:
            return Credentials(self._find(reference, login.is_key), login.user, login.header)
        except Missing as missing:
            return f"{reference}: {missing}"
        except Exception as error:  # noqa: BLE001 - a keyring's back end may raise anything; its words may hold anything
            return f"{reference}: {type(error).__name__}"


def read_secret(reference: Reference, is_key: bool = False) -> Secret:  # noqa: FBT001, FBT002 - what it is
    """The secret of a reference. Blocks.

    Args:
        reference: where it is.
        is_key: it is a private key, which has several lines.

    Raises:
        Missing: it is not there, or must not be used as it is kept.
    """
    return _checked(_read(reference), is_key=is_key)


def _read(reference: Reference) -> str:
    if reference.kind == "env":
        value = os.environ.get(reference.place)
        if not value:
            raise Missing("the environment variable is not set")
        return value
    if reference.kind == "file":
        return _from_file(Path(reference.place))
    if reference.kind == "cred":
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise Missing(
                "$CREDENTIALS_DIRECTORY is not set: the engine was not started by systemd with LoadCredential="
            )
        return _from_file(Path(folder) / reference.place)
    return _from_keyring(reference.place)


def _checked(value: str, *, is_key: bool) -> Secret:
    longest = LONGEST_KEY if is_key else LONGEST
    if len(value) > longest:
        raise Missing(f"longer than {longest} characters")
    if not (value if not is_key else "".join(value.split())).isprintable():
        raise Missing("it holds a line end or another character that cannot be sent")
    return Secret(value)


def _from_file(path: Path) -> str:
    try:
        # non-blocking, so that a named pipe without a writer does not hold the thread
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        raise Missing(f"cannot be read: {os.strerror(error.errno or 0)}") from None
    try:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise Missing("is no regular file")
        if facts.st_mode & 0o077 and not _is_managed(path):
            raise Missing(f"others may read it (mode {stat.S_IMODE(facts.st_mode):04o}): chmod 600")
        data = os.read(handle, 4 * LONGEST_KEY + 2)
    finally:
        os.close(handle)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Missing("is not UTF-8") from None
    value = text.removesuffix("\n").removesuffix("\r")
    if not value:
        raise Missing("is empty")
    return value


def _is_managed(path: Path) -> bool:
    """Whether a service manager keeps the file: it decides who may read it."""
    real = path.resolve()
    own = os.environ.get("CREDENTIALS_DIRECTORY")
    return real.is_relative_to(_MANAGED) or bool(own and real.is_relative_to(Path(own).resolve()))


def _from_keyring(place: str) -> str:
    service, _, user = place.partition("/")
    try:
        import keyring
    except ImportError:
        raise Missing("the library keyring is not installed: pip install 'uptime-tui[keyring]'") from None
    value: str | None = keyring.get_password(service, user)
    if not value:
        raise Missing("the keyring has no such entry")
    return value
