# frozen_string_literal: true

module Soak
  # What goes wrong, at random: one thing every second or two, several at a time.
  class Faults
    # How often each happens beside the others. What starts a process anew is rarer, or
    # nothing but starting would be done.
    WEIGHTS = { terminate_backends: 6, cut_all: 3, cut_at_statements: 5, latency: 5, hold_locks: 6, pause: 3,
                kill: 3, kill_puma_worker: 1, stop_sidekiq: 1, phased_restart: 1, restart_server: 1 }.freeze
    PACE = (0.5..1.8)

    # Seconds for which a process that has just started is left alone.
    YOUTH = 12

    # @return [Hash{Symbol => Integer}] how often each has happened
    attr_reader :counts

    # @param server [Cluster] PostgreSQL
    # @param proxy [IO] the proxy's orders
    # @param processes [Processes]
    # @param random [Random]
    # @param kinds [Array<Symbol>] of faults
    def initialize(server, url, proxy, processes, random:, kinds:)
      @server = server
      @url = url
      @proxy = proxy
      @processes = processes
      @random = random
      @counts = Hash.new(0)
      @calm = {}
      @lockers = []
      @next = now
      @bag = WEIGHTS.slice(*kinds).flat_map { |name, weight| [name] * weight }
    end

    # Does what is due.
    def tend
      @calm.select { |_, time| now > time }.each_key { |order| calm(order) }
      return if now < @next

      @next = now + @random.rand(PACE)
      name = @bag.sample(random: @random)
      @counts[name] += 1 if send(name)
    rescue PG::Error, Errno::EPIPE
      # The server is just coming up.
      nil
    end

    # Ends what still goes on.
    def stop
      %w[cut delay].each { |order| calm(order) }
      @lockers.each(&:join)
    end

    private

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

    def order(*words)
      @proxy.puts(words.join(' '))
      @proxy.flush
    end

    def for_a_while(order, value, seconds)
      @calm[order] = now + seconds
      order(order, value)
    end

    def calm(order)
      @calm.delete(order)
      order(order, 0)
    end

    def cut_all = order('cut_all') || true

    def cut_at_statements = for_a_while('cut', @random.rand(0.005..0.05), @random.rand(1.0..4.0)) || true

    def latency = for_a_while('delay', @random.rand(0.02..0.05), @random.rand(2.0..8.0)) || true

    def terminate_backends
      query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() ' \
            "AND pid <> pg_backend_pid() AND application_name <> 'soak' " \
            "ORDER BY random() LIMIT #{@random.rand(1..6)}").any?
    end

    # Longer than the clients' lock_timeout now and then.
    def hold_locks
      table = %w[tasker_tasks tasker_workflow_steps tasker_workflow_step_transitions tasker_task_transitions]
              .sample(random: @random)
      seconds = @random.rand(0.1..1.5)
      @lockers.select!(&:alive?)
      @lockers << Thread.new { lock(table, seconds) }
    end

    def lock(table, seconds)
      query("BEGIN; SELECT 1 FROM (SELECT ctid FROM #{table} ORDER BY ctid DESC LIMIT 200) AS last " \
            "JOIN #{table} USING (ctid) FOR UPDATE OF #{table} SKIP LOCKED; SELECT pg_sleep(#{seconds}); ROLLBACK")
    rescue PG::Error
      nil
    end

    def restart_server = @server.restart(mode: %w[fast immediate].sample(random: @random)) || true

    def pause = grown { |name| @processes.pause(name, @random.rand(1.0..7.0)) }

    def kill = grown { |name| @processes.signal(name, :KILL, group: true) }

    def stop_sidekiq = grown(/sidekiq/) { |name| @processes.signal(name, :TERM) }

    def phased_restart = grown(/puma/) { |name| @processes.signal(name, :USR1) }

    def kill_puma_worker
      grown(/puma/) do |name|
        worker = @processes.children(name).sample(random: @random)
        Process.kill(:KILL, worker) if worker
      rescue Errno::ESRCH
        nil
      end
    end

    # One that has had time to begin, and is not paused already.
    def grown(pattern = //)
      names = @processes.names.grep(pattern).select do |name|
        member = @processes[name]
        member.paused.nil? && now - member.since > YOUTH
      end
      name = names.sample(random: @random)
      yield name if name
      !name.nil?
    end

    def query(sql)
      connection = PG.connect(@url)
      connection.set_notice_processor { |_| nil }
      connection.exec(sql).to_a
    ensure
      connection&.close
    end
  end
end
