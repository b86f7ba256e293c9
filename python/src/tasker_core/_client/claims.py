# Written by python/tools/sync_client.py from aio/_client/claims.py; change that file instead.
"""Steps that are executed outside of Rails: what a Worker is made of."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from .. import external
from ..errors import Error
from ..external import ClaimedStep, StepName
from ..results import Transition
from .base import Operations


class Claims(Operations):
    """Claims of steps, and what becomes of them."""

    def claim_ready_steps(
        self,
        names: Iterable[StepName],
        *,
        limit: int = 1,
        start_tasks: bool = False,
        claim_id: str | None = None,
        again: bool = False,
    ) -> list[ClaimedStep]:
        """Finds steps that can run, oldest first, and claims them.

        A failed step whose waiting time is over goes back to pending first. Workers that
        ask at the same time get different steps. A step whose documents cannot be read (an
        integer of too many digits, too deep a nesting) fails for good, with the reason in
        its results, and is not among the steps.

        Args:
            names: of the steps that the caller can execute.
            limit: how many at most, 1 to 1000.
            start_tasks: also set their pending tasks in_progress: nobody else runs them.
            claim_id: a text of this request alone, which is noted with each claim. Who does
                not get the answer asks again with the same one, and again=True.
            again: give the steps that an earlier request with this claim_id has claimed, and
                claim none; where it has claimed none, claim as usual.

        Raises:
            ConflictError: if another process wrote to one of the steps at the same time;
                then none was claimed.
        """
        ask = functools.partial(external.claim_ready_steps, list(names), limit, start_tasks, claim_id)
        while claimed := self.run(ask(again)):
            readable = [step for step in claimed if not self._failed_as_unreadable(step)]
            if readable:
                return readable
            again = False
        return []

    def _failed_as_unreadable(self, step: ClaimedStep) -> bool:
        if step.unreadable is None:
            return False
        try:
            self.run(external.fail_unreadable(step))
        except Error as error:  # the others are claimed, and their caller's
            external.logger.error(
                "step %d stays claimed: %s; %s", step.workflow_step_id, step.unreadable, error
            )
        return True

    def complete_claim(self, step: ClaimedStep, *, results: Any = None) -> Transition:
        """Records that a claimed step has done its work.

        Args:
            step: the step's claim.
            results: what JSON can say; None is written as {}.

        Returns:
            With the code conflict where the claim no longer holds; nothing is written then.
        """
        return self.run(external.complete_claim(step, results))

    def fail_claim(
        self,
        step: ClaimedStep,
        *,
        error: BaseException | str,
        retryable: bool = True,
        retry_after: timedelta | float | None = None,
    ) -> Transition:
        """Records that a claimed step has failed.

        It can be retried once its waiting time is over, while it has attempts left.

        Args:
            step: the step's claim.
            error: its text, class and traceback become the step's results.
            retryable: False where another attempt would be useless.
            retry_after: seconds to wait before the next attempt, rounded up; None for the
                waiting time that follows from the attempts.
        """
        return self.run(external.fail_claim(step, error, retryable, retry_after))

    def renew_claims(self, steps: Iterable[ClaimedStep], *, stopping: bool = False) -> list[ClaimedStep]:
        """Tells that who holds these claims is alive: the steps do not count as stuck.

        Args:
            steps: the claims.
            stopping: also tell handlers that ask (claim_state) that the worker is to end.

        Returns:
            Those that still hold; results of the others would be refused.
        """
        return self.run(external.renew_claims(steps, stopping))

    def begin_claim(self, step: ClaimedStep, *, runner: str) -> str:
        """Asks whether a handler may be executed now, where its step may arrive twice.

        Between the worker and the handler there may be a queue or a cluster; of all that
        ask, one runner begins.

        Args:
            step: the step's claim.
            runner: who executes the handler, unlike all others; who asks again hears the same.

        Returns:
            "begun": go on; "taken": another runner has begun; "lost": the claim no longer holds.
        """
        return self.run(external.begin_claim(step, runner))

    def claim_state(self, step: ClaimedStep) -> str:
        """How a claim stands; nothing is changed.

        Returns:
            "held"; "stopping": held by a worker that is to end; "lost": a result would be refused.
        """
        return self.run(external.claim_state(step))

    def finalize_task(self, task_id: int) -> str:
        """Closes a task that nobody else runs once there is nothing left to do.

        Returns:
            Its state: complete where every step is, error where one has failed for good.

        Raises:
            NotFound: if there is no such task.
        """
        return self.run(external.finalize_task(task_id))

    def await_steps(self, *, timeout: float) -> bool:
        """Waits until steps may be ready, or have ended elsewhere, at most that long (seconds).

        One connection beside the pool's goes on listening until the client is closed.
        """
        return self.run(external.await_steps(timeout))
