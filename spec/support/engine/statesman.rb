# frozen_string_literal: true

# Stands in for the gem statesman, which no distribution packages: its errors and as
# much of its machine as the engine's two machines and their callers use. The gem is
# not used where it is installed, so that the specs run alike everywhere.
module Statesman
  class TransitionConflictError < StandardError; end

  class TransitionFailedError < StandardError
    def initialize(from, to)
      super("Cannot transition from '#{from}' to '#{to}'")
    end
  end

  class GuardFailedError < StandardError
    def initialize(from, to, _callback = nil)
      super("Guard on transition from: '#{from}' to '#{to}' returned false")
    end
  end

  module Adapters
    # Calls a block when the transaction commits.
    class ActiveRecordAfterCommitWrap
      def initialize(_connection, &block)
        @callback = block
      end

      def self.trigger_transactional_callbacks? = true
      def trigger_transactional_callbacks? = true
      def has_transactional_callbacks? = true
      def committed!(*) = @callback.call
      def before_committed!(*) = nil
      def rolledback!(*) = nil
    end
  end

  # What a machine's class body can say, and what its instances can do.
  module Machine
    # A guard or a callback; to is empty where it is for every state.
    Callback = Struct.new(:from, :to, :callback) do
      def applies_to?(from:, to:) = (self.from.nil? || self.from == from) && (self.to.empty? || self.to.include?(to))
    end

    def self.included(base)
      base.extend(ClassMethods)
    end

    # The words of a machine's class body.
    module ClassMethods
      def successors = @successors ||= Hash.new { |states, from| states[from] = [] }
      def callbacks = @callbacks ||= Hash.new { |phases, phase| phases[phase] = [] }

      def transition(from:, to:) = successors[from].concat(Array(to))
      def guard_transition(options = {}, &) = add(:guards, options, &)
      def before_transition(options = {}, &) = add(:before, options, &)
      def after_transition(options = {}, &) = add(options[:after_commit] ? :after_commit : :after, options, &)
      def after_transition_failure(options = {}, &) = add(:after_transition_failure, options, &)
      def after_guard_failure(options = {}, &) = add(:after_guard_failure, options, &)

      private

      def add(phase, options, &block) = callbacks[phase] << Callback.new(options[:from], Array(options[:to]), block)
    end

    attr_reader :object, :transition_class

    def initialize(object, transition_class:, association_name:)
      @object = object
      @transition_class = transition_class
      @association_name = association_name
    end

    def transition_to!(new_state, metadata = {})
      from = current_state
      to = new_state.to_s
      validate_transition(from:, to:, metadata:)
      write(from, to, metadata)
      true
    rescue TransitionFailedError => e
      execute_on_failure(:after_transition_failure, from, to, e)
      raise
    rescue GuardFailedError => e
      execute_on_failure(:after_guard_failure, from, to, e)
      raise
    end

    def transition_to(...)
      transition_to!(...)
    rescue TransitionFailedError, GuardFailedError
      false
    end

    def can_transition_to?(new_state, metadata = {})
      validate_transition(from: current_state, to: new_state.to_s, metadata:)
      true
    rescue TransitionFailedError, GuardFailedError
      false
    end

    def execute(phase, from, to, transition)
      callbacks_for(phase, from, to).each { |one| one.callback.call(object, transition) }
    end

    def execute_on_failure(...) = execute(...)

    def in_state?(*states) = states.flatten.map(&:to_s).include?(current_state)
    def allowed_transitions(metadata = {}) = successors_of_now.select { |state| can_transition_to?(state, metadata) }
    def history = transitions.order(:sort_key).to_a
    def last_transition = transitions.order(:sort_key).last

    # Forgets the audit rows that were read.
    def reset = transitions.reset

    private

    def transitions = object.public_send(@association_name)
    def successors_of_now = self.class.successors.fetch(current_state, [])

    def validate_transition(from:, to:, metadata:)
      raise TransitionFailedError.new(from, to) unless self.class.successors.fetch(from, []).include?(to)

      refusing = callbacks_for(:guards, from, to).find do |guard|
        !guard.callback.call(object, last_transition, metadata)
      end
      raise GuardFailedError.new(refusing.from, refusing.to, refusing.callback) if refusing
    end

    def callbacks_for(phase, from, to) = self.class.callbacks[phase].select { |one| one.applies_to?(from:, to:) }

    # The old row first, then the new one, with every callback in the same transaction.
    def write(from, to, metadata)
      transition_class.transaction(requires_new: true) do
        row = transitions.build(to_state: to, sort_key: (transitions.maximum(:sort_key) || 0) + 10,
                                most_recent: true, metadata:)
        execute(:before, from, to, row)
        transitions.where(most_recent: true).update_all(most_recent: false, updated_at: Time.current)
        row.save!
        execute(:after, from, to, row)
        call_after_commit(from, to, row)
      end
    rescue ActiveRecord::RecordNotUnique => e
      raise TransitionConflictError, e.message
    ensure
      reset
    end

    def call_after_commit(from, to, row)
      connection = transition_class.connection
      connection.add_transaction_record(
        Adapters::ActiveRecordAfterCommitWrap.new(connection) { execute(:after_commit, from, to, row) }
      )
    end
  end
end
