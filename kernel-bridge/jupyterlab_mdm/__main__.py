"""``python -m jupyterlab_mdm`` is ``mdm``."""

import sys

from .command.cli import main

sys.exit(main())
