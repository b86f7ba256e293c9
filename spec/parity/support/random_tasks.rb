# frozen_string_literal: true

# Tasks with random steps, edges and states, the same ones for a seed.
module RandomTasks
  STATES = [nil, nil, 'pending', 'in_progress', 'complete', 'complete', 'error', 'error', 'cancelled',
            'resolved_manually'].freeze

  # @param random [Random]
  # @param size [Integer] steps at most
  # @return [Rows::Workflow]
  def random_task(random, size: 12)
    count = random.rand(0..size)
    density = random.rand
    edges = (1..count).to_a.combination(2).select { random.rand < density * 0.6 }
    steps = Array.new(count) { random_step(random) }
    Rows.workflow(steps:, edges:, state: [nil, 'pending', 'in_progress', 'error', 'complete'].sample(random:))
  end

  # Tasks of which some have parents in another one.
  def random_tasks(random, number: 4)
    tasks = Array.new(number) { random_task(random) }
    tasks.each_cons(2) do |above, below|
      next if above.step_ids.empty? || below.step_ids.empty? || random.rand < 0.5

      Rows.insert_edges([[above.step_ids.sample(random:), below.step_ids.sample(random:)]])
    end
    tasks
  end

  # Every column that can be NULL is, now and then.
  def random_step(random)
    given = ->(chance) { random.rand < chance }
    { state: STATES.sample(random:), state_ago: random.rand(0..40), history: random.rand(0..2),
      attempts: (random.rand(0..4) if given[0.85]), retry_limit: (random.rand(0..4) if given[0.85]),
      retryable: random.rand < 0.85, in_process: [false, false, false, true].sample(random:),
      processed: [false, false, false, true].sample(random:),
      last_attempted_at: (Rows.now(random.rand(0..90) + random.rand.round(6)) if given[0.6]),
      backoff_request_seconds: (random.rand(0..60) if given[0.4]) }
  end
end
