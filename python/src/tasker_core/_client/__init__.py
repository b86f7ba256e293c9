# Written by python/tools/sync_client.py from aio/_client/__init__.py; change that file instead.
"""The client's operations, by topic."""
