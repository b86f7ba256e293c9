# frozen_string_literal: true

module TaskerCore
  # Any error of this gem.
  #
  # @!attribute [r] code
  #   @return [String] the stable name of the kind of error, the same in every language
  # @!attribute [r] sqlstate
  #   @return [String, nil] PostgreSQL's code where the database reported the error
  # @!attribute [r] details
  #   @return [Hash{String => Object}] what belongs to the code
  class Error < StandardError
    attr_reader :code, :sqlstate, :details

    # @param message [String]
    # @param code [String]
    # @param sqlstate [String, nil]
    # @param retryable [Boolean]
    # @param details [Hash]
    def initialize(message = nil, code: 'internal', sqlstate: nil, retryable: false, details: {})
      super(message)
      @code = code
      @sqlstate = sqlstate
      @retryable = retryable
      @details = details
    end

    # @return [Boolean] whether running the whole transaction again can succeed
    def retryable? = @retryable

    # The class that stands for a code of the core.
    #
    # @param fields [Hash{String => Object}] an error as it came over the wire
    # @return [Error]
    def self.from_wire(fields)
      sqlstate = fields['sqlstate']
      CLASSES.fetch(fields['code'], Error).new(
        fields['message'], code: fields['code'], sqlstate: sqlstate.to_s.empty? ? nil : sqlstate,
                           retryable: fields['retryable'], details: fields['details'] || {}
      )
    end
  end

  # A setting has a value that it cannot have.
  class ConfigurationError < Error; end

  # An argument is missing, or has the wrong type or value.
  class InvalidArgument < Error; end

  # The steps of a task depend on each other in a circle.
  class CycleError < Error
    # @return [Array<Integer, String>] the step ids along the circle, of a task that is not
    #   made yet the names; the first is also the last
    def path = details.fetch('path', [])
  end

  # There is no such task or step.
  class NotFound < Error; end

  # Another task has the identity that a new one would have.
  class DuplicateTask < Error
    # @return [Integer, nil] the other task; nil where another transaction makes it just now
    def task_id = details['task_id']
  end

  # The database refused a statement or could not be reached. Where an exception
  # of Active Record was the cause, it is the error's +cause+.
  class DatabaseError < Error; end

  # A table, column or function of the engine is missing in the database.
  class SchemaMissing < DatabaseError; end

  # install_schema found tables of the engine already there.
  class SchemaNotEmpty < Error; end

  # A task or step may not move to the state that was asked for: its code says
  # why (guard_failed, transition_failed, invalid_state).
  class TransitionError < Error; end

  # Another process wrote to the same task or step at the same time.
  class ConflictError < TransitionError; end

  # A session is not open in this process, or too many are.
  class SessionError < Error; end

  # The body of a database function is neither the engine's nor ours: its rules
  # were changed, so the core must not stand in for it.
  class UnknownFunction < Error
    # @return [String] the function's signature
    def function = details['function']
  end

  # The call was cancelled by the caller.
  class Cancelled < Error; end

  # A deadline passed.
  class TimeoutError < Error; end

  # What was asked works on the engine's models, and the gem tasker-engine is not loaded.
  class EngineMissing < Error; end

  # A task has to go on, and its job could not be enqueued.
  class NotEnqueued < Error; end

  # The native core is not available in this process, or stopped after a fault of
  # its own. The engine's own Ruby can do the work.
  class Unavailable < Error; end

  # A fault of the core.
  class InternalError < Error; end
end

require_relative '../generated/error_codes'
