# frozen_string_literal: true

# Counts what runs cost on the real engine, in a process of its own, whose subscribers and
# instrumentation are as its arguments say: engine's telemetry subscriber (telemetry), and
# OpenTelemetry's instrumentation of Active Record (instrumentation). Prints JSON: what a further
# step makes, with the argument growth what whole runs of lines make by their steps.
ENV['RAILS_ENV'] = 'test'

require_relative '../../../bin/lib/engine'
TaskerEngine.load
$LOAD_PATH.unshift File.expand_path('../../../lib', __dir__)
require 'json'
require 'tasker_core'

ENV['OTEL_TRACES_EXPORTER'] = 'none'
if ARGV.intersect?(%w[telemetry instrumentation])
  require 'opentelemetry/sdk'
  require 'opentelemetry-instrumentation-active_record' if ARGV.include?('instrumentation')
  OpenTelemetry::SDK.configure do |c|
    c.use('OpenTelemetry::Instrumentation::ActiveRecord') if ARGV.include?('instrumentation')
  end
end

# An application of its own for the process.
class CountingApplication < Rails::Application
  config.load_defaults 7.2
  config.eager_load = false
  config.root = __dir__
  config.logger = Logger.new(IO::NULL)
  config.active_job.queue_adapter = :test
  TaskerCore::Configuration.switches.each { |name| config.tasker_core.public_send(:"#{name}=", :active) }
end

Rails.application.initialize!
require_relative '../../support/scripted'
require_relative '../../support/run_counts'
publisher = Tasker::Events::Publisher.instance
publisher.__bus__.listeners.each_value(&:clear)
Tasker::Events::Subscribers::TelemetrySubscriber.subscribe(publisher) if ARGV.include?('telemetry')
connection = ActiveRecord::Base.connection
begin
  puts JSON.generate(ARGV.include?('growth') ? RunCounts.by_length([20, 40, 80]) : RunCounts.measure)
ensure
  connection.execute("TRUNCATE #{connection.tables.grep(/\Atasker_/).join(', ')} CASCADE")
end
