# frozen_string_literal: true

module Tasker
  # Stands in for app/models/tasker/workflow_step_edge.rb.
  class WorkflowStepEdge < ApplicationRecord
    belongs_to :from_step, class_name: 'WorkflowStep'
    belongs_to :to_step, class_name: 'WorkflowStep'
    validates :name, presence: true
    scope :children_of, ->(step) { where(from_step: step) }
    scope :parents_of, ->(step) { where(to_step: step) }
  end

  # Stands in for app/models/tasker/step_dag_relationship.rb: a read-only model
  # over the view.
  class StepDagRelationship < ApplicationRecord
    self.table_name = 'tasker_step_dag_relationships'
    self.primary_key = 'workflow_step_id'
    belongs_to :workflow_step
    belongs_to :task
    scope :for_task, ->(task_id) { where(task_id:) }
    scope :root_steps, -> { where(is_root_step: true) }
    scope :leaf_steps, -> { where(is_leaf_step: true) }
    scope :with_parents, -> { where(arel_table[:parent_count].gt(0)) }
    scope :with_children, -> { where(arel_table[:child_count].gt(0)) }

    def readonly? = true
    def root_step? = is_root_step
    def leaf_step? = is_leaf_step
    def parent_step_ids_array = Array(parent_step_ids)
    def child_step_ids_array = Array(child_step_ids)
  end
end
