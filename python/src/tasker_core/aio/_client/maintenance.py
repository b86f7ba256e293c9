"""The schema, and work that a dead worker holds. The database's clock measures ages."""

from __future__ import annotations

from datetime import timedelta

from ... import operations, rows
from ...results import FunctionVersion, Reset, SchemaCheck
from ...table import Rows
from .base import Operations


class Maintenance(Operations):
    """Maintenance of a database."""

    async def install_schema(self) -> list[str]:
        """Creates the engine's tables, indexes, view and functions, in one transaction.

        Returns:
            The names of the objects created in the current schema. It does not write to
            schema_migrations.

        Raises:
            SchemaNotEmpty: if one of the engine's tables already exists.
        """
        return await self.run(operations.install_schema())

    async def check_schema(self) -> SchemaCheck:
        """Compares this database with the expected schema. It only reads."""
        return await self.run(operations.check_schema())

    async def function_versions(self) -> list[FunctionVersion]:
        """Tells which text each of the engine's nine functions, and its view, has here."""
        return await self.run(operations.function_versions())

    async def stuck_steps(self, *, older_than: timedelta | float) -> Rows[rows.StuckStep]:
        """Lists steps in_progress for longer than this (seconds), in tasks that are not closed."""
        return await self.run(operations.stuck_steps(older_than))

    async def stuck_tasks(self, *, older_than: timedelta | float) -> Rows[rows.StuckTask]:
        """Lists tasks interrupted between two steps, idle for longer than this (seconds)."""
        return await self.run(operations.stuck_tasks(older_than))

    async def reset_stuck(self, *, older_than: timedelta | float) -> Reset:
        """Takes stuck steps away from their workers, as if each had failed.

        If an attempt is left, the step is pending again; otherwise it stays in error. Their tasks
        and the stuck tasks are set to pending. The caller enqueues those tasks.

        Args:
            older_than: the age of stuck work, in seconds.

        Raises:
            ConflictError: if another process wrote to one of the tasks at the same time; nothing
                was reset.
        """
        return await self.run(operations.reset_stuck(older_than, leave_tasks=False))

    async def reset_stuck_steps(self, *, older_than: timedelta | float) -> Rows[rows.ResetStep]:
        """Resets only the steps and leaves their tasks as they are."""
        reset = await self.run(operations.reset_stuck(older_than, leave_tasks=True))
        return reset.steps
