# frozen_string_literal: true

module TaskerCore
  # The base class of this gem's errors.
  #
  # @!attribute [r] code
  #   @return [String] the stable name of the kind of error, the same in every language
  # @!attribute [r] sqlstate
  #   @return [String, nil] PostgreSQL's code if the database reported the error
  # @!attribute [r] details
  #   @return [Hash{String => Object}] more data, which depends on the code
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

    # Returns the error for a reply of the core, with the class that belongs to its code.
    #
    # @api private
    # @param fields [Hash{String => Object}] the decoded fields of the error
    # @return [Error]
    def self.from_wire(fields)
      sqlstate = fields['sqlstate']
      CLASSES.fetch(fields['code'], Error).new(
        fields['message'], code: fields['code'], sqlstate: sqlstate.to_s.empty? ? nil : sqlstate,
                           retryable: fields['retryable'], details: fields['details'] || {}
      )
    end
  end

  # A setting has an invalid value.
  class ConfigurationError < Error; end

  # An argument is missing, or has the wrong type or value.
  class InvalidArgument < Error; end

  # The dependencies of a task's steps form a cycle.
  class CycleError < Error
    # @return [Array<Integer, String>] the step ids along the cycle, or the step names for a task
    #   that is not created yet; the first is also the last
    def path = details.fetch('path', [])
  end

  # The task or step does not exist.
  class NotFound < Error; end

  # Another task has the same identity.
  class DuplicateTask < Error
    # @return [Integer, nil] the other task; nil if another transaction is creating it
    def task_id = details['task_id']
  end

  # The database refused a statement or could not be reached. If an Active Record exception was the
  # cause, it is the error's +cause+.
  class DatabaseError < Error; end

  # The database lacks a table, column or function of the engine.
  class SchemaMissing < DatabaseError; end

  # install_schema found existing tables of the engine.
  class SchemaNotEmpty < Error; end

  # A task or step may not move to the requested state. Its code gives the reason: guard_failed,
  # transition_failed or invalid_state.
  class TransitionError < Error; end

  # Another process wrote to the same task or step at the same time.
  class ConflictError < TransitionError; end

  # A session is not open in this process, or too many sessions are open.
  class SessionError < Error; end

  # The body of a database function is neither the engine's nor this gem's: its rules were changed,
  # so the core must not replace it.
  class UnknownFunction < Error
    # @return [String] the function's signature
    def function = details['function']
  end

  # The call was cancelled by the caller.
  class Cancelled < Error; end

  # A call took longer than its timeout.
  class TimeoutError < Error; end

  # The operation needs the engine's models, and the gem tasker-engine is not loaded.
  class EngineMissing < Error; end

  # A task has to continue, but its job could not be enqueued.
  class NotEnqueued < Error; end

  # The native core is not available in this process, or stopped after an internal fault. The
  # engine's own Ruby can do the work.
  class Unavailable < Error; end

  # An internal fault of the core.
  class InternalError < Error; end
end

require_relative '../generated/error_codes'
