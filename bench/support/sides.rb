# frozen_string_literal: true

require 'fileutils'
require 'rbconfig'
require 'tmpdir'
require_relative 'peer'
require_relative 'runner'
require_relative 'spread'

# The sides that bench/ruby/orchestration.rb compares: processes that run the same tasks on the
# same database, and take turns.
module Sides
  PROGRAM = File.expand_path('run_tasks.rb', __dir__)
  DISTANCE = File.expand_path('distance.rb', __dir__)
  LOG = File.expand_path('../../tmp/bench/rails.log', __dir__)
  # A name for the reader, and how the process is called.
  COLUMNS = { 'engine' => 'engine', 'engine, sequence in one query' => 'one_query', 'core' => 'core' }.freeze

  module_function

  # @param names [Array<String>] of COLUMNS
  # @param url [String] of the database
  # @param options [Array<String>] of Ruby
  # @yieldparam runners [Hash{String => Runner}] by name, stopped after the block
  def open(names, url:, options: [])
    FileUtils.mkdir_p(File.dirname(LOG))
    runners = {}
    names.each { |name| runners[name] = runner(name, url, options) }
    warm_up(runners, 'line10')
    yield runners
  ensure
    runners.each_value(&:stop)
    FileUtils.rm_f(LOG)
  end

  def runner(name, url, options)
    Runner.new(name, [RbConfig.ruby, '-W0', *options, PROGRAM, COLUMNS.fetch(name), LOG],
               environment: { 'DATABASE_URL' => url })
  end

  # A run that does not count, of a shape that is new to the sides.
  def warm_up(runners, workflow) = runners.each_value { |runner| runner.ask(:run, workflow:) }

  # Runs in turns. Each round asks every side once, the core more often, since it is
  # soon done.
  #
  # @param runners [Hash{String => Runner}]
  # @param often [Hash{String => Integer}] how often a side runs in a round, where not once
  # @return [Hash{String => Spread}] milliseconds
  def in_turns(runners, rounds, often: { 'core' => 3 }, **arguments)
    taken = runners.transform_values { [] }
    rounds.times do |round|
      runners.to_a.rotate(round).each do |name, runner|
        often.fetch(name, 1).times { taken[name] << runner.ask(:run, **arguments) }
      end
    end
    taken.transform_values { |times| Spread.of(times) }
  end

  # @param delay [Float] milliseconds in each direction
  # @yieldparam url [String] of the same database, that much further away
  def at_a_distance(url, delay)
    server = PG::Connection.conninfo_parse(url).to_h { |option| option.values_at(:keyword, :val) }.compact
    Dir.mktmpdir do |folder|
      Open3.popen2(RbConfig.ruby, DISTANCE, delay.to_s, File.join(folder, '.s.PGSQL.5432'),
                   *place(server)) do |input, output, process|
        output.gets || abort('The proxy does not start.')
        yield "postgresql:///#{server.fetch('dbname')}?#{query(server, folder)}"
        input.close
        process.join
      end
    end
  end

  # @return [Array<String>] where the server listens, for the proxy
  def place(server)
    host, port = server.values_at('host', 'port')
    return [File.join(host, ".s.PGSQL.#{port || 5432}")] if host.to_s.start_with?('/')

    [host || 'localhost', port || '5432']
  end

  def query(server, folder)
    URI.encode_www_form(server.slice('user', 'password').merge('host' => folder, 'port' => 5432))
  end
end
