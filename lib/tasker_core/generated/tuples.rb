# frozen_string_literal: true

# Written by bin/generate; change operations.json instead.
module TaskerCore
  # The places of the answers that are lists: no call, and no object, to read one.
  module Tuples
    # What became of a transition.
    module TransitionReply
      NAMES = %i[id code message from to transition_id sort_key event].freeze
      ID = 0
      CODE = 1
      MESSAGE = 2
      FROM = 3
      TO = 4
      TRANSITION_ID = 5
      SORT_KEY = 6
      EVENT = 7
    end

    # A session's picture of its task; parents and children are the edges into its steps.
    module SessionReply
      NAMES = %i[session task_state step_ids states changed parents children].freeze
      SESSION = 0
      TASK_STATE = 1
      STEP_IDS = 2
      STATES = 3
      CHANGED = 4
      PARENTS = 5
      CHILDREN = 6
    end

    # What can run now; stale where the picture has to be read anew first.
    module NextReply
      NAMES = %i[ready retry stale blocked].freeze
      READY = 0
      RETRY = 1
      STALE = 2
      BLOCKED = 3
    end

    # What became of a claim; follow is the step that can be claimed with its completion, or 0.
    module ClaimReply
      NAMES = %i[code message token sort_key changed follow].freeze
      CODE = 0
      MESSAGE = 1
      TOKEN = 2
      SORT_KEY = 3
      CHANGED = 4
      FOLLOW = 5
    end

    # What became of a claim beside a completion.
    module BesideReply
      NAMES = %i[code token sort_key changed follow].freeze
      CODE = 0
      TOKEN = 1
      SORT_KEY = 2
      CHANGED = 3
      FOLLOW = 4
    end

    # What became of an outcome; claim is nil where none was asked for.
    module FinishReply
      NAMES = %i[code message transition_id sort_key task_version claim].freeze
      CODE = 0
      MESSAGE = 1
      TRANSITION_ID = 2
      SORT_KEY = 3
      TASK_VERSION = 4
      CLAIM = 5
    end

    # What became of the outcome of a step that a worker had claimed.
    module OutcomeReply
      NAMES = %i[code message transition_id sort_key].freeze
      CODE = 0
      MESSAGE = 1
      TRANSITION_ID = 2
      SORT_KEY = 3
    end

    # A task that was made; started is the payload of its event without the context.
    module CreatedReply
      NAMES = %i[task_id step_ids identity_hash started].freeze
      TASK_ID = 0
      STEP_IDS = 1
      IDENTITY_HASH = 2
      STARTED = 3
    end

    # What a reset did; task_ids are to be enqueued.
    module ResetReply
      NAMES = %i[steps task_ids].freeze
      STEPS = 0
      TASK_IDS = 1
    end

    # How a task stands, step by step.
    module ProgressReply
      NAMES = %i[namespace name version state now steps].freeze
      NAMESPACE = 0
      NAME = 1
      VERSION = 2
      STATE = 3
      NOW = 4
      STEPS = 5
    end

    # A queue and the file descriptor that is readable while it has something.
    module QueueReply
      NAMES = %i[queue descriptor].freeze
      QUEUE = 0
      DESCRIPTOR = 1
    end

    # The ids of a trace, of its first span here and of the span that it goes on from.
    module TraceReply
      NAMES = %i[trace span parent].freeze
      TRACE = 0
      SPAN = 1
      PARENT = 2
    end

    # Spans since the core was opened.
    module SpansReply
      NAMES = %i[ended exported dropped failed waiting].freeze
      ENDED = 0
      EXPORTED = 1
      DROPPED = 2
      FAILED = 3
      WAITING = 4
    end

    # Statements by operation, and the time from which on an answer is the core's to see.
    module StatementsReply
      NAMES = %i[statements nanoseconds].freeze
      STATEMENTS = 0
      NANOSECONDS = 1
    end
  end
  private_constant :Tuples
end
