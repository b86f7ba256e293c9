# frozen_string_literal: true

# Written by bin/generate; change operations.json instead.
module TaskerCore
  # The elements of the answers that are lists, in order.
  #
  # @api private
  module Tuples
    # The result of a transition.
    TRANSITION_REPLY = %i[id code message from to transition_id sort_key event].freeze
    # A session's snapshot of its task; parents and children are edges, task_version is its row's version.
    SESSION_REPLY = %i[session task_state step_ids states changed parents children task_version].freeze
    # The steps that can run now; stale if the snapshot has to be read again first.
    NEXT_REPLY = %i[ready retry stale blocked].freeze
    # The result of a claim; follow is the step that can be claimed with its completion, or 0.
    CLAIM_REPLY = %i[code message token sort_key changed follow].freeze
    # The result of a claim that was made with a completion.
    BESIDE_REPLY = %i[code token sort_key changed follow].freeze
    # The result of writing an outcome; claim is nil if no claim was requested.
    FINISH_REPLY = %i[code message transition_id sort_key task_version claim].freeze
    # The result of writing the outcome of a worker's step.
    OUTCOME_REPLY = %i[code message transition_id sort_key].freeze
    # A task that was created; started is the payload of its event without the context.
    CREATED_REPLY = %i[task_id step_ids identity_hash started].freeze
    # The result of a reset; the caller enqueues the tasks of task_ids.
    RESET_REPLY = %i[steps task_ids].freeze
    # The progress of a task, step by step.
    PROGRESS_REPLY = %i[namespace name version state now steps].freeze
    # A queue, and a file descriptor that is readable while the queue has entries.
    QUEUE_REPLY = %i[queue descriptor].freeze
    # The ids of a trace, of its first span here, and of that span's parent.
    TRACE_REPLY = %i[trace span parent].freeze
    # Spans since the core was opened.
    SPANS_REPLY = %i[ended exported dropped failed waiting].freeze
    # Statements by operation, and the duration from which the core has to see an answer.
    STATEMENTS_REPLY = %i[statements nanoseconds].freeze
  end
  private_constant :Tuples
end
