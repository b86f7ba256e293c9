# frozen_string_literal: true

require 'securerandom'
require_relative 'marks'

module OrchestrationBench
  # Workflows of steps that do nothing, by name. Lines of any length are defined when they are
  # asked for.
  module Workflows
    SIZES = { 'line4' => 4, 'line10' => 10, 'line50' => 50, 'line100' => 100, 'line200' => 200, 'line1000' => 1000,
              'fan' => 30, 'small_fan' => 6, 'fan1000' => 1002, 'layers' => 20, 'wide100' => 100,
              'paused10' => 10 }.freeze
    # Steps of a layer, of which each has two parents in the one above.
    WIDTH = 5

    @pause = 0

    class << self
      # @return [Float] seconds that a handler of a paused workflow takes
      attr_accessor :pause

      # Defines the handlers, once the engine is loaded.
      def define
        const_set(:Step, Class.new(Tasker::StepHandler::Base) do
          def process(_task, _sequence, _step)
            Marks.handler_starts
            { 'ok' => true }
          ensure
            Marks.handler_ends
          end
        end)
        SIZES.each_key { |name| define_handler(name) }
      end

      # @return [Integer] how many steps it has
      def size(name) = SIZES.fetch(name) { Integer(name.delete_prefix('line')) }

      # @return [Tasker::TaskHandler]
      def handler(name)
        define_handler(name) unless const_defined?(name.camelize)
        Tasker::HandlerFactory.instance.get(name)
      end

      # @return [Tasker::Task] a new one
      def create(name)
        unique = SecureRandom.hex(8)
        request = Tasker::Types::TaskRequest.new(name:, context: { 'unique' => unique }, initiator: 'bench',
                                                 source_system: 'bench', reason: unique)
        Tasker::Task.find(handler(name).initialize_task!(request).task_id)
      end

      # @return [Hash{String => Array<String>}] the parents of each step
      def graph(name)
        steps = Array.new(size(name)) { |place| "step #{place + 1}" }
        parents = method(name[/\A[a-z_]+/])
        steps.each_with_index.to_h { |step, place| [step, parents.call(steps, place)] }
      end

      private

      def paused_step
        @paused_step ||= const_set(:PausedStep, Class.new(Tasker::StepHandler::Base) do
          def process(_task, _sequence, _step)
            sleep(Workflows.pause)
            { 'ok' => true }
          end
        end)
      end

      def line(steps, place) = place.zero? ? [] : [steps[place - 1]]
      def wide(_steps, _place) = []

      def fan(steps, place)
        return steps[1...-1] if place == steps.size - 1

        place.zero? ? [] : [steps.first]
      end
      alias small_fan fan
      alias paused line

      def layers(steps, place)
        above = place - WIDTH - (place % WIDTH)
        above.negative? ? [] : [place, place + 1].map { |one| steps[above + (one % WIDTH)] }
      end

      def define_handler(name)
        step = name.start_with?('paused') ? paused_step : self::Step
        graph = graph(name)
        klass = const_set(name.camelize, Class.new { include Tasker::TaskHandler })
        klass.define_step_templates do |templates|
          graph.each { |own, parents| templates.define(name: own, depends_on_steps: parents, handler_class: step) }
        end
        klass.register_handler(name)
      end
    end
  end
end
