"""`python -m stepsize` is the command `stepsize`."""

import sys

from stepsize.cli.main import main

sys.exit(main())
