# Names of records as Route 53 keeps them: lower case, a trailing dot, odd characters as \ooo octal.
from __future__ import annotations

import re

PLAIN = set("abcdefghijklmnopqrstuvwxyz0123456789-_.")
ESCAPE = re.compile(r"\\([0-7]{3})")


def normalized(name: str) -> str:
    plain = ESCAPE.sub(lambda match: chr(int(match.group(1), 8)), name).lower().rstrip(".") + "."
    return "".join(char if char in PLAIN else f"\\{ord(char):03o}" for char in plain)


def sort_key(name: str) -> list[str]:
    """Route 53 sorts by labels from the right."""
    return list(reversed(name.rstrip(".").split(".")))
