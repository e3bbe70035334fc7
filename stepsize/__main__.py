"""`python -m stepsize` is the command `stepsize`."""

import sys

from stepsize.cli import main

sys.exit(main())
