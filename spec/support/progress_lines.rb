# frozen_string_literal: true

require 'rspec/core/formatters/base_text_formatter'

# How far a run of RSpec is, in whole lines: every so often the share that is done, the
# failures so far and the time left, where the progress formatter of RSpec prints dots. What
# failed and the summary are printed at the end, as there.
class ProgressLines < RSpec::Core::Formatters::BaseTextFormatter
  RSpec::Core::Formatters.register self, :start, :example_passed, :example_pending, :example_failed

  # Seconds between two lines.
  EVERY = 15

  def start(notification)
    super
    @began = @said = now
    @total = notification.count
    @done = @failed = 0
  end

  def example_passed(_notification) = count
  alias example_pending example_passed

  def example_failed(notification)
    @failed += 1
    output.puts "  failed: #{notification.example.full_description} (#{notification.example.location})"
    count
  end

  private

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  def count
    @done += 1
    return if now - @said < EVERY

    @said = now
    output.puts "  #{@done} of #{@total} examples (#{100 * @done / @total} %), #{@failed} failed; #{spent}"
  end

  def spent
    seconds = now - @began
    "#{seconds.round} s, about #{(seconds * (@total - @done) / @done).round} s left"
  end
end
