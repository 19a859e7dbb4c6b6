"""Run it as a process: `python -m keeper.demo.chaos --help`."""

import sys

from keeper.demo.chaos.command import main

sys.exit(main(sys.argv[1:]))
