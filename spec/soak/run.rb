# frozen_string_literal: true

# Soaks the engine under the core; bin/soak sets everything up.
require 'optparse'
require_relative 'soak'

options = { minutes: 10.0, seed: Random.new_seed % 1_000_000, python: ENV.fetch('PYTHON', nil) }
OptionParser.new do |parser|
  parser.banner = 'bin/soak [--minutes=10] [--seed=N]'
  parser.on('--minutes=NUMBER', Float, 'how long things go wrong (10)')
  parser.on('--seed=NUMBER', Integer, 'of what is random (a new one each time)')
  parser.on('--only=KINDS', Array, "of faults: #{Soak::Faults::WEIGHTS.keys.join(', ')} (all)") do |kinds|
    kinds.map(&:to_sym)
  end
end.parse!(into: options)

$stdout.sync = true
%w[TERM HUP].each { |signal| trap(signal) { exit(1) } }
begin
  passed = Soak::Run.new(**options).call
rescue Interrupt
  abort 'bin/soak: stopped'
end
puts passed ? 'bin/soak: nothing was violated' : "bin/soak: FAILED; run it again with --seed=#{options[:seed]}"
exit passed
