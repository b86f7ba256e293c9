# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      class StepCreation
        # The dependencies of a task's templates that have no edge between their steps.
        class Edges
          # @param templates [Array<Tasker::Types::StepTemplate>]
          # @param found [Hash{String => Tasker::WorkflowStep}] the existing steps
          def initialize(templates, found)
            @new = found.empty?
            pairs = templates.flat_map { |template| template.all_dependencies.map { |parent| [parent, template.name] } }
            @missing = @new ? pairs : pairs - known(found)
          end

          # @return [Boolean] whether none is missing
          def complete? = @missing.empty?

          # The templates have no cycle between new steps. An edge to an existing step goes through
          # the engine's own check.
          #
          # @param steps [Hash{String => Tasker::WorkflowStep}] all steps
          # @return [void]
          def create(steps)
            pairs = @missing.map { |pair| steps.values_at(*pair) }
            return Bulk.insert!(::Tasker::WorkflowStepEdge, rows(pairs)) if @new

            pairs.each { |parent, child| parent.add_provides_edge!(child) }
          end

          private

          def known(found)
            names = found.to_h { |name, step| [step.workflow_step_id, name] }
            ::Tasker::WorkflowStepEdge.where(to_step_id: names.keys).pluck(:from_step_id, :to_step_id)
                                      .map { |ids| names.values_at(*ids) }
          end

          def rows(pairs)
            pairs.map do |parent, child|
              { from_step_id: parent.workflow_step_id, to_step_id: child.workflow_step_id,
                name: ::Tasker::WorkflowStep::PROVIDES_EDGE_NAME }
            end
          end
        end
      end
    end
  end
end
