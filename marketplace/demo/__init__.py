"""The demo market: real sites from public sources, invented requests and pools, people for each role."""
