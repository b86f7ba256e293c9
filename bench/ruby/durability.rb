# frozen_string_literal: true

# What each contender of bench/ruby/workflows.rb keeps of a step, and how often it makes the
# server flush: commits that write, rows and bytes of a further step of a line, counted in the
# server's own log (support/wal.rb). It is the difference between lines of 50 and of 10, over 40.
#
#   bin/postgres with ruby bench/ruby/durability.rb [--json] [--runs=3] [--core-only]
require_relative '../support/report'
require_relative '../support/contenders'
require_relative '../support/wal'

# What else the server writes, as when it vacuums, is in few runs: the least counts.
RUNS = Options.number('runs', 3)
SHORT = 10
LONG = 50
HEAD = ['a further step', 'commits that write', 'rows inserted', 'rows updated', 'rows deleted', 'bytes of log'].freeze

# DBOS has no task that is made beforehand.
#
# @return [Hash{Symbol => Integer}] the least of each, without making the task
def least(wal, runner, steps)
  workflow = "line#{steps}"
  runs = Array.new(RUNS) do
    task = runner.ask(:create, workflow:, count: 1).first unless runner.name == Contenders::DBOS
    wal.during { runner.ask(:run, workflow:, task:) }
  end
  runs.first.to_h { |what, _| [what, runs.map { |run| run.fetch(what) }.min] }
end

def further(wal, runner)
  runner.ask(:run, workflow: "line#{LONG}")
  short, long = [SHORT, LONG].map { |steps| least(wal, runner, steps) }
  short.to_h { |what, count| [what, (long.fetch(what) - count).fdiv(LONG - SHORT)] }
end

def show(name, counts)
  counts.each { |what, count| BenchReport.figure("#{name}, a further step: #{what}", count) }
  [name, *counts.map { |what, count| what == :bytes ? count.round : count.round(2) }]
end

# PostgreSQL 15 and newer can tell, to superusers.
def measured(wal, runners)
  missing = wal.missing
  return puts("Nothing is counted: #{missing}") if missing

  BenchReport.note('what is kept of a step', [HEAD, *runners.map { |name, runner| show(name, further(wal, runner)) }])
end

World.open do
  Sides.open(World.compared? ? Sides::COLUMNS.keys : ['core'], url: ENV.fetch('DATABASE_URL')) do |sides|
    Contenders.open(true) { |peers| measured(Wal.new(World.connection.raw_connection), sides.merge(peers)) }
  end
end
