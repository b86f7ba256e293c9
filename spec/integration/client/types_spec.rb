# frozen_string_literal: true

require 'open3'
require_relative '../../spec_helper'

# The signatures of the public classes, checked as their specs run: RBS's test harness looks at
# the arguments and the answer of each call. It hooks classes as they are made, so this takes a
# process of its own.
RSpec.describe 'the types of public classes', timeout: 300 do
  folder = File.expand_path('..', __dir__)
  specs = %w[client/readiness_vectors client/session client/transitions client/analytics client/analyze_graph
             client/draw client/create_task client/stuck_steps client/check_schema events/subscribe telemetry/stats]
          .map { |name| File.join(folder, "#{name}_spec.rb") }

  def run(*command, **variables)
    environment = { 'RUBYOPT' => "#{ENV.fetch('RUBYOPT', nil)} -rrbs/test/setup",
                    'RBS_TEST_TARGET' => 'TaskerCore::*', 'RBS_TEST_OPT' => '-r bigdecimal -I sig',
                    'RBS_TEST_LOGLEVEL' => 'fatal', **variables.transform_keys(&:to_s) }
    Open3.capture2e(environment, RbConfig.ruby, *command)
  end

  it 'are those that their specs give and get' do
    output, status = Database.empty do |connection|
      url = Database.url.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{connection.current_database}")
      tags = %w[~wrong_types ~other_process ~many].flat_map { |tag| ['--tag', tag] }
      run('-S', 'rspec', *tags, *specs, TASKER_CORE_TEST_DATABASE_URL: url)
    end

    expect(output).to match(/^[1-9]\d+ examples, 0 failures/)
    expect(status).to be_success
  end

  it 'are looked at: what has another type is refused' do
    output, status = run('-Ilib', '-e', <<~RUBY)
      require 'tasker_core'
      TaskerCore.open(database_url: 'postgresql://nobody@127.0.0.1:1/nothing').viable_steps('42')
    RUBY

    expect(output).to include('[TaskerCore::Client#viable_steps] ArgumentTypeError: expected `::Integer` (task_id) ' \
                              'but given `"42"`')
    expect(status).not_to be_success
  end
end
