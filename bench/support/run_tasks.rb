# frozen_string_literal: true

# The process behind a Runner that runs tasks on the engine (or its stand-in), on the
# database of DATABASE_URL:
#
#   ruby run_tasks.rb engine|one_query|core LOGFILE
require 'json'
require_relative 'captured'
require_relative 'side'
require_relative '../../spec/support/counts'

# Answers for one side.
class RunTasks
  include OrchestrationBench

  def initialize(column, log)
    Side.boot(column, log:)
    ActiveJob::Base.queue_adapter = :test
    @greeting = { 'telemetry' => Side.telemetry?, 'round_trip_ms' => round_trip }
  end

  attr_reader :greeting

  # Answers until the questions end.
  def serve(questions, answers)
    answers.puts(JSON.generate(value: greeting))
    questions.each_line do |line|
      question = JSON.parse(line, symbolize_names: true)
      answers.puts(JSON.generate(reply(question)))
    end
  end

  private

  CALLS = %i[run create many resident count handoffs repeat limit].freeze

  def reply(question)
    call = question.fetch(:call).to_sym
    raise ArgumentError, "there is no call #{call}" unless CALLS.include?(call)

    { value: send(call, **question.fetch(:arguments)) }
  rescue StandardError => e
    { error: "#{e.message} (#{e.class}, #{e.backtrace.first})" }
  end

  # @return [Float] what SELECT 1 takes, in milliseconds: the median
  def round_trip
    connection = Tasker::ApplicationRecord.connection
    median(Array.new(200) { milliseconds { connection.select_value('SELECT 1') } }.drop(50))
  end

  # @param telemetry [Boolean] whether the engine's OpenTelemetry subscriber listens
  # @param application [Boolean] whether the application has a subscriber on every event
  # @param level [String] of Rails.logger
  # @param pause [Numeric] milliseconds that each handler takes
  def set(telemetry: false, application: false, level: 'fatal', pause: 0)
    Rails.logger.level = level
    Workflows.pause = pause / 1000.0
    Listeners.set(telemetry:, application:) if TaskerEngine.here?
  end

  # A run, without creating its task.
  #
  # @param task [Integer, nil] the task to run, where it was created before
  # @return [Float] milliseconds
  def run(workflow:, task: nil, **circumstance)
    set(**circumstance)
    task, work = prepared(workflow, task)
    milliseconds(&work).tap { complete!(task) }
  end

  # @return [Float] megabytes that this process has in memory
  def resident
    GC.start
    File.read('/proc/self/status')[/^VmRSS:\s+(\d+)/, 1].to_i / 1024.0
  end

  # @return [Array<Integer>] the ids of new tasks
  def create(workflow:, count:) = Array.new(count) { Workflows.create(workflow).task_id }

  # Runs tasks one after the other.
  #
  # @return [Float] seconds of processor time that this process spent
  def many(workflow:, tasks:, **circumstance)
    set(**circumstance)
    handler = Workflows.handler(workflow)
    before = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
    tasks.each { |id| handler.handle(Tasker::Task.find(id)) }
    Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - before
  end

  # @param ruby [Boolean] whether calls and objects are counted too
  # @return [Hash] what a run makes
  def count(workflow:, telemetry: false, ruby: false)
    set(telemetry:)
    works = Array.new(4) { prepared(workflow).last }
    works.pop.call
    counted = statements(&works.pop)
    ruby ? { **counted, calls: Counts.calls(&works.pop), objects: Counts.objects(&works.pop) } : counted
  end

  # @return [Hash{Symbol => Integer}] data statements, transactions, and all statements with
  #   BEGIN and COMMIT
  def statements(&)
    sql = Counts.sql(&)
    { data: sql.grep_v(Counts::BORDERS).size, transactions: sql.grep(/\ABEGIN/).size, statements: sql.size }
  end

  # @return [Array<Hash>] the hand-offs of runs of a line, in milliseconds
  def handoffs(workflow:, runs:)
    before = count(workflow:)
    Marks.install
    raise 'with the marks a run has other statements' unless count(workflow:).values_at(:data, :statements) ==
                                                             before.values_at(:data, :statements)

    Array.new(runs) { Marks.during(&prepared(workflow).last) }.flatten
  end

  # Asks an open session what is ready, as the loop does, again and again.
  #
  # @param counts [Array<Integer>] how often, the least first
  # @return [Array<Float>] megabytes in memory after as many operations
  def repeat(workflow:, counts:)
    task, = prepared(workflow)
    TaskerCore.on(Tasker::ApplicationRecord.connection).open_session(task.task_id) do |session|
      [0, *counts].each_cons(2).map do |before, count|
        (count - before).times { session.next }
        resident
      end
    end
  end

  # The steps' statements of a run of a line, through the pg gem alone.
  #
  # @return [Float] milliseconds
  def limit(workflow:)
    @limit ||= Captured::Replay.new(PG.connect(ENV.fetch('DATABASE_URL')), Captured.by(&prepared(workflow).last))
    task, = prepared(workflow)
    ids = task.workflow_steps.order(:workflow_step_id).ids
    milliseconds { @limit.line(ids) }
  end

  # @return [Array(Tasker::Task, Proc)] a task, a new one unless it is said which, and what runs it
  def prepared(workflow, id = nil)
    task = id ? Tasker::Task.find(id) : Workflows.create(workflow)
    handler = Workflows.handler(workflow)
    [task, -> { handler.handle(task) }]
  end

  def complete!(task)
    state = Tasker::Task.find(task.task_id).status
    raise "task #{task.task_id} ended as #{state}" unless state == 'complete'
  end

  def milliseconds
    started = Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_millisecond)
    yield
    Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_millisecond) - started
  end

  def median(values) = values.sort[values.size / 2]
end

# What is printed by others must not be taken for an answer.
answers = $stdout.dup.tap { |io| io.sync = true }
$stdout.reopen($stderr)
RunTasks.new(*ARGV).serve($stdin, answers)
