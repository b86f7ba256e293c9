# frozen_string_literal: true

require_relative 'orchestration_helper'
require_relative '../../../support/run_counts'

# The stand-in publishes and logs less than the engine: spec/parity counts on the engine.
RSpec.describe 'the cost of a run', :orchestration, database: :committed do
  it 'is one statement without a transaction for a further step of a line' do
    counts = RunCounts.measure

    expect(counts).to include(statements: 1, transactions: 0)
    expect(counts[:start_end_statements]).to be <= 10
    expect(counts[:calls]).to be <= 6_000
    expect(counts[:objects]).to be <= 650
    expect(counts[:start_end_calls]).to be <= 17_500
  end
end
