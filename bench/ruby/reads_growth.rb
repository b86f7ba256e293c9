# frozen_string_literal: true

# What a question costs as the database grows: the same questions about the same tasks,
# in three databases with 10,000, 100,000 and 1,000,000 other steps, asked in turns. The
# largest takes some minutes to fill; TASKER_CORE_BENCH_GROWTH=10000,100000 leaves it out.
#
#   bin/postgres with ruby bench/ruby/reads_growth.rb [--json]
require_relative '../support/report'
require_relative '../support/rows'

# The databases, and what is asked of each.
module Growth
  SIZES = ENV.fetch('TASKER_CORE_BENCH_GROWTH', '10000,100000,1000000').split(',').map { |size| Integer(size) }
  SECONDS = 8
  # The smallest of many calls, in turns: what else the machine does is in none of them.
  LIMIT = 1.3

  # A class with a connection pool of its own for each database.
  def self.connect(size)
    owner = const_set("With#{size}", Class.new(ActiveRecord::Base) { self.abstract_class = true })
    owner.establish_connection(World.another_database("growth_#{size}"))
    owner.connection
  end

  def self.layers(count, width)
    (1...count).flat_map do |layer|
      (0...width).flat_map do |place|
        [place, (place + 1) % width].map { |above| [((layer - 1) * width) + above, (layer * width) + place] }
      end
    end
  end

  # Half of the other tasks are older than those that are asked about, half are newer.
  #
  # @return [Hash{String => Proc}] the questions
  def self.fill(size)
    connection = connect(size)
    client = TaskerCore.on(connection)
    client.install_schema
    BenchRows.on(connection) do
      BenchRows.tasks(size / 20)
      asked = { 10 => [5, 2], 100 => [10, 10], 1000 => [100, 10] }
              .to_h { |steps, shape| [steps, BenchRows.graph(layers(*shape), steps:)] }
      many = connection.select_values('SELECT task_id FROM tasker_tasks ORDER BY task_id LIMIT 100')
      BenchRows.tasks((size / 10) + asked.size)
      questions(client, asked, many, scattered(connection))
    end
  end

  # A task whose steps lie far apart among those of others: tasks that were made at the
  # same time by many processes look so.
  def self.scattered(connection)
    ids = connection.select_values('SELECT workflow_step_id FROM tasker_workflow_steps ' \
                                   'WHERE workflow_step_id % 97 = 0 ORDER BY 1 LIMIT 10')
    task = connection.select_value("SELECT task_id FROM tasker_workflow_steps WHERE workflow_step_id = #{ids[0]}")
    connection.execute("UPDATE tasker_workflow_steps SET task_id = #{task} " \
                       "WHERE workflow_step_id IN (#{ids.join(', ')})")
    connection.execute('VACUUM ANALYZE')
    task
  end

  def self.questions(client, asked, many, scattered)
    sizes(client, asked).merge(
      'readiness of steps that lie far apart' => -> { client.step_readiness(scattered) },
      'readiness of 100 tasks x 10 steps' => -> { client.step_readiness_batch(many) },
      'contexts of 100 tasks x 10 steps' => -> { client.task_execution_contexts(many) },
      'levels of 100 steps' => -> { client.dependency_levels(asked[100]) }
    ).merge(small(client, asked[10]))
  end

  def self.sizes(client, asked)
    asked.to_h { |steps, task| ["readiness of #{steps} steps", -> { client.step_readiness(task) }] }
  end

  def self.small(client, task)
    step = client.step_readiness(task).last.workflow_step_id
    { 'viable steps of 10' => -> { client.viable_steps(task) },
      'context of 10 steps' => -> { client.task_execution_context(task) },
      'current state' => -> { client.current_step_state(step) },
      'a step moves' => -> { %w[error pending].each { |to| client.transition_step(step, to:) } } }
  end
end

World.open do
  databases = Growth::SIZES.to_h { |size| [size, Growth.fill(size)] }
  databases.values.first.each_key do |question|
    ways = databases.to_h { |size, questions| ["#{question}, #{size} others", questions.fetch(question)] }
    ways.each_value { |way| 20.times { way.call } }
    results = World.compare(ways, seconds: Growth::SECONDS)
    World.table(question, results)
    least = results.values.map(&:least)
    points = databases.keys.zip(least).to_h
    BenchReport.series('database', question, points, unit: 'ms')
    BenchReport.growth("#{question}, by the steps in the database", points)
    BenchReport.target("#{question}: the largest database over the smallest", least.last / least.first,
                       at_most: Growth::LIMIT)
  end
end
