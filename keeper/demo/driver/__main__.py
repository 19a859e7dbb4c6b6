"""Run the driver as a process: `python -m keeper.demo.driver --help`."""

import sys

from keeper.demo.driver.command import main

sys.exit(main(sys.argv[1:]))
