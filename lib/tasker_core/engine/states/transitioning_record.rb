# frozen_string_literal: true

module TaskerCore
  module Engine
    module States
      # The record whose transition callbacks run on this thread. To publish the event, the engine
      # reads the step again, then its task, then its name, with one query each. Here one query
      # reads step and task, and a named step that the record has loaded is shared.
      module TransitioningRecord
        KEY = :tasker_core_moved
        private_constant :KEY

        class << self
          # @param object [Tasker::Task, Tasker::WorkflowStep]
          # @yieldreturn [Object] the value of the callbacks
          def with(object)
            outer = Thread.current[KEY]
            Thread.current[KEY] = object
            yield
          ensure
            Thread.current[KEY] = outer
          end

          # @param id [Integer] the id of a step
          # @return [Tasker::WorkflowStep, nil] the current row with its task; nil if callbacks run
          #   for another record, or if the models have default scopes
          def step(id)
            object = Thread.current[KEY]
            return unless object.instance_of?(::Tasker::WorkflowStep) && object.id == id && plain?

            row = read(id)
            row && made(object, row)
          end

          private

          # A default scope is the application's, and only Active Record applies it.
          def plain? = [::Tasker::WorkflowStep, ::Tasker::Task].all? { |model| model.default_scopes.empty? }

          def read(id)
            connection = ::Tasker::WorkflowStep.connection
            HostConnection.new(connection).rows('moved_step', statement(connection), [id.to_s]).first
          end

          def statement(connection)
            steps, tasks = [::Tasker::WorkflowStep, ::Tasker::Task].map(&:quoted_table_name)
            columns = [[::Tasker::WorkflowStep, 'step'], [::Tasker::Task, 'task']].flat_map do |model, name|
              model.column_names.map { |column| "#{name}.#{connection.quote_column_name(column)}" }
            end
            "SELECT #{columns.join(', ')} FROM #{steps} step JOIN #{tasks} task ON task.task_id = step.task_id " \
              'WHERE step.workflow_step_id = $1::bigint'
          end

          def made(object, row)
            own = ::Tasker::WorkflowStep.column_names
            step = ::Tasker::WorkflowStep.instantiate(own.zip(row).to_h)
            step.association(:task).target =
              ::Tasker::Task.instantiate(::Tasker::Task.column_names.zip(row.drop(own.size)).to_h)
            share_name(object.association(:named_step), step)
            step
          end

          def share_name(loaded, step)
            return unless loaded.loaded? && (named = loaded.target) && named.id == step.named_step_id

            step.association(:named_step).target = named unless named.has_changes_to_save?
          end
        end

        # Prepended to StepStateMachine's class.
        module EventStep
          # @return [Tasker::WorkflowStep, nil]
          def extract_step_from_context(context) = TransitioningRecord.step(context[:step_id]) || super
        end
      end
    end
  end
end
