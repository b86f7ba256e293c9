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
      end
    end
  end
end
