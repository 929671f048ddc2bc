"""The lab as a child process: it ends when its standard input closes, so it cannot outlive the demo."""

import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from uptime_tui.model.errors import UserError

START_S = 20.0
"""A slow machine makes its certificates in a few seconds."""


@contextmanager
def running_lab(folder: Path, *, static: bool, temporary: bool = False) -> Iterator[None]:
    """Start the lab with its home in `folder`, wait until every server listens, stop it at the end.

    A temporary folder is removed by the lab, which outlives whoever is killed here.

    Raises:
        UserError: the folder holds other files, or the lab did not start; its own line is repeated.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty", where="--home", todo="choose a new folder for the demo")
    flags = [flag for flag, wanted in (("--static", static), ("--temporary", temporary)) if wanted]
    arguments = [sys.executable, "-m", "uptime_tui.lab.run", "--home", str(folder), *flags]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603 - our own module, no shell
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, start_new_session=True
        ) as lab,
    ):
        assert lab.stdin is not None
        assert lab.stdout is not None
        try:
            _wait_until_ready(lab, lab.stdout, said)
            yield
        finally:
            lab.stdin.close()
            try:
                lab.wait(timeout=3)
            except subprocess.TimeoutExpired:
                lab.kill()


def _wait_until_ready(lab: subprocess.Popen[bytes], stdout: IO[bytes], said: IO[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        readable, _, _ = select.select([stdout], [], [], 0.1)
        if readable and stdout.readline().startswith(b"ready"):
            return
        if lab.poll() is not None:
            said.seek(0)
            last = said.read().decode("utf-8", "replace").strip().splitlines()[-1:]
            raise UserError(f"the lab did not start: {last[0] if last else 'no message'}")
    raise UserError(f"the lab was not ready within {START_S:.0f} s")
