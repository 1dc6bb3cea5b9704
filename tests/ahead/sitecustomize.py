"""Move the site's clock in every process that has this folder in its PYTHONPATH.

Python imports a module of this name when it starts; so the processes that the tests start
live at the same moment as they. `SECONDS_AHEAD` says how far from now that is.
"""

import os
from datetime import timedelta

from neupusti.core import clock

now, ahead = clock.now, timedelta(seconds=int(os.environ["SECONDS_AHEAD"]))
clock.now = lambda: now() + ahead
