"""The same names as in tasker_core, to be awaited.

::

    from tasker_core import aio

    async with aio.connect("postgresql://localhost/shop") as client:
        print(await client.viable_steps(42))

No thread waits for an answer: the core runs the operations, and the event loop watches one
file descriptor for the replies of all of them. A client may be used by several loops.
"""

from .client import Client, connect
from .session import Session
from .subscription import Subscription

__all__ = ["Client", "connect", "Session", "Subscription"]
