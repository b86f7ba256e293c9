# frozen_string_literal: true

require 'pg'
require_relative '../support/cluster'
require_relative '../../bench/support/private_redis'
require_relative 'plan'
require_relative 'processes'
require_relative 'faults'
require_relative 'load'
require_relative 'summary'

module Soak
  # One soak: servers of its own, processes, faults, and what is left of them.
  class Run
    # Seconds until each kind of process must have begun, and within which everything must
    # be done once nothing goes wrong any more.
    START = 90
    CALM = 90
    LIMITS = { lock_timeout: '700ms', statement_timeout: '3s' }.freeze
    OWN = "application_name=soak&options=#{LIMITS.keys.map { |name| "-c%20#{name}%3D0" }.join('%20')}".freeze

    # @param seed [Integer]
    # @param minutes [Numeric] how long things go wrong
    # @param python [String, nil] the interpreter that has the wheel
    # @param only [Array<Symbol>] the kinds of faults
    def initialize(seed:, minutes:, python:, only: Faults::WEIGHTS.keys)
      @only = only
      @seed = seed
      @seconds = minutes * 60
      @python = python
    end

    # @return [Boolean] whether nothing was violated
    def call
      Cluster.run do |server|
        PrivateRedis.open do |redis|
          Dir.mktmpdir('tcsoak') do |folder|
            @folder = folder
            prepare(server, redis)
            soak(server)
          end
        end
      end
    end

    private

    # The soak itself speaks to the servers without the proxy, and waits for every lock.
    def prepare(server, redis)
      @direct = "#{server.url}&#{OWN}"
      ENV.update('SOAK_SEED' => @seed.to_s, 'SOAK_FOLDER' => @folder, 'SOAK_PYTHON' => @python || 'none',
                 'REDIS_URL' => redis, 'RAILS_ENV' => 'test', 'DATABASE_URL' => "#{@direct}&pool=10")
      %w[application operator invariants].each { |part| require_relative part }
      TaskerCore.on(Tasker::ApplicationRecord.connection).install_schema
      Effects.create_table
      LIMITS.each do |name, value|
        Tasker::ApplicationRecord.connection.execute("ALTER DATABASE postgres SET #{name} = '#{value}'")
      end
    end

    def soak(server)
      start(server)
      misbehave
      calm_down
      @processes.stop
      @summary.judge
    ensure
      @proxy&.close
      @processes&.stop
    end

    def start(server)
      plan = Plan.new(@seed)
      @operator = Operator.new
      @proxy = IO.popen([RbConfig.ruby, '-W0', File.join(__dir__, 'proxy.rb'), File.join(@folder, '.s.PGSQL.5432'),
                         server.socket, @seed.to_s], 'w')
      @processes = Processes.new(@folder, "postgresql:///postgres?user=postgres&host=#{@folder}",
                                 python: @python, workflows: plan.external)
      @faults = Faults.new(server, @direct, @proxy, @processes, random: Random.new(@seed), kinds: @only)
      @summary = Summary.new(@operator, @faults, @processes)
      @load = Load.new(File.join(@folder, 'puma.sock'), plan, @seed) { @summary.open }
    end

    def misbehave
      @summary.say("#{Demo::Engine.name}, seed #{@seed}#{', without a worker in Python' unless @python}")
      attend(START) { break if @summary.workers >= @processes.names.size }
      @summary.say('things go wrong')
      attend(@seconds) do
        @faults.tend
        @operator.tend
      end
    ensure
      @load.stop
      @faults.stop
      @processes.resume_all
    end

    # Everything works from here on. What was lost before is repaired once; from then on
    # every task must end without help.
    def calm_down
      @summary.say('nothing goes wrong any more')
      2.times do
        attend(Operator::PATIENCE + 3)
        sleep 0.5 until @operator.repair
      end
      attend(CALM) { break if @summary.open.zero? }
    end

    def attend(seconds)
      deadline = now + seconds
      while now < deadline
        @processes.tend
        @summary.tend
        yield if block_given?
        sleep 0.1
      end
    end

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end
