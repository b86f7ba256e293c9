# frozen_string_literal: true

module Tasker
  # Stands in for app/models/tasker/workflow_step.rb.
  class WorkflowStep < ApplicationRecord
    PROVIDES_EDGE_NAME = 'provides'

    self.primary_key = :workflow_step_id
    belongs_to :task
    belongs_to :named_step
    has_many :incoming_edges, class_name: 'WorkflowStepEdge', foreign_key: :to_step_id, dependent: :destroy,
                              inverse_of: :to_step
    has_many :outgoing_edges, class_name: 'WorkflowStepEdge', foreign_key: :from_step_id, dependent: :destroy,
                              inverse_of: :from_step
    has_many :parents, through: :incoming_edges, source: :from_step
    has_many :children, through: :outgoing_edges, source: :to_step
    has_many :workflow_step_transitions, inverse_of: :workflow_step, dependent: :destroy
    has_one :step_dag_relationship, class_name: 'Tasker::StepDagRelationship', primary_key: :workflow_step_id
    validates :named_step_id, uniqueness: { scope: :task_id }
    delegate :name, to: :named_step
    scope :for_task, ->(task) { where(task_id: task.task_id) }

    class << self
      # The task's steps, made where they are missing.
      #
      # @param templates [Array<Tasker::Types::StepTemplate>]
      # @return [Array<WorkflowStep>]
      def get_steps_for_task(task, templates)
        named_steps = NamedStep.create_named_steps_from_templates(templates).index_by(&:name)
        steps = templates.map do |template|
          named_step = named_steps.fetch(template.name)
          NamedTasksNamedStep.associate_named_step_with_named_task(task.named_task, template, named_step)
          find_by(task_id: task.task_id, named_step_id: named_step.named_step_id) ||
            build_default_step!(task, template, named_step)
        end
        set_up_dependent_steps(steps, templates)
      end

      def set_up_dependent_steps(steps, templates)
        by_name = steps.index_by(&:name)
        templates.each do |template|
          template.all_dependencies.each do |dependency|
            by_name.fetch(dependency).add_provides_edge!(by_name.fetch(template.name))
          end
        end
        steps
      end

      def build_default_step!(task, template, named_step)
        create!(task_id: task.task_id, named_step:, retryable: template.default_retryable, attempts: 0,
                retry_limit: template.default_retry_limit, skippable: template.skippable, inputs: task.context,
                results: {})
      end

      def get_viable_steps(task, sequence)
        statuses = StepReadinessStatus.for_task(task.task_id, sequence.steps.map(&:workflow_step_id))
        ready = statuses.select(&:ready_for_execution).map(&:workflow_step_id)
        where(workflow_step_id: ready).includes(:named_step)
      end

      def task_completion_stats(task)
        states = for_task(task).map(&:status)
        done = states.count { |state| %w[complete resolved_manually].include?(state) }
        failed = states.count('error')
        { total_steps: states.size, completed_steps: done, failed_steps: failed,
          pending_steps: states.size - done - failed, latest_completion_time: for_task(task).maximum(:processed_at),
          all_complete: done == states.size && done.positive? }
      end

      def find_step_by_name(steps, name) = steps.find { |step| step.name == name }
    end

    def state_machine
      @state_machine ||= StateMachine::StepStateMachine.new(self, transition_class: WorkflowStepTransition,
                                                                  association_name: :workflow_step_transitions)
    end

    def status = new_record? ? 'pending' : state_machine.current_state

    def add_provides_edge!(step) = outgoing_edges.find_or_create_by!(to_step: step, name: PROVIDES_EDGE_NAME)

    def step_readiness_status
      @step_readiness_status ||= StepReadinessStatus.for_task(task_id, [workflow_step_id]).first
    end

    def ready? = step_readiness_status&.ready_for_execution || false
    def dependencies_satisfied? = step_readiness_status&.dependencies_satisfied || false
    def root_step? = step_readiness_status.total_parents.zero?
    def leaf_step? = step_dag_relationship&.child_count&.zero?

    def reload
      super.tap { @step_readiness_status = nil }
    end
  end
end
