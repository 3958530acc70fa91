"""The whole market ranked anew: pages and API of the runs."""
