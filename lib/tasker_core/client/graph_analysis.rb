# frozen_string_literal: true

require_relative '../native/table'

# Analyses dependency graphs.
module TaskerCore
  # The client's operation that analyses a task's graph.
  module GraphAnalysis
    # Analyses a task's graph. The answer has the keys and numbers of the engine's
    # RuntimeGraphAnalyzer#analyze: :dependency_graph, :critical_paths, :parallelism_opportunities,
    # :error_chains, :bottlenecks, :generated_at (database time) and :task_id. Paths are not
    # enumerated, so the time does not grow with their number. Nothing is cached. Steps, edges and
    # entries with equal scores are ordered by id.
    #
    # @param task_id [Integer]
    # @param weights [Hash, nil] :impact_multipliers, :severity_multipliers, :penalty_constants,
    #   :severity_thresholds, :duration_estimates, as in the engine's config.dependency_graph.
    #   Missing weights have the engine's default. nil takes the engine's configuration if the
    #   engine is loaded.
    # @return [Hash{Symbol => Object}, nil] nil for an unknown task
    # @raise [CycleError] if the dependencies form a cycle
    # @raise [InvalidArgument] if a weight is unknown or not a number
    def analyze_graph(task_id, weights: nil)
      arguments = { 'task_id' => id(task_id), 'function_version' => readiness_version,
                    'weights' => Weights.given(weights) }
      found = @core.call_for_symbols('analyze_graph', arguments, @host)
      found && Form.runtime(found)
    end

    # The engine's config.dependency_graph.
    #
    # @api private
    module Weights
      GROUPS = %i[impact_multipliers severity_multipliers penalty_constants severity_thresholds
                  duration_estimates].freeze

      module_function

      def given(weights) = weights.nil? ? configured : weights

      def configured
        return unless defined?(::Tasker) && ::Tasker.respond_to?(:configuration)

        engine = ::Tasker.configuration
        return unless engine.respond_to?(:dependency_graph)

        GROUPS.to_h { |group| [group, engine.dependency_graph.public_send(group)] }
      end
    end
    private_constant :Weights

    # Converts the decoded answer to the engine's form.
    #
    # @api private
    module Form
      module_function

      def runtime(analysis)
        paths, chains = analysis.values_at(:critical_paths, :error_chains)
        paths[:total_paths] = Integer(paths[:total_paths])
        paths[:paths].each { |path| decimal(path, :criticality_score) }
        decimal(analysis[:parallelism_opportunities], :overall_completion)
        decimal(analysis[:bottlenecks], :task_completion)
        chains[:error_chains].each { |chain| time(chain[:retry_analysis], :next_retry_at) }
        chains[:most_critical_error] = chains[:error_chains].first
        time(analysis, :generated_at)
        analysis
      end

      def decimal(hash, key)
        hash[key] = BigDecimal(hash[key]) if hash[key]
      end

      def time(hash, key)
        hash[key] = Table::WallClock.time(hash[key]) if hash[key]
      end
    end
    private_constant :Form
  end

  # Analyses the steps of a task handler without a database.
  #
  # @api private
  module TemplateAnalysis
    module_function

    # @see TaskerCore.analyze_templates
    def call(templates)
      steps = templates.map { |template| step(template) }
      found = Core.current.call('analyze_templates', 'steps' => steps)
      { nodes: templates.zip(steps).map { |template, step| node(template, *step) },
        edges: templates.zip(steps).flat_map { |template, step| edges(template, *step) },
        **found.transform_keys(&:to_sym), summary: found['summary'].transform_keys(&:to_sym) }
    end

    def step(template)
      return [template.name.to_s, template.all_dependencies.map(&:to_s)] if template.respond_to?(:all_dependencies)

      name, *dependencies = template
      [name.to_s, dependencies.flatten.compact.map(&:to_s)]
    end

    def node(template, name, dependencies)
      known = { name:, dependencies:, dependency_count: dependencies.size }
      return known unless template.respond_to?(:handler_class)

      { name:, description: template.description, handler_class: template.handler_class.name, **known.except(:name) }
    end

    def edges(template, name, dependencies)
      single = template.respond_to?(:depends_on_step) && template.depends_on_step
      dependencies.map { |from| { from:, to: name, type: single == from ? 'single' : 'multiple' } }
    end
  end
  private_constant :TemplateAnalysis

  class << self
    # Analyses the steps of a task handler as the engine's TemplateGraphAnalyzer#analyze does. The
    # answer has :nodes, :edges, :topology, :cycles, :levels, :roots, :leaves and :summary. It needs
    # no database.
    #
    #   TaskerCore.analyze_templates([['fetch', []], ['store', ['fetch']]])[:levels]
    #   # => { 'fetch' => 0, 'store' => 1 }
    #
    # @param templates [Array<Tasker::Types::StepTemplate, Array(String, Array<String>)>] a
    #   handler's step_templates, or for each step its name and the names of its parents
    # @return [Hash{Symbol => Object}]
    # @raise [InvalidArgument] if a step depends on an unknown step
    # @raise [Unavailable] if this process has no native library
    def analyze_templates(templates) = TemplateAnalysis.call(templates.to_a)
  end
end
