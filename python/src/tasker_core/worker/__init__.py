"""Step handlers in Python, for workflows of a Rails application or of workers; see Worker."""

from .step import ExecutorFailed, PermanentError, RetryableError, Step, StepHandler, WorkerStopped
from .tally import Tally
from .worker import Worker

__all__ = [
    "ExecutorFailed",
    "PermanentError",
    "RetryableError",
    "Step",
    "StepHandler",
    "Tally",
    "Worker",
    "WorkerStopped",
]
