# frozen_string_literal: true

module Soak
  # The workflows of a seed, the same in every process, and what the steps of one task
  # are to do, which goes with the task's context.
  class Plan
    COUNT = 10
    SHAPES = %i[line fan diamond random].freeze
    RETRY_LIMIT = 12

    # How a step fails that succeeds in the end.
    FLAWS = %w[error retryable no_standard_error exit].freeze

    # @!attribute [r] graph
    #   @return [Hash{String => Array<String>}] parents by step
    # @!attribute [r] external
    #   @return [Array<String>] the steps that the worker in Python executes
    Workflow = Struct.new(:name, :graph, :external)

    # @return [Array<Workflow>]
    attr_reader :workflows

    # @param seed [Integer]
    # @param python [Boolean] whether there is a worker for external steps
    def initialize(seed, python: ENV['SOAK_PYTHON'] != 'none')
      random = Random.new(seed)
      @workflows = Array.new(COUNT) do |number|
        shape = SHAPES[number % SHAPES.size]
        graph = send(shape, Array.new(random.rand(3..8)) { |place| "s#{place}" }, random)
        external = graph.keys.select { random.rand < 0.3 }
        Workflow.new("soak_#{number}_#{shape}", graph, python ? external : [])
      end
    end

    # @return [Hash{String => Array<String>}] the external steps of each workflow
    def external = workflows.to_h { |workflow| [workflow.name, workflow.external] }

    # @param random [Random]
    # @return [Hash{String => Hash}] by step: how it ends, how often it fails before, how
    #   many milliseconds it takes
    def script(workflow, random)
      hopeless = random.rand < 0.1 ? workflow.graph.keys.sample(random:) : nil
      workflow.graph.keys.to_h do |step|
        fails = random.rand < 0.15 ? random.rand(1..2) : 0
        ending = step == hopeless ? 'permanent' : 'success'
        [step, { 'end' => ending, 'fails' => fails, 'flaw' => FLAWS.sample(random:), 'ms' => random.rand(1..60) }]
      end
    end

    private

    def line(steps, _random) = steps.each_with_index.to_h { |step, at| [step, at.zero? ? [] : [steps[at - 1]]] }

    def fan(steps, _random) = steps.to_h { |step| [step, step == steps.first ? [] : [steps.first]] }

    def diamond(steps, random)
      fan(steps, random).merge(steps.last => steps[1...-1])
    end

    def random(steps, random)
      steps.each_with_index.to_h { |step, at| [step, steps.first(at).select { random.rand < 0.4 }] }
    end
  end
end
