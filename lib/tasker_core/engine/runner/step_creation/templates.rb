# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      class StepCreation
        # Checks a task's templates before their steps are created in bulk.
        class Templates
          # @param templates [Array<Tasker::Types::StepTemplate>]
          def initialize(templates)
            @templates = templates
            @parents = templates.to_h { |template| [template.name, template.all_dependencies] }
          end

          # @return [Boolean] whether the engine would create a step for each: names are unique,
          #   parents are known, and there is no cycle
          def plain?
            @templates.any? && named? && @parents.size == @templates.size && known? && acyclic?
          end

          private

          def named?
            @templates.all? { |template| template.name.present? && template.dependent_system.present? }
          end

          def known? = @parents.each_value.all? { |names| names.all? { |name| @parents.key?(name) } }

          # Removes the steps without parents, one after the other.
          def acyclic?
            waiting = @parents.transform_values(&:size)
            free = waiting.filter_map { |name, count| name if count.zero? }
            taken = 0
            while (name = free.pop)
              taken += 1
              children.fetch(name, []).each { |child| free << child if (waiting[child] -= 1).zero? }
            end
            taken == @parents.size
          end

          def children
            @children ||= @parents.each_with_object({}) do |(child, names), found|
              names.each { |name| (found[name] ||= []) << child }
            end
          end
        end
      end
    end
  end
end
