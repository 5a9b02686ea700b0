# Lines for the log; what begins with LOUD is something that the lab cannot do and somebody asked for.
from __future__ import annotations

import sys

from lab.cloud.control.record import now


def say(message: str) -> None:
    print(f"{now()} aws: {message}", file=sys.stderr, flush=True)
