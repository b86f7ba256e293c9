# frozen_string_literal: true

# Runs the demo on the database of DATABASE_URL; bin/demo sets everything up.
$LOAD_PATH.unshift File.expand_path('../../lib', __dir__)

abort 'DATABASE_URL is not set: run bin/demo' unless ENV['DATABASE_URL']

require_relative 'config/environment'
require_relative 'lib/demo/runner'

begin
  Demo::Runner.new.run
rescue Demo::Runner::Failed, TaskerCore::Error, ActiveRecord::ActiveRecordError => e
  abort "The demo failed: #{e.message} (#{e.class})"
rescue Interrupt
  warn "\nStopped."
  exit!(130)
rescue Errno::EPIPE
  exit!(0)
end
