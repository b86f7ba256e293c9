# frozen_string_literal: true

# Written by bin/generate; change operations.json instead.
module TaskerCore
  # The places of the answers that are lists.
  #
  # @api private
  module Tuples
    # What became of a transition.
    TRANSITION_REPLY = %i[id code message from to transition_id sort_key event].freeze
    # A session's picture of its task; parents and children are edges into its steps, task_version that of its row.
    SESSION_REPLY = %i[session task_state step_ids states changed parents children task_version].freeze
    # What can run now; stale where the picture has to be read anew first.
    NEXT_REPLY = %i[ready retry stale blocked].freeze
    # What became of a claim; follow is the step that can be claimed with its completion, or 0.
    CLAIM_REPLY = %i[code message token sort_key changed follow].freeze
    # What became of a claim beside a completion.
    BESIDE_REPLY = %i[code token sort_key changed follow].freeze
    # What became of an outcome; claim is nil where none was asked for.
    FINISH_REPLY = %i[code message transition_id sort_key task_version claim].freeze
    # What became of the outcome of a step that a worker had claimed.
    OUTCOME_REPLY = %i[code message transition_id sort_key].freeze
    # A task that was made; started is the payload of its event without the context.
    CREATED_REPLY = %i[task_id step_ids identity_hash started].freeze
    # What a reset did; task_ids are to be enqueued.
    RESET_REPLY = %i[steps task_ids].freeze
    # How a task stands, step by step.
    PROGRESS_REPLY = %i[namespace name version state now steps].freeze
    # A queue and the file descriptor that is readable while it has something.
    QUEUE_REPLY = %i[queue descriptor].freeze
    # The ids of a trace, of its first span here and of the span that it goes on from.
    TRACE_REPLY = %i[trace span parent].freeze
    # Spans since the core was opened.
    SPANS_REPLY = %i[ended exported dropped failed waiting].freeze
    # Statements by operation, and the time from which on an answer is the core's to see.
    STATEMENTS_REPLY = %i[statements nanoseconds].freeze
  end
  private_constant :Tuples
end
