# frozen_string_literal: true

require 'rspec'
require 'timeout'

$LOAD_PATH.unshift File.expand_path('../lib', __dir__)
require 'tasker_core'

require_relative 'support/engine'
require_relative 'support/database'
require_relative 'support/rows'

Rails.logger = Logger.new(IO::NULL)
Time.zone_default = Time.find_zone!('UTC')
ActiveJob::Base.logger = nil
ActiveJob::Base.queue_adapter = :test
Database.connect

RSpec.configure do |config|
  config.disable_monkey_patching!
  config.expect_with(:rspec) { |expectations| expectations.syntax = :expect }
  config.shared_context_metadata_behavior = :apply_to_host_groups
  config.filter_run_when_matching :focus
  config.example_status_persistence_file_path = 'tmp/rspec-status'
  Kernel.srand config.seed

  # What an earlier example has reported counts for none of the later ones.
  config.before { TaskerCore::Reporting.reset }

  # An example leaves no listener on the engine's bus: the runs of later ones would write in
  # other statements for it.
  config.append_after do
    listeners = Tasker::Events::Publisher.instance.__bus__.listeners.values.flatten(1).map(&:first)
    expect(listeners.grep(Proc).map { |listener| listener.source_location.to_s }.grep(/_spec\.rb/)).to eq([])
  end

  # Nothing hangs: an example that does is an error of its own.
  config.around { |example| Timeout.timeout(example.metadata.fetch(:timeout, 180)) { example.run } }
end
