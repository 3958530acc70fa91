"""The rules of the market, pure: the same offers, needs and assumptions always give the same answer."""
