# frozen_string_literal: true

# The pool driver against bare pgx: the same statements (a task's snapshot), the
# same server, in alternation, both on connections that are open already. What else
# the machine does can only add, so the best rounds are compared. Fails where the
# pool takes more than 1.5 times as long.
#
#   TASKER_CORE_BENCH_DATABASE_URL=postgresql://localhost/postgres ruby bench/ruby/pool_driver.rb [rounds]
#
# (bin/postgres with ruby bench/ruby/pool_driver.rb brings a server along.) What is
# compared is in ext/tasker_core/go/store/pool/bench_test.go.
require 'etc'
require 'json'
require 'open3'
require 'tmpdir'

module PoolDriverBench
  VARIABLES = %w[TASKER_CORE_BENCH_DATABASE_URL TASKER_CORE_TEST_DATABASE_URL DATABASE_URL].freeze
  MODULE = File.expand_path('../../ext/tasker_core/go', __dir__)
  LIMIT = 1.5
  LINE = %r{\ABenchmarkStatements/(?<task>\S+)/(?<way>bare|pool)-\d+\s+\d+\s+(?<time>[\d.]+) ns/op}

  module_function

  def run(rounds)
    conditions(rounds)
    results = ratios(measure(rounds))
    report(results)
    exit 1 if results.any? { |result| result[:ratio] > LIMIT }
  end

  def url
    ENV.values_at(*VARIABLES).compact.first ||
      abort("#{VARIABLES.first} is not set; run: bin/postgres with ruby bench/ruby/pool_driver.rb")
  end

  def conditions(rounds)
    cpu = File.file?('/proc/cpuinfo') ? File.read('/proc/cpuinfo')[/^model name\s*: (.*)$/, 1] : RUBY_PLATFORM
    load = File.file?('/proc/loadavg') ? File.read('/proc/loadavg').split.first : 'unknown'
    puts "#{cpu}, #{Etc.nprocessors} processors, load #{load}; #{output('go', 'version')}; " \
         "PostgreSQL #{output('psql', '-XAtc', 'SHOW server_version', url)}; #{rounds} rounds in alternation"
  end

  def output(*command)
    text, status = Open3.capture2(*command)
    status.success? ? text.strip : 'of unknown version'
  rescue Errno::ENOENT
    'of unknown version'
  end

  # @return [Hash{Array(String, String) => Array<Float>}] nanoseconds by task and way
  def measure(rounds)
    Dir.mktmpdir do |folder|
      program = File.join(folder, 'pool.test')
      compiled = system('go', 'test', '-c', '-o', program, './store/pool', chdir: MODULE)
      abort 'the benchmark does not compile' unless compiled

      lines = Array.new(rounds) { round(program) }.flatten
      times = lines.filter_map { |line| LINE.match(line) }.group_by { |match| [match[:task], match[:way]] }
      times.transform_values { |matches| matches.map { |match| match[:time].to_f } }
    end
  end

  def round(program)
    text, status = Open3.capture2({ 'TASKER_CORE_TEST_DATABASE_URL' => url }, program, '-test.run', 'NONE',
                                  '-test.bench', 'Statements', '-test.benchtime', '200ms')
    status.success? ? text.lines : abort(text)
  end

  def ratios(times)
    times.keys.map(&:first).uniq.map do |task|
      bare, pool = %w[bare pool].map { |way| times.fetch([task, way]) }
      { task: task.tr('_', ' '), ratio: (pool.min / bare.min).round(2), pgx_us: (bare.min / 1000).round(1),
        pool_us: (pool.min / 1000).round(1), pgx_median_us: (median(bare) / 1000).round(1),
        pool_median_us: (median(pool) / 1000).round(1) }
    end
  end

  def median(values) = values.sort[values.size / 2]

  def report(results)
    results.each do |row|
      puts format('%<task>-10s pgx %<pgx_us>8.1f us, pool %<pool_us>8.1f us, ratio %<ratio>.2f ' \
                  '(medians %<pgx_median_us>.1f and %<pool_median_us>.1f)', row)
    end
    puts JSON.generate(bench: 'pool_driver', limit: LIMIT, results:)
  end
end

PoolDriverBench.run(Integer(ARGV.grep(/\A\d+\z/).first || 10))
