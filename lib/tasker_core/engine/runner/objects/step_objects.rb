# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The steps of a run's task: the rows that the run has read, and the Active Record objects
      # that handlers get. Each step is executed on its own object. The other steps of the sequence
      # are read on first use.
      class StepObjects
        # @param task [Tasker::Task]
        # @param templates [Array<Tasker::Types::StepTemplate>]
        def initialize(task, templates)
          @task = task
          @templates = templates
          @mutex = Mutex.new
        end

        # Reads the rows of all steps and their names.
        #
        # @param edges [Array<Array(Integer, Integer)>] parent and child
        # @return [void]
        def read(edges)
          @rows = rows
          @fresh = nil
          read_names
          @parents = edges.group_by(&:last).transform_values { |pairs| pairs.map(&:first) }
          @edges = edges.to_set
          @processed_at = @rows.transform_values { |row| row['processed_at'] }
        end

        # @return [Array<Symbol>] the names of a step's associations
        def associations = @associations ||= ::Tasker::WorkflowStep.reflect_on_all_associations.map(&:name)

        # @return [Integer] the number of steps in the sequence
        def size = @templates.size

        # @return [Boolean] whether every template has its step and every dependency its edge
        def complete?
          @templates.all? do |template|
            ids.key?(template.name) && template.all_dependencies.all? do |name|
              @edges.include?([ids[name], ids[template.name]])
            end
          end
        end

        # @return [Hash{String => Integer}] step ids by name; if two steps have the same name, the
        #   first counts, as in the engine
        attr_reader :ids

        # @return [Array<Integer>] the steps of the templates, in their order
        def sequence_ids = @templates.map { |template| ids.fetch(template.name) }

        # @param id [Integer]
        # @return [String, nil] nil if the step did not exist when the steps were read
        def name(id) = @names[id]

        # @param id [Integer]
        # @return [Array<String>] the names of its parents
        def parent_names(id) = @parents.fetch(id, []).map { |parent| name(parent) || stranger(parent) }

        # An object on which a step is executed. The row that the run has read is used once; a
        # second execution reads the row again.
        #
        # @param id [Integer]
        # @return [Tasker::WorkflowStep]
        def executable(id)
          row = @mutex.synchronize { (@fresh ||= @rows.dup).delete(id) }
          known(row ? ::Tasker::WorkflowStep.instantiate(row) : DatabaseRetry.read { ::Tasker::WorkflowStep.find(id) })
        end

        # Reads the row of an object again after another process has changed it.
        #
        # @param step [Tasker::WorkflowStep]
        # @return [void]
        def reload(step)
          DatabaseRetry.read { step.reload }
          known(step)
        end

        # Records that other processes have changed rows.
        #
        # @param changed [Array<Integer>]
        # @return [void]
        def changed(changed)
          return if changed.empty?

          found = rows.slice(*changed)
          @mutex.synchronize do
            @rows.update(found)
            @fresh&.update(found)
            found.each { |id, row| @processed_at[id] = row['processed_at'] }
          end
        end

        # @param id [Integer]
        # @param time [Time, nil] when the step was completed
        def processed(id, time) = @processed_at[id] = time

        # @param done [Array<Integer>]
        # @return [ActiveSupport::TimeWithZone, nil] when the last of these was completed
        def latest_completion(done)
          latest = @processed_at.values_at(*done).compact.max
          ::Tasker::WorkflowStep.type_for_attribute(:processed_at).deserialize(latest)
        end

        # @return [Hash{Integer => Hash}] the current rows of all steps by id
        def rows
          found = DatabaseRetry.read { select(::Tasker::WorkflowStep, 'WHERE task_id = $1 ORDER BY workflow_step_id') }
          found.to_h { |row| [row['workflow_step_id'], row] }
        end

        # The steps that a handler sees, in the order of the templates.
        #
        # @param found [Hash{Integer => Hash}] their rows
        # @return [Array<Tasker::WorkflowStep>]
        def sequence_steps(found = rows)
          sequence_ids.filter_map do |id|
            known(::Tasker::WorkflowStep.instantiate(found[id]), task: false) if found[id]
          end
        end

        private

        def read_names
          @named_steps = named_steps
          @names = @rows.transform_values { |row| @named_steps[row['named_step_id']]&.name }
          @ids = @names.keys.sort.reverse.to_h { |id| [@names[id], id] }
        end

        def known(step, task: true)
          name = @named_steps[step.named_step_id]
          step.association(:named_step).target = name if name
          step.association(:task).target = @task if task
          step
        end

        def named_steps
          select(::Tasker::NamedStep, 'WHERE named_step_id IN (SELECT named_step_id FROM tasker_workflow_steps ' \
                                      'WHERE task_id = $1)')
            .to_h { |row| [row['named_step_id'], ::Tasker::NamedStep.instantiate(row)] }
        end

        # Uses a constant SQL text, because building a relation costs more than its statement.
        def select(model, condition)
          model.uncached do
            model.connection.select_all("SELECT * FROM #{model.quoted_table_name} #{condition}", "#{model.name} Load",
                                        [@task.task_id])
          end
        end

        # A parent in another task.
        def stranger(id) = ::Tasker::WorkflowStep.find(id).name
      end
    end
  end
end
