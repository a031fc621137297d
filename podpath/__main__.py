"""Run the command `podpath` as `python -m podpath`."""

import sys

from podpath.cli import main

sys.exit(main())
