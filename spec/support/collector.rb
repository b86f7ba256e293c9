# frozen_string_literal: true

# Takes what subscribers get, and waits for it.
class Collector
  def initialize
    @mutex = Mutex.new
    @arrived = ConditionVariable.new
    @values = []
  end

  def <<(value)
    @mutex.synchronize do
      @values << value
      @arrived.broadcast
    end
  end

  def to_a = @mutex.synchronize { @values.dup }

  # @return [Array] the values, once there are that many
  # @raise [RuntimeError] if they do not come
  def first(count, seconds: 30)
    ending = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
    @mutex.synchronize do
      until @values.size >= count
        left = ending - Process.clock_gettime(Process::CLOCK_MONOTONIC)
        raise "#{@values.size} of #{count} values came within #{seconds} s" unless left.positive?

        @arrived.wait(@mutex, left)
      end
      @values.first(count)
    end
  end
end
