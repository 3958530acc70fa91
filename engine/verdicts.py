"""Three-valued logic: True passes, False fails, None is not known."""

from __future__ import annotations

from collections.abc import Iterable

Verdict = bool | None


def every(verdicts: Iterable[Verdict]) -> Verdict:
    """False if one fails, else None if one is not known, else True."""
    result: Verdict = True
    for verdict in verdicts:
        if verdict is False:
            return False
        if verdict is None:
            result = None
    return result


def some(verdicts: Iterable[Verdict]) -> Verdict:
    """True if one passes, else None if one is not known, else False."""
    result: Verdict = False
    for verdict in verdicts:
        if verdict:
            return True
        if verdict is None:
            result = None
    return result
