# frozen_string_literal: true

require_relative 'table'

module TaskerCore
  # One row of an operation's answer. It reads like an object (row.task_id), like
  # a hash (row[:task_id]) and compares by value.
  class Row
    class << self
      # @return [Array<Symbol>] the attributes in the order of the engine's columns
      attr_reader :attributes

      # Makes a class of rows.
      #
      # @param attributes [Array<Symbol>]
      # @return [Class<Row>]
      def of(*attributes)
        Class.new(self) do
          @attributes = attributes.freeze
          attributes.each do |attribute|
            class_eval("def #{attribute} = @table.column('#{attribute}')[@index]", __FILE__, __LINE__)
          end
        end
      end

      # @param value [Hash] a table as msgpack gives it
      # @return [Array<Row>]
      def all(value)
        table = Table.new(value)
        Array.new(table.size) { |index| new(table, index) }
      end
    end

    def initialize(table, index)
      @table = table
      @index = index
    end

    # @param attribute [Symbol, String]
    # @raise [KeyError] if there is no such attribute
    def [](attribute) = @table.cell(@index, attribute.to_s)

    # @return [Hash{Symbol => Object}]
    def to_h = self.class.attributes.to_h { |attribute| [attribute, self[attribute]] }

    def ==(other) = other.class == self.class && other.to_h == to_h
    alias eql? ==

    def hash = to_h.hash

    def deconstruct_keys(_keys) = to_h

    def inspect
      "#<#{self.class.name} #{to_h.map { |name, value| "#{name}=#{value.inspect}" }.join(' ')}>"
    end
  end

  # A row of get_step_readiness_status.
  StepReadiness = Row.of(
    :workflow_step_id, :task_id, :named_step_id, :name, :current_state, :dependencies_satisfied,
    :retry_eligible, :ready_for_execution, :last_failure_at, :next_retry_at, :total_parents,
    :completed_parents, :attempts, :retry_limit, :backoff_request_seconds, :last_attempted_at
  )

  # A row of get_task_execution_context.
  TaskExecutionContext = Row.of(
    :task_id, :named_task_id, :status, :total_steps, :pending_steps, :in_progress_steps, :completed_steps,
    :failed_steps, :ready_steps, :execution_status, :recommended_action, :completion_percentage, :health_status
  )

  # A row of calculate_dependency_levels.
  DependencyLevel = Row.of(:workflow_step_id, :dependency_level)

  # A row of the view tasker_step_dag_relationships.
  StepDagRelationship = Row.of(
    :workflow_step_id, :task_id, :named_step_id, :parent_step_ids, :child_step_ids, :parent_count, :child_count,
    :is_root_step, :is_leaf_step, :min_depth_from_root
  )
end
