# frozen_string_literal: true

require_relative 'orchestration/known_state'
require_relative 'orchestration/known_name'
require_relative 'orchestration/logging'
require_relative 'orchestration/attributes'
require_relative 'orchestration/executed'
require_relative 'orchestration/lent_steps'
require_relative 'orchestration/picture'
require_relative 'orchestration/shown_task'
require_relative 'orchestration/claims'
require_relative 'orchestration/batch'
require_relative 'orchestration/customized'
require_relative 'orchestration/outcome'
require_relative 'orchestration/endings'
require_relative 'orchestration/external_steps'
require_relative 'orchestration/parking'
require_relative 'orchestration/wake_up'
require_relative 'orchestration/run'
require_relative 'orchestration/prediction'
require_relative 'orchestration/step_creation'
require_relative 'orchestration/task_creation'
require_relative 'orchestration/hooks'

module TaskerCore
  module Delegation
    # Moves the loop that runs a task into the core. The engine's coordinator,
    # executor and finalizer go on as they are, with all their events and logs; what
    # they ask the database for on every turn (the sequence, the viable steps, the
    # states, whether the task is blocked) a Run answers from its session, and what
    # they write for a step is one claim and one completion.
    #
    # Only the engine's own coordinator, executor and re-enqueuer are delegated to:
    # an application that brings its own keeps the engine's path.
    module Orchestration
      CAPABILITY = :orchestration

      class << self
        # @return [void]
        def apply
          Hooks::TARGETS.each do |hook, names|
            names.each do |name|
              target = Object.const_get(name)
              (hook.on_class? ? target.singleton_class : target).prepend(hook)
            end
          end
        end

        # @return [Boolean] whether runs are the core's
        def active? = TaskerCore.configuration.orchestration == :active
      end
    end
  end
end
