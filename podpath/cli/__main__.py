"""`python -m podpath.cli` is the command `podpath`."""

import sys

from podpath.cli import main

sys.exit(main())
