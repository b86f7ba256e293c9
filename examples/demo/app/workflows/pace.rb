# frozen_string_literal: true

# Steps take so long that one can watch them; measured runs say 0.
module Pace
  # @param task [Tasker::Task] whose context says how many seconds
  def self.keep(task)
    seconds = task.context.fetch('seconds_a_step', 0)
    sleep(seconds) if seconds.positive?
  end
end
