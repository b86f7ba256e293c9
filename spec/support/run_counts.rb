# frozen_string_literal: true

require_relative 'counts'

# What a further step of a line costs a run, and what its start and end do, as counts that do
# not depend on the machine: Ruby's calls in all threads, objects and statements. On the
# stand-in and on the real engine alike.
module RunCounts
  SHORT = 10
  LONG = 40
  RUNS = 3
  NAME = 'counted'

  # Does nothing.
  class Step < Tasker::StepHandler::Base
    def process(_task, _sequence, _step) = { ok: true }
  end

  class << self
    # Where nobody writes log lines.
    #
    # @return [Hash{Symbol => Float}] per further step :calls, :objects, :statements (with
    #   those of transactions), :transactions; and :start_end_calls, :start_end_statements
    def measure
      short, long = silently { [SHORT, LONG].map { |steps| of_line(steps) } }
      further = short.to_h { |what, count| [what, (long.fetch(what) - count) / (LONG - SHORT)] }
      further.merge(start_end_calls: short[:calls] - (SHORT * further[:calls]),
                    start_end_statements: short[:statements] - (SHORT * further[:statements]))
    end

    # Where nobody writes log lines.
    #
    # @param lengths [Array<Integer>]
    # @return [Hash{Symbol => Hash{Integer => Float}}] :calls, :objects and :statements of whole
    #   runs, by the steps of their lines
    def by_length(lengths)
      counted = silently { lengths.to_h { |steps| [steps, of_line(steps)] } }
      %i[calls objects statements].to_h { |what| [what, counted.transform_values { |counts| counts.fetch(what) }] }
    end

    # @param steps [Integer]
    # @return [Proc] a run of a new task, a line that has been run before
    def prepared(steps)
      name = define(steps)
      silently { average(name, 1) { |run| run.call.then { 0 } } }
      task = Scripted.create(name, {})
      -> { silently { Scripted.handler(task).handle(task) } }
    end

    private

    def silently
      level = Rails.logger.level
      Rails.logger.level = Logger::FATAL
      yield
    ensure
      Rails.logger.level = level
    end

    def of_line(steps)
      name = define(steps)
      2.times { average(name, 1) { |run| run.call.then { 0 } } }
      { calls: least(name) { |run| Counts.calls(&run) }, objects: least(name) { |run| Counts.objects(&run) },
        **statements(name) }
    end

    # Threads of the process that have nothing to do with the run add to its calls and objects.
    def least(name, &) = Array.new(2 * RUNS) { average(name, 1, &) }.min

    # A line of steps.
    def define(steps)
      name = "#{NAME}_#{steps}"
      return name if const_defined?(:"Line#{steps}")

      handler = const_set(:"Line#{steps}", Class.new { include Tasker::TaskHandler })
      handler.define_step_templates do |templates|
        steps.times do |n|
          templates.define(name: "s#{n}", depends_on_steps: n.zero? ? [] : ["s#{n - 1}"], handler_class: Step,
                           dependent_system: NAME, description: NAME)
        end
      end
      name.tap { Tasker::HandlerFactory.instance.register(name, handler) }
    end

    # The runs that are counted need nothing made any more.
    def average(name, runs = RUNS)
      tasks = Array.new(runs) { Scripted.create(name, {}) }
      made = tasks.map { |task| [Scripted.handler(task), task] }
      GC.start
      total = yield -> { made.each { |handler, task| handler.handle(task) } }
      raise 'a counted task is not complete' unless tasks.all? { |task| Tasker::Task.find(task.task_id).complete }

      total.fdiv(runs)
    end

    def statements(name)
      seen = []
      all = average(name) { |run| seen.concat(Counts.sql(&run)).size }
      { statements: all, transactions: seen.grep(Counts::BORDERS).size.fdiv(RUNS) }
    end
  end
end
