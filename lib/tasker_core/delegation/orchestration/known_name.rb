# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # Prepended to WorkflowStep and Task. Each step's events and log lines ask for the
      # two names about thirty times, every time through an association.
      module KnownName
        # The instance variable with the name, while the object belongs to a run.
        KNOWN = :@tasker_core_name

        def self.on_class? = false

        # @return [String]
        def name = @tasker_core_name || super

        # A copy is no object of the run, and may get another name.
        def initialize_dup(other)
          super
          [Run::OWNER, KNOWN].each { |name| remove_instance_variable(name) if instance_variable_defined?(name) }
        end
      end
    end
  end
end
