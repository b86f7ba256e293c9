# frozen_string_literal: true

require_relative 'parity_helper'
require_relative '../support/exponent'
require 'open3'

# What a run costs on the real engine, by what else is in its process.
RSpec.describe 'the cost of a run' do
  def counts(*circumstances)
    script = File.expand_path('support/run_counts.rb', __dir__)
    output, status = Open3.capture2e({ 'DATABASE_URL' => EngineDatabase.url }, RbConfig.ruby, '-W0', script,
                                     *circumstances)
    expect(status).to be_success, output
    JSON.parse(output.lines.last, symbolize_names: true)
  end

  # Statements with those of transactions, Ruby's calls and objects of a further step of a line; calls
  # and statements of start and end.
  { [] => [6_000, 650, 17_500], ['telemetry'] => [9_800, 1_150, 19_000] }.each do |circumstances, most|
    it "is one statement for a further step #{circumstances.empty? ? 'where nobody listens' : 'with telemetry'}" do
      found = counts(*circumstances)

      expect(found).to include(statements: 1, transactions: 0)
      expect(found[:start_end_statements]).to be <= 10
      expect(found.values_at(:calls, :objects, :start_end_calls).zip(most)).to all(satisfy { |is, limit| is <= limit })
    end
  end

  it 'grows no faster than the steps of a line, in statements, calls and objects' do
    counts('growth').each do |what, by_steps|
      exponent = Exponent.of(by_steps.transform_keys { |steps| steps.to_s.to_i })
      expect(exponent).to be <= 1.05, "#{what} grow with the exponent #{exponent}: #{by_steps}"
    end
  end

  it 'is one statement with the instrumentation of Active Record, which puts spans around each save' do
    skip 'opentelemetry-instrumentation-active_record is not here' unless
      Gem::Specification.find_all_by_name('opentelemetry-instrumentation-active_record').any?

    expect(counts('instrumentation')).to include(statements: 1, transactions: 0)
  end
end
