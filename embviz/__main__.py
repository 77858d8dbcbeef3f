"""`python -m embviz` is the shell command `embviz`."""

from embviz.cli import main

main()
