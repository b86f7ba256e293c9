# frozen_string_literal: true

require 'active_job'

module Demo
  # An Active Job queue that is worked when it is told to, in this process, so
  # that a run can be watched and measured. A job with a delay waits for it.
  class Queue < ActiveJob::QueueAdapters::AbstractAdapter
    Entry = Struct.new(:due, :job)

    def initialize
      super
      @entries = []
      @mutex = Mutex.new
    end

    def enqueue(job) = enqueue_at(job, Time.now.to_f)

    def enqueue_at(job, timestamp)
      @mutex.synchronize { @entries << Entry.new(timestamp, job.serialize) }
    end

    # Runs jobs, the earliest due first, until there are none.
    #
    # @param patience [Numeric] seconds to wait for jobs with a delay
    # @raise [RuntimeError] if there would be longer to wait
    def work(patience: 30)
      deadline = Time.now.to_f + patience
      while (entry = take)
        raise "a job is due only in #{(entry.due - Time.now.to_f).round} s" if entry.due > deadline

        sleep([entry.due - Time.now.to_f, 0].max)
        ActiveJob::Base.execute(entry.job)
      end
    end

    private

    def take
      @mutex.synchronize { @entries.delete(@entries.min_by(&:due)) }
    end
  end
end
