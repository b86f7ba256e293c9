"""Step handlers in Python, inside workflows that Rails or nobody else drives; see Worker."""

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
