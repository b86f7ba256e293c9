# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Shadow mode: the core tells which steps it would run next, the engine's own batch is
      # executed, and a difference is reported.
      module ShadowBatch
        OPERATION = 'WorkflowStep.get_viable_steps'
        private_constant :OPERATION

        class << self
          # @param task [Tasker::Task]
          # @param sequence [Tasker::Types::StepSequence]
          # @yieldreturn [ActiveRecord::Relation] the engine's own answer
          # @return [ActiveRecord::Relation] the same
          def check(task, sequence)
            viable = yield
            expected = Shadow.shielded(CAPABILITY, OPERATION) { predict(task, sequence) }
            return viable if expected.nil? || expected == ids(viable)

            # A backoff may have ended between the two answers, so a difference counts only if it is
            # still there when both are asked again.
            again = Shadow.shielded(CAPABILITY, OPERATION) { predict(task, sequence) }
            report(task, ids(viable), again) unless again.nil? || again == ids(viable)
            viable
          end

          private

          def predict(task, sequence)
            connection = ::Tasker::ApplicationRecord.connection
            arguments = { 'task_id' => task.task_id, 'function_version' => FunctionVersions.of(connection) }
            ready = Core.current.call('viable_steps', arguments, HostConnection.new(connection))
            ready & sequence.steps.map(&:workflow_step_id)
          end

          def ids(steps) = steps.map(&:workflow_step_id).sort

          def report(task, engine, core)
            Reporting.report(
              Report.new(kind: :difference, capability: CAPABILITY, operation: OPERATION,
                         details: { arguments: [task.task_id], difference: { engine:, core: } },
                         message: "Task #{task.task_id}: the engine runs steps #{engine.inspect} next, the core " \
                                  "would run #{core.inspect}. The engine's batch was executed.")
            )
          end
        end
      end
    end
  end
end
