# frozen_string_literal: true

require_relative 'orchestration_helper'
require_relative '../../../support/exponent'
require_relative '../../../support/rows_read'
require_relative '../../../support/run_counts'

# What a run does grows with its steps and no faster, by counts that do not depend on the machine.
# bench/ruby/growth.rb measures the time of longer lines.
RSpec.describe 'the growth of a run with its steps', :orchestration, database: :committed do
  lengths = [20, 40, 80]

  # The exponent of a whole run's counts, and how many times as much a step of the longer half makes
  # as one of the shorter: what start and end make hides nothing there.
  def expect_linear(what, counts)
    short, middle, long = counts.values
    further = [(middle - short) / 20.0, (long - middle) / 40.0]
    expect(Exponent.of(counts)).to be <= 1.05, "#{what} grow with the exponent #{Exponent.of(counts)}: #{counts}"
    expect(further.last / further.first).to be <= 1.05, "a further step makes more #{what}: #{further}"
  end

  it 'is linear in statements, calls and objects' do
    RunCounts.by_length(lengths).each { |what, counts| expect_linear(what, counts) }
  end

  it 'is linear in the rows that the server reads' do
    RowsRead.in_new_database do
      # Once the tables have some pages, the server's plans stay the same.
      6.times { RunCounts.prepared(lengths.last).call }
      expect_linear('rows', lengths.to_h { |steps| [steps, RowsRead.during(&RunCounts.prepared(steps))] })
    end
  end
end
