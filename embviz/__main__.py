"""The shell command `embviz`, and `python -m embviz`: loads the commands, which takes a moment that Ctrl-C may end."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command that was typed, and end the process."""
    try:
        from embviz.cli import main as run

        run()
    except KeyboardInterrupt:  # while the commands are loaded; later they say it themselves
        sys.stderr.write("Cancelled.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
