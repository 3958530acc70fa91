"""The matcher replayed on announced deals: would it have found the site that the tenant really leased?

Read in this order: records (what is on record), replay (one deal), intervals, report (all of it).
docs/backtest.md says what was rebuilt and what the result does not show.
"""

from market.backtest.report import as_json, as_text, published, replayed, save

__all__ = ["as_json", "as_text", "published", "replayed", "save"]
