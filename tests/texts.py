"""Looking things up in mails and pages."""

import re


def find(pattern: str, text: str) -> str:
    """What the pattern's first group matches; it has to be there."""
    match = re.search(pattern, text)
    assert match, f"{pattern} is not in {text}"
    return match[1]
