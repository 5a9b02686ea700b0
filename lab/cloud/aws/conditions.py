# IAM condition operators: does a Condition block hold for the keys of a request?
from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

# Condition keys are compared without regard to case, so contexts hold them in lower case.
Context = Mapping[str, Sequence[str]]

VARIABLE = re.compile(r"\$\{([^}']+?)(?:\s*,\s*'([^']*)')?\}")
LITERALS = {"*": "[*]", "?": "[?]", "$": "$"}


@lru_cache(maxsize=4096)
def _glob(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    parts = []
    for piece in re.split(r"(\[\*\]|\[\?\]|\*|\?)", pattern):
        if piece == "*":
            parts.append(".*")
        elif piece == "?":
            parts.append(".")
        elif piece in ("[*]", "[?]"):  # what ${*} and ${?} stand for
            parts.append(re.escape(piece[1]))
        else:
            parts.append(re.escape(piece))
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def glob_match(pattern: str, value: str, ignore_case: bool = False) -> bool:
    return _glob(pattern, ignore_case).fullmatch(value) is not None


def substitute(text: str, context: Context) -> str | None:
    """Policy variables such as ${aws:PrincipalTag/team}; None when one has no value."""
    missing = False

    def value_of(match: re.Match[str]) -> str:
        nonlocal missing
        name, default = match.group(1).strip(), match.group(2)
        if name in LITERALS:
            return LITERALS[name]
        values = context.get(name.lower(), ())
        if len(values) == 1:
            return values[0]
        if default is None:
            missing = True
            return ""
        return default

    replaced = VARIABLE.sub(value_of, text)
    return None if missing else replaced


def as_list(value: Any) -> list[str]:
    if isinstance(value, (list, tuple)):
        return [_text(item) for item in value]
    return [_text(value)]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _arn_like(wanted: str, actual: str) -> bool:
    pattern, value = wanted.split(":", 5), actual.split(":", 5)
    if len(pattern) != 6 or len(value) != 6:
        return glob_match(wanted, actual)
    return all(glob_match(p, v) for p, v in zip(pattern, value))


def _numbers(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def test(wanted: str, actual: str) -> bool:
        try:
            return compare(float(actual), float(wanted))
        except ValueError:
            return False

    return test


def _instant(text: str) -> float:
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text)
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _dates(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def test(wanted: str, actual: str) -> bool:
        try:
            return compare(_instant(actual), _instant(wanted))
        except ValueError:
            return False

    return test


def _in_network(wanted: str, actual: str) -> bool:
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


# Each test is (value in the policy, value in the request) → does it match?
TESTS: dict[str, Callable[[str, str], bool]] = {
    "stringequals": lambda w, a: w == a,
    "stringequalsignorecase": lambda w, a: w.lower() == a.lower(),
    "stringlike": glob_match,
    "arnequals": _arn_like,
    "arnlike": _arn_like,
    "bool": lambda w, a: w.lower() == a.lower(),
    "numericequals": _numbers(lambda a, w: a == w),
    "numericlessthan": _numbers(lambda a, w: a < w),
    "numericlessthanequals": _numbers(lambda a, w: a <= w),
    "numericgreaterthan": _numbers(lambda a, w: a > w),
    "numericgreaterthanequals": _numbers(lambda a, w: a >= w),
    "dateequals": _dates(lambda a, w: a == w),
    "datelessthan": _dates(lambda a, w: a < w),
    "datelessthanequals": _dates(lambda a, w: a <= w),
    "dategreaterthan": _dates(lambda a, w: a > w),
    "dategreaterthanequals": _dates(lambda a, w: a >= w),
    "ipaddress": _in_network,
    "binaryequals": lambda w, a: w == a,
}
NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
}


class UnknownOperator(ValueError):
    """A condition operator that IAM does not have; AWS refuses such a document when it is written."""


def condition_holds(block: Mapping[str, Any] | None, context: Context) -> bool:
    """Every operator and every key of the block must hold."""
    for operator, keys in (block or {}).items():
        for key, wanted in keys.items():
            if not _holds(operator, key, as_list(wanted), context):
                return False
    return True


def _holds(operator: str, key: str, wanted: list[str], context: Context) -> bool:
    quantifier, _, rest = operator.rpartition(":")
    quantifier = quantifier.lower()
    name = rest.lower()
    if_exists = name.endswith("ifexists")
    if if_exists:
        name = name[: -len("ifexists")]
    actual = list(context.get(key.lower(), ()))

    if name == "null":
        return (len(actual) == 0) == (wanted[0].lower() == "true")
    negated = name in NEGATED
    test = TESTS.get(NEGATED.get(name, name))
    if test is None or quantifier not in ("", "forallvalues", "foranyvalue"):
        raise UnknownOperator(operator)
    if not actual:
        if if_exists or quantifier == "forallvalues":
            return True  # vacuously true: the reason not to use ForAllValues in an Allow
        if quantifier == "foranyvalue":
            return False
        return negated

    values = [value for value in (substitute(w, context) for w in wanted) if value is not None]

    def one(value: str) -> bool:
        return any(test(w, value) for w in values) != negated

    every = quantifier == "forallvalues" or (negated and quantifier == "")
    return all(map(one, actual)) if every else any(map(one, actual))
