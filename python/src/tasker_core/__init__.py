"""Python access to Tasker workflows in PostgreSQL, over the Go core of the gem tasker_core.

::

    import tasker_core

    with tasker_core.connect("postgresql://localhost/shop") as client:
        for row in client.step_readiness(42):
            print(row.name, row.current_state, row.ready_for_execution)

tasker_core.aio has the same names to be awaited.
"""

from ._version import VERSION as __version__
from .client import Client, connect
from .creation import CreatedTask, NewStep
from .errors import (
    Cancelled,
    ConfigurationError,
    ConflictError,
    CycleError,
    DatabaseError,
    DuplicateTask,
    Error,
    InternalError,
    InvalidArgument,
    NotFound,
    SchemaMissing,
    SchemaNotEmpty,
    SessionError,
    TimeoutError,
    TransitionError,
    Unavailable,
    UnknownFunction,
)
from .event import Event
from .external import ClaimedStep, StepName
from .results import (
    Claim,
    Distribution,
    Drawing,
    EventDefinition,
    EventField,
    FunctionVersion,
    Metric,
    Next,
    Reset,
    Sample,
    SchemaCheck,
    SchemaDifference,
    Stats,
    TaskProgress,
    Transition,
)
from .rows import (
    AnalyticsMetrics,
    DependencyLevel,
    ResetStep,
    SlowestStep,
    SlowestTask,
    StepDagRelationship,
    StepProgress,
    StepReadiness,
    StuckStep,
    StuckTask,
    SystemHealthCounts,
    TaskExecutionContext,
)
from .session import Session
from .subscription import Subscription
from .table import Rows
from .worker import ExecutorFailed, PermanentError, RetryableError, Step, Worker

__all__ = [
    "__version__",
    "AnalyticsMetrics",
    "Cancelled",
    "Claim",
    "ClaimedStep",
    "Client",
    "ConfigurationError",
    "ConflictError",
    "connect",
    "CreatedTask",
    "CycleError",
    "DatabaseError",
    "DependencyLevel",
    "Distribution",
    "Drawing",
    "DuplicateTask",
    "Error",
    "Event",
    "EventDefinition",
    "ExecutorFailed",
    "EventField",
    "FunctionVersion",
    "InternalError",
    "InvalidArgument",
    "Metric",
    "NewStep",
    "Next",
    "NotFound",
    "PermanentError",
    "Reset",
    "ResetStep",
    "RetryableError",
    "Rows",
    "Sample",
    "SchemaCheck",
    "SchemaDifference",
    "SchemaMissing",
    "SchemaNotEmpty",
    "Session",
    "SessionError",
    "SlowestStep",
    "SlowestTask",
    "Stats",
    "Step",
    "StepDagRelationship",
    "StepName",
    "StepProgress",
    "StepReadiness",
    "StuckStep",
    "StuckTask",
    "Subscription",
    "SystemHealthCounts",
    "TaskExecutionContext",
    "TaskProgress",
    "TimeoutError",
    "Transition",
    "TransitionError",
    "Unavailable",
    "UnknownFunction",
    "Worker",
]
