"""The console script, which `python -m uptime_tui` is under another name."""

import sys
from typing import NoReturn

from uptime_tui.loading import loading


def main() -> NoReturn:
    """Run a command and end the process with its exit code."""
    with loading():
        from uptime_tui.cli.main import run
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
