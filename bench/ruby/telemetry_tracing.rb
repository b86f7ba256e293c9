# frozen_string_literal: true

# What tracing costs a run of ten steps in a line: on, with a receiver in a process of
# its own that decodes every span, and off. On and off run in turns, so that what else
# the machine does falls on both alike, and the median of the differences of pairs
# counts. Off is too little to be seen so: what it does in a run is counted, and each
# of these calls is measured by itself.
#
#   bin/postgres with ruby bench/ruby/telemetry_tracing.rb [--json] [--rounds=60]
require_relative '../support/report'
require_relative '../support/side'
require_relative '../../spec/support/otlp_receiver'

ROUNDS = Options.number('rounds', 60)

include OrchestrationBench # rubocop:disable Style/MixinUsage

# What a run calls of tracing where it is off, without its arguments.
HOOKS = { trace: [:trace, 'a run'], span: [:span, 'a span'], statement: [:statement, 'a statement'],
          inside: [:inside, nil] }.freeze

# Counts the calls of a run.
module CountedCalls
  @counts = Hash.new(0)

  class << self
    attr_reader :counts
  end

  HOOKS.each_key do |name|
    define_method(name) do |*arguments, &block|
      CountedCalls.counts[name] += 1
      super(*arguments, &block)
    end
  end
end

def prepare
  Side.load_stand_in(IO::NULL) unless World.engine?
  Rails.logger.level = :warn
  ActiveJob::Base.queue_adapter = :test
  ActiveJob::Base.logger = nil
  Workflows.define
  TaskerCore.configure do |config|
    TaskerCore::Configuration.switches.each { |name| config.public_send(:"#{name}=", :active) }
  end
end

def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_millisecond)
def processor = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID, :float_millisecond)
def objects = GC.stat(:total_allocated_objects)
def median(values) = values.sort[values.size / 2]

# The core stays the same; what is switched is what a run looks at.
def tracing(switch)
  TaskerCore::Tracing.apply(Struct.new(:tracing).new(switch))
end

# @return [Hash{Symbol => Float}] wall and processor time in milliseconds, and objects
def run(switch)
  tracing(switch)
  task = Workflows.create('line10')
  handler = Tasker::HandlerFactory.instance.get('line10')
  before = [clock, processor, objects]
  handler.handle(task)
  %i[wall processor objects].zip([clock, processor, objects].zip(before).map { |now, then_| now - then_ }).to_h
end

def pairs(rounds) = Array.new(rounds) { |round| (round.even? ? %i[off on] : %i[on off]).to_h { |s| [s, run(s)] } }

# What on costs more than off, in pairs.
#
# @return [Array(Float, Float)] medians of off, and of the differences
def difference(measured, kind)
  [median(measured.map { |pair| pair[:off][kind] }), median(measured.map { |pair| pair[:on][kind] - pair[:off][kind] })]
end

# @return [Float] milliseconds of a run that is not traced
def on
  puts '', "Tracing on, #{ROUNDS} pairs of a line of 10"
  measured = pairs(ROUNDS)
  (wall, more), (processor, more_processor), (_, made) =
    %i[wall processor objects].map { |kind| difference(measured, kind) }
  BenchReport.figure('a run, off', wall, 'ms')
  BenchReport.figure('on: more, median of pairs', more, 'ms')
  BenchReport.figure('on: more processor time', more_processor, 'ms')
  BenchReport.figure('on: more processor time, part of off', 100 * more_processor / processor, '%')
  BenchReport.figure('on: more objects', made)
  BenchReport.target('tracing on: a run of 10 steps', 100 * more / wall, at_most: 5.0, unit: '%')
  wall
end

# Nanoseconds and objects of one turn of a loop.
def turn(times = 200_000)
  1000.times { |_| yield }
  before = [clock, objects]
  times.times { |_| yield }
  [(clock - before[0]) * 1_000_000 / times, (objects - before[1]).to_f / times]
end

# The same of one call, less those of a method that only yields.
def alone(method, argument)
  empty = turn { nothing { nil } }
  turn { TaskerCore::Tracing.public_send(method, argument) { nil } }.zip(empty).map { |call, none| call - none }
end

def nothing = yield

# How often a run calls each of them.
def counted
  TaskerCore::Tracing.singleton_class.prepend(CountedCalls)
  run(:off)
  CountedCalls.counts
end

# What all calls of a run cost: nanoseconds and objects.
def all_calls
  tracing(:off)
  costs = HOOKS.to_h { |name, (method, argument)| [name, alone(method, argument)] }
  counted.map do |name, count|
    BenchReport.figure("#{name}: calls in a run", "#{count} x #{costs[name][0].round}", 'ns')
    costs[name].map { |cost| count * cost }
  end.transpose.map(&:sum)
end

def off(run_time)
  puts '', 'Tracing off'
  nanos, made = all_calls
  BenchReport.figure('all of them in a run', nanos / 1000, 'us')
  BenchReport.target('tracing off: calls in a run of 10 steps', nanos / 10_000 / run_time, at_most: 0.5, unit: '%')
  BenchReport.target('tracing off: objects in a run', made.round(2), at_most: 0.0, unit: '')
end

World.open do
  prepare
  receiver = OtlpReceiver.new
  TaskerCore.configure do |config|
    config.tracing = :on
    config.otlp_endpoint = receiver.url
  end
  pairs(4)
  off(on)
  ended, exported, dropped, failed, = TaskerCore::Core.current.flush(10)
  puts "  #{ended} spans ended, #{exported} exported, #{dropped} dropped, #{failed} failed"
ensure
  receiver&.stop
end
