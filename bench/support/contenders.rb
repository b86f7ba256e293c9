# frozen_string_literal: true

require_relative 'peer'
require_relative 'sides'

# Who runs the same lines beside the engine and the core: DBOS for Python, and a worker in
# Python on the core. Each has a database of its own on the same server.
module Contenders
  DBOS = 'DBOS for Python'
  WORKER = 'core, worker in Python'
  PYTHON = File.expand_path('../../tmp/python/bin/python', __dir__)
  PROGRAM = File.expand_path('python_side.py', __dir__)

  module_function

  # @param wanted [Boolean] whether there is something to compare them with
  # @yieldparam runners [Hash{String => Runner}] those that can run here, stopped after the block
  def open(wanted)
    runners = wanted ? { DBOS => dbos, WORKER => worker }.compact : {}
    runners.each_value { |runner| Sides.warm_up({ runner.name => runner }, 'line10') }
    yield runners
  ensure
    runners&.each_value(&:stop)
  end

  # @return [Runner, nil]
  def dbos = start(DBOS, Peer.missing) { Peer.start(World.another_database('peer')) }

  # @return [Runner, nil]
  def worker
    missing = "the wheel is not in #{PYTHON}" unless File.executable?(PYTHON)
    start(WORKER, missing) { Runner.new(WORKER, [PYTHON, PROGRAM, World.another_database('python')]) }
  end

  def start(name, missing)
    return puts("#{name} is not measured: #{missing}") if missing

    yield.tap { |runner| puts "#{name} #{runner.greeting['version']} has a database of its own on the same server." }
  rescue Runner::Failed => e
    puts "#{name} is not measured: #{e.message}"
  end
  private_class_method :start

  # What is said of the engine's OpenTelemetry subscriber.
  def telemetry(sides)
    return 'without the engine there is no subscriber of its.' unless World.engine?
    return 'OpenTelemetry is set up, its spans are batched and thrown away.' if sides.values.last.greeting['telemetry']

    'the gem opentelemetry-sdk is not here, so the engine attaches no subscriber.'
  end
end
