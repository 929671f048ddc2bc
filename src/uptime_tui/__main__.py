"""`python -m uptime_tui` is the console script under another name."""

from uptime_tui.cli.main import main

if __name__ == "__main__":
    main()
