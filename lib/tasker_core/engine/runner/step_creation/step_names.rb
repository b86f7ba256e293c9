# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      class StepCreation
        # The named steps of a task's templates, their associations with the named task, and the
        # steps that the task has already. If all names exist, this takes one statement. Missing
        # names are created, even if another process creates them at the same time.
        class StepNames
          # @!attribute [r] named_step
          #   @return [Tasker::NamedStep]
          # @!attribute [r] system
          #   @return [String] the name of its dependent system
          # @!attribute [r] associated
          #   @return [Boolean] whether the named task has it
          # @!attribute [r] step_id
          #   @return [Integer, nil] the task's step
          Found = Struct.new(:named_step, :system, :associated, :step_id)

          # @param task [Tasker::Task]
          # @param templates [Array<Tasker::Types::StepTemplate>]
          def initialize(task, templates)
            @task = task
            @systems = templates.to_h { |template| [template.name, template.dependent_system] }
            @templates = templates
            read
            complete unless missing.empty?
            associate
          end

          # @return [Boolean] whether every template has its named step, and the task has no step of
          #   the same name for another system, which the engine refuses
          def usable?
            missing.empty? && @found.none? { |found| found.step_id && !own?(found) }
          end

          # @param name [String] the name of a template
          # @return [Tasker::NamedStep]
          def named_step(name) = @named_steps.fetch(name)

          # @return [Hash{String => Integer}] the steps that the task has, by name
          def step_ids
            with_step = @found.select { |found| found.step_id && own?(found) }.sort_by { |found| -found.step_id }
            with_step.to_h { |found| [found.named_step.name, found.step_id] }
          end

          private

          def own?(found) = @systems[found.named_step.name] == found.system

          def missing = @systems.keys - @named_steps.keys

          def read
            model = ::Tasker::NamedStep
            rows = model.connection.select_all(Query.new(@task, @systems).relation, "#{model.name} Load")
            @found = rows.map do |row|
              Found.new(model.instantiate(row.slice(*model.column_names)),
                        row['found_system'], !row['found_association'].nil?, row['found_step'])
            end
            @named_steps = @found.select { |found| own?(found) }.map(&:named_step).index_by(&:name)
          end

          # Inserts in the order of the names, as every process does, so that two processes that
          # create the same names cannot deadlock.
          def complete
            names = missing.sort
            ids = system_ids(@systems.values_at(*names).uniq.sort)
            rows = names.map { |name| { name:, dependent_system_id: ids.fetch(@systems[name]) } }
            Bulk.insert_missing(::Tasker::NamedStep, rows)
            read
          end

          def system_ids(names)
            known = -> { ::Tasker::DependentSystem.where(name: names).pluck(:name, :dependent_system_id).to_h }
            ids = known.call
            return ids if ids.size == names.size

            Bulk.insert_missing(::Tasker::DependentSystem, (names - ids.keys).map { |name| { name: } })
            known.call
          end

          # A name that the named task has, even if for another system, stays as it is.
          def associate
            known = @found.select(&:associated).to_set { |found| found.named_step.name }
            rows = @templates.reject { |template| known.include?(template.name) || !@named_steps.key?(template.name) }
                             .sort_by { |template| @named_steps[template.name].named_step_id }
            Bulk.insert_missing(::Tasker::NamedTasksNamedStep, rows.map { |template| association(template) })
          end

          def association(template)
            { named_task_id: @task.named_task_id, named_step_id: @named_steps[template.name].named_step_id,
              default_retry_limit: template.default_retry_limit, default_retryable: template.default_retryable,
              skippable: template.skippable }
          end

          # The SQL query.
          class Query
            def initialize(task, systems)
              @task = task
              @wanted = systems
              @names = ::Tasker::NamedStep.arel_table
              @systems = ::Tasker::DependentSystem.arel_table
              @associations = ::Tasker::NamedTasksNamedStep.arel_table
              @steps = ::Tasker::WorkflowStep.arel_table
            end

            # @return [ActiveRecord::Relation]
            def relation
              ::Tasker::NamedStep
                .joins(:dependent_system).joins(outer(@associations, :named_task_id), outer(@steps, :task_id))
                .where(name: @wanted.keys).where(of_interest)
                .select(@names[Arel.star], @systems[:name].as('found_system'),
                        @associations[:id].as('found_association'), @steps[:workflow_step_id].as('found_step'))
            end

            private

            def of_interest
              @systems[:name].in(@wanted.values.uniq)
                             .or(@associations[:id].not_eq(nil)).or(@steps[:workflow_step_id].not_eq(nil))
            end

            # The rows of this task, or of its named task, that refer to a named step.
            def outer(table, key)
              condition = table[:named_step_id].eq(@names[:named_step_id]).and(table[key].eq(@task.public_send(key)))
              Arel::Nodes::OuterJoin.new(table, Arel::Nodes::On.new(condition))
            end
          end
        end
      end
    end
  end
end
