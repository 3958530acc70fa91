"""The broker's desk: needs by expected fee, the matches of one, and what the broker makes of each."""
