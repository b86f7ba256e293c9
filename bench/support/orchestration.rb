# frozen_string_literal: true

require_relative 'report'

# What the benchmark of the loop runs and counts.
module OrchestrationBench
  # Workflows of steps that do nothing, by name.
  module Workflows
    SIZES = { 'line10' => 10, 'line50' => 50, 'line100' => 100, 'line200' => 200, 'line1000' => 1000,
              'fan' => 30, 'wide100' => 100 }.freeze

    class << self
      # Defines the handlers, once the engine is loaded.
      def define
        step = const_set(:Step, Class.new(Tasker::StepHandler::Base) do
          def process(_task, _sequence, step)
            Marks.handler_starts
            { 'name' => step.name }
          ensure
            Marks.handler_ends
          end
        end)
        SIZES.each_key { |name| handler(name, step) }
      end

      # @return [Tasker::Task] a new one
      def create(name)
        unique = SecureRandom.hex(8)
        request = Tasker::Types::TaskRequest.new(name:, context: { 'unique' => unique }, initiator: 'bench',
                                                 source_system: 'bench', reason: unique)
        Tasker::Task.find(Tasker::HandlerFactory.instance.get(name).initialize_task!(request).task_id)
      end

      # @return [Hash{String => Array<String>}] the parents of each step
      def graph(name)
        steps = Array.new(SIZES.fetch(name)) { |place| "step #{place + 1}" }
        case name
        when /\Aline/ then steps.each_with_index.to_h { |step, place| [step, place.zero? ? [] : [steps[place - 1]]] }
        when /\Awide/ then steps.to_h { |step| [step, []] }
        else
          first, *middle, last = steps
          { first => [], **middle.to_h { |step| [step, [first]] }, last => middle }
        end
      end

      private

      def handler(name, step)
        graph = graph(name)
        klass = const_set(name.capitalize, Class.new { include Tasker::TaskHandler })
        klass.define_step_templates do |templates|
          graph.each { |own, parents| templates.define(name: own, depends_on_steps: parents, handler_class: step) }
        end
        klass.register_handler(name)
      end
    end
  end

  # Where the time between two handlers goes: in PostgreSQL's client, in publishing,
  # and in all the rest. Off except while it is measured, in lines, where one thing
  # happens after the other.
  module Marks
    @handoffs = nil

    class << self
      # @yield a run of a line
      # @return [Array<Hash>] the hand-offs between its handlers, in milliseconds
      def during
        @handoffs = []
        @last = nil
        yield
        @handoffs
      ensure
        @handoffs = nil
      end

      def on? = !@handoffs.nil?

      def handler_starts
        return unless on? && @last

        whole = clock - @last
        @handoffs << { whole:, database: @database, publishing: @publishing, rest: whole - @database - @publishing }
      end

      def handler_ends
        return unless on?

        @database = @publishing = 0.0
        @inside = false
        @last = clock
      end

      def database(&) = add(:database, &)
      def publishing(&) = add(:publishing, &)

      private

      # Only the outermost counts: a query of a subscriber is publishing.
      def add(kind)
        return yield unless on? && @last && !@inside

        started = clock
        @inside = true
        yield
      ensure
        if started
          @inside = false
          kind == :database ? @database += clock - started : @publishing += clock - started
        end
      end

      def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_millisecond)
    end

    # Prepended to PG::Connection.
    module Database
      %i[exec_params exec_prepared async_exec exec query prepare].each do |name|
        define_method(name) { |*arguments, **options, &block| Marks.database { super(*arguments, **options, &block) } }
      end
    end

    # Prepended to the engine's EventPublisher: payloads, log lines and subscribers.
    module Publishing
      def self.prepended_to(publisher)
        names = publisher.instance_methods(false).grep(/\Apublish_/) + [:publish_event]
        names.each do |name|
          define_method(name) do |*arguments, **options, &block|
            Marks.publishing { super(*arguments, **options, &block) }
          end
        end
        publisher.prepend(self)
      end
    end
  end

  # Counts statements on all threads.
  class Statements
    Count = Struct.new(:data, :transactions, :all)

    # @return [Count] of the block
    def self.during
      seen = Queue.new
      listener = ActiveSupport::Notifications.subscribe('sql.active_record') do |*, payload|
        seen << payload[:sql] unless payload[:name] == 'SCHEMA' || payload[:cached]
      end
      yield
      sql = Array.new(seen.size) { seen.pop }
      data = sql.grep_v(/\A(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)/)
      Count.new(data.size, sql.grep(/\ABEGIN/).size, sql.size)
    ensure
      ActiveSupport::Notifications.unsubscribe(listener)
    end
  end

  # The engine with its sequence loaded in one query: the obvious repair in Ruby, so
  # that nobody takes a missing preload for the core's merit. Our own code.
  module OneQuerySequence
    class << self
      attr_accessor :on
    end

    def get_sequence(task, task_handler)
      return super unless OneQuerySequence.on

      steps = Tasker::WorkflowStep.where(task_id: task.task_id).eager_load(:named_step).index_by(&:name)
      sequence = steps.values_at(*task_handler.step_templates.map(&:name))
      return super if sequence.any?(&:nil?)

      sequence.each { |step| step.association(:task).target = task }
      hook = :establish_step_dependencies_and_defaults
      task_handler.public_send(hook, task, sequence) if task_handler.respond_to?(hook)
      Tasker::Types::StepSequence.new(steps: sequence)
    end
  end
end
