# Written by python/tools/sync_client.py from aio/_client/maintenance.py; change that file instead.
"""The schema, and work that a dead worker holds. The database's clock counts ages."""

from __future__ import annotations

from datetime import timedelta

from .. import operations, rows
from ..results import FunctionVersion, Reset, SchemaCheck
from ..table import Rows
from .base import Operations


class Maintenance(Operations):
    """What keeps a database fit for work."""

    def install_schema(self) -> list[str]:
        """Creates the engine's tables, indexes, view and functions, in one transaction.

        Returns:
            What was created in the current schema. schema_migrations is left alone.

        Raises:
            SchemaNotEmpty: if one of the engine's tables is there already.
        """
        return self.run(operations.install_schema())

    def check_schema(self) -> SchemaCheck:
        """Compares this database with the expected catalogue. It reads only."""
        return self.run(operations.check_schema())

    def function_versions(self) -> list[FunctionVersion]:
        """Whose text each of the engine's nine functions, and its view, has here."""
        return self.run(operations.function_versions())

    def stuck_steps(self, *, older_than: timedelta | float) -> Rows[rows.StuckStep]:
        """Steps in_progress for longer than that (seconds), of tasks that are not closed."""
        return self.run(operations.stuck_steps(older_than))

    def stuck_tasks(self, *, older_than: timedelta | float) -> Rows[rows.StuckTask]:
        """Tasks whose run was cut short between two steps, without activity for that long."""
        return self.run(operations.stuck_tasks(older_than))

    def reset_stuck(self, *, older_than: timedelta | float) -> Reset:
        """Takes stuck steps from their workers, as if each had failed.

        Where an attempt is left the step is pending again, else it stays in error. Their
        tasks, and those that are stuck, are set pending; to enqueue them is the caller's.

        Raises:
            ConflictError: if another process wrote to one of the tasks at the same time;
                then nothing was reset.
        """
        return self.run(operations.reset_stuck(older_than, leave_tasks=False))

    def reset_stuck_steps(self, *, older_than: timedelta | float) -> Rows[rows.ResetStep]:
        """The same for the steps alone: their tasks stay as they are."""
        reset = self.run(operations.reset_stuck(older_than, leave_tasks=True))
        return reset.steps
