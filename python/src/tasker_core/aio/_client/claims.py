"""Claims of steps that are executed outside of Rails; Worker uses them."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from ... import external
from ...errors import Error
from ...external import ClaimedStep, StepName
from ...results import Transition
from .base import Operations


class Claims(Operations):
    """Claims of steps, and their outcomes."""

    async def claim_ready_steps(
        self,
        names: Iterable[StepName],
        *,
        limit: int = 1,
        start_tasks: bool = False,
        claim_id: str | None = None,
        again: bool = False,
    ) -> list[ClaimedStep]:
        """Finds steps that can run, oldest first, and claims them.

        A failed step whose backoff is over goes back to pending first. Workers that call it at the
        same time get different steps. A step whose documents cannot be read (an integer with too
        many digits, too many levels of nesting) fails permanently, with the reason in its results,
        and is not in the answer.

        Args:
            names: the steps that the caller can execute.
            limit: the maximum number of steps, 1 to 1000.
            start_tasks: whether to claim steps of pending tasks too and set those tasks
                in_progress; use it for tasks that only workers run.
            claim_id: a text that is unique to this request; it is stored with each claim. If the
                answer is lost, repeat the request with the same claim_id and again=True.
            again: whether to return the steps that an earlier request with this claim_id claimed,
                and to claim no others; if it claimed none, steps are claimed as usual.

        Raises:
            ConflictError: if another process wrote to one of the steps at the same time; no step
                was claimed.
        """
        ask = functools.partial(external.claim_ready_steps, list(names), limit, start_tasks, claim_id)
        while claimed := await self.run(ask(again)):
            readable = [step for step in claimed if not await self._failed_as_unreadable(step)]
            if readable:
                return readable
            again = False
        return []

    async def _failed_as_unreadable(self, step: ClaimedStep) -> bool:
        if step.unreadable is None:
            return False
        try:
            await self.run(external.fail_unreadable(step))
        except Error as error:  # the other steps are claimed, and the caller gets them
            external.logger.error(
                "step %d stays claimed: %s; %s", step.workflow_step_id, step.unreadable, error
            )
        return True

    async def complete_claim(self, step: ClaimedStep, *, results: Any = None) -> Transition:
        """Records that a claimed step is complete.

        Args:
            step: the claimed step.
            results: any value that can be written as JSON; None is written as {}.

        Returns:
            With the code "conflict" if the claim no longer holds; nothing was written then.
        """
        return await self.run(external.complete_claim(step, results))

    async def fail_claim(
        self,
        step: ClaimedStep,
        *,
        error: BaseException | str,
        retryable: bool = True,
        retry_after: timedelta | float | None = None,
    ) -> Transition:
        """Records that a claimed step has failed.

        It can be retried when its backoff is over, as long as it has attempts left.

        Args:
            step: the claimed step.
            error: an exception or a text; its text, class and traceback become the step's results.
            retryable: False if another attempt would be useless.
            retry_after: seconds to wait before the next attempt, rounded up; None for the engine's
                backoff.
        """
        return await self.run(external.fail_claim(step, error, retryable, retry_after))

    async def renew_claims(
        self, steps: Iterable[ClaimedStep], *, stopping: bool = False
    ) -> list[ClaimedStep]:
        """Renews claims, so that their steps do not count as stuck.

        Args:
            steps: the claimed steps.
            stopping: whether to tell handlers that call claim_state that the worker is shutting
                down.

        Returns:
            The claims that still hold; the results of the others would be refused.
        """
        return await self.run(external.renew_claims(steps, stopping))

    async def begin_claim(self, step: ClaimedStep, *, runner: str) -> str:
        """Asks whether a handler may be executed now.

        Use it where a queue or a cluster between the worker and the handler may deliver a step
        twice: only one runner may begin.

        Args:
            step: the claimed step.
            runner: a name that is unique to this execution of the handler; the same runner gets the
                same answer again.

        Returns:
            "begun": go on; "taken": another runner has begun; "lost": the claim no longer holds.
        """
        return await self.run(external.begin_claim(step, runner))

    async def claim_state(self, step: ClaimedStep) -> str:
        """Reads the state of a claim. It changes nothing.

        Returns:
            "held"; "stopping": held by a worker that is shutting down; "lost": a result would be
            refused.
        """
        return await self.run(external.claim_state(step))

    async def finalize_task(self, task_id: int) -> str:
        """Ends a task that only workers run, when no work is left.

        Returns:
            The task's state: complete if every step is, error if a step has failed permanently.

        Raises:
            NotFound: if the task does not exist.
        """
        return await self.run(external.finalize_task(task_id))

    async def await_steps(self, *, timeout: float) -> bool:
        """Waits until steps may be ready or have ended elsewhere, at most timeout seconds.

        One connection beside the pool's stays open and listens until the client is closed.
        """
        return await self.run(external.await_steps(timeout))
