# frozen_string_literal: true

require 'etc'

# What the machine's processors did meanwhile.
module Processors
  TICKS = Float(Etc.sysconf(Etc::SC_CLK_TCK))

  module_function

  # @return [Float] seconds of processor time that the machine has spent on anything
  def busy
    user, nice, system, = File.read('/proc/stat')[/\Acpu +(.*)/, 1].split.map(&:to_i)
    (user + nice + system) / TICKS
  end

  # @return [Float] seconds of processor time that these processes have spent
  def of(pids)
    pids.sum { |pid| File.read("/proc/#{pid}/stat").rpartition(') ').last.split.values_at(11, 12).sum(&:to_i) } / TICKS
  end
end
