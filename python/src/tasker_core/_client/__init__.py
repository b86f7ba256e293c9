# Written by python/tools/sync_client.py from aio/_client/__init__.py; change that file instead.
"""The operations of the client, by what they are for."""
