# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # Creates the missing steps of a task in bulk. WorkflowStep.get_steps_for_task takes several
      # statements for each template (app/models/tasker/workflow_step.rb, named_step.rb,
      # named_tasks_named_step.rb, workflow_step_edge.rb). This class takes three for a new task of
      # any size, and a few more the first time that its templates are used.
      #
      # It leaves to the engine whatever the engine would refuse (a step with an unknown parent or
      # in a cycle, two templates of one name), and models that the application has changed.
      class StepCreation
        # @param task [Tasker::Task]
        # @param templates [Array<Tasker::Types::StepTemplate>]
        def initialize(task, templates)
          @task = task
          @templates = templates
        end

        # @return [Array<Tasker::WorkflowStep>, nil] the steps in the order of the templates; nil if
        #   the engine's own code has to run
        def call
          return unless @task.persisted? && Templates.new(@templates).plain? && PlainModels.all?

          ::Tasker::WorkflowStep.uncached do
            names = StepNames.new(@task, @templates)
            names.usable? ? steps(names) : nil
          end
        end

        private

        def steps(names)
          found = load(names.step_ids)
          complete(found, names)
          found.each { |name, step| step.association(:named_step).target = names.named_step(name) }
          @templates.map { |template| found.fetch(template.name) }
        end

        # Adds the missing steps and edges.
        def complete(found, names)
          missing = @templates.reject { |template| found.key?(template.name) }
          edges = Edges.new(@templates, found)
          return if missing.empty? && edges.complete?

          ::Tasker::WorkflowStep.transaction do
            found.merge!(create(missing, names)) unless missing.empty?
            edges.create(found)
          end
        end

        # @param ids [Hash{String => Integer}] by name
        def load(ids)
          return {} if ids.empty?

          by_id = ::Tasker::WorkflowStep.where(workflow_step_id: ids.values).index_by(&:workflow_step_id)
          ids.transform_values { |id| by_id.fetch(id) }
        end

        def create(templates, names)
          rows = templates.map do |template|
            { task_id: @task.task_id, named_step_id: names.named_step(template.name).named_step_id,
              retryable: template.default_retryable, retry_limit: template.default_retry_limit,
              skippable: template.skippable, in_process: false, inputs: @task.context, processed: false,
              attempts: 0, results: {} }
          end
          made = Bulk.create!(::Tasker::WorkflowStep, rows).index_by(&:named_step_id)
          templates.to_h { |template| [template.name, made.fetch(names.named_step(template.name).named_step_id)] }
        end

        # Inserts rows in one statement, as Active Record would save them one by one: with the
        # model's defaults, its types and the time of this process.
        module Bulk
          module_function

          # @param model [Class<ActiveRecord::Base>]
          # @param rows [Array<Hash{Symbol => Object}>]
          # @return [Array<ActiveRecord::Base>] as they are in the database
          def create!(model, rows)
            result = model.insert_all!(attributes(model, rows), returning: model.column_names)
            result.map { |row| model.instantiate(row) }
          end

          # @return [void]
          def insert!(model, rows)
            model.insert_all!(attributes(model, rows)) unless rows.empty?
          end

          # Skips rows that other processes have inserted already. It waits for those that are not
          # committed yet.
          #
          # @return [void]
          def insert_missing(model, rows)
            model.insert_all(attributes(model, rows)) unless rows.empty?
          end

          def attributes(model, rows)
            columns = model.columns.reject { |column| column.default_function || column.virtual? }.map(&:name)
            rows.map do |row|
              moment = Time.current
              model.new(created_at: moment, updated_at: moment, **row).attributes.slice(*columns)
            end
          end
        end
      end
    end
  end
end

require_relative 'step_creation/templates'
require_relative 'step_creation/step_names'
require_relative 'step_creation/edges'
require_relative 'step_creation/plain_models'
