# frozen_string_literal: true

# Stands in for the models of what can be run (app/models/tasker/named_task.rb,
# named_step.rb, task_namespace.rb, dependent_system.rb, named_tasks_named_step.rb).
module Tasker
  class TaskNamespace < ApplicationRecord
    self.primary_key = :task_namespace_id
    has_many :named_tasks, dependent: :nullify
    validates :name, presence: true, uniqueness: true, length: { maximum: 64 }
  end

  class NamedTask < ApplicationRecord
    self.primary_key = :named_task_id
    belongs_to :task_namespace
    has_many :tasks, dependent: :nullify
    validates :name, presence: true, length: { maximum: 64 }

    def self.find_or_create_by_full_name!(name:, namespace_name: 'default', version: '0.1.0')
      namespace = TaskNamespace.find_or_create_by!(name: namespace_name)
      find_or_create_by!(task_namespace: namespace, name:, version:)
    end

    def namespace_name = task_namespace.name
  end

  class DependentSystem < ApplicationRecord
    self.primary_key = :dependent_system_id
    has_many :named_steps, dependent: :destroy
    validates :name, presence: true, uniqueness: true
  end

  class NamedStep < ApplicationRecord
    self.primary_key = :named_step_id
    belongs_to :dependent_system
    has_many :workflow_steps, dependent: :nullify
    validates :name, presence: true, uniqueness: { scope: :dependent_system_id }

    def self.create_named_steps_from_templates(templates)
      templates.map do |template|
        system = DependentSystem.find_or_create_by!(name: template.dependent_system)
        find_or_create_by!(name: template.name, dependent_system_id: system.dependent_system_id)
      end
    end
  end

  class NamedTasksNamedStep < ApplicationRecord
    belongs_to :named_task
    belongs_to :named_step

    def self.associate_named_step_with_named_task(named_task, template, named_step)
      create_with(default_retry_limit: template.default_retry_limit, skippable: template.skippable,
                  default_retryable: template.default_retryable)
        .find_or_create_by!(named_task:, named_step:)
    end
  end
end
