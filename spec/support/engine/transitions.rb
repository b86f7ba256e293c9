# frozen_string_literal: true

# Stands in for the models of the audit rows (app/models/tasker/task_transition.rb,
# workflow_step_transition.rb).
module Tasker
  class TaskTransition < ApplicationRecord
    belongs_to :task, inverse_of: :task_transitions
    validates :to_state, inclusion: { in: Constants::STATES }
    scope :recent, -> { order(sort_key: :desc) }
  end

  class WorkflowStepTransition < ApplicationRecord
    belongs_to :workflow_step, inverse_of: :workflow_step_transitions
    validates :to_state, inclusion: { in: Constants::STATES }
    scope :recent, -> { order(sort_key: :desc) }
  end
end
