# frozen_string_literal: true

require_relative 'orchestration_helper'
require_relative '../support/children'
require 'net/http'
require 'open3'
require 'socket'
require 'tmpdir'

# Servers that fork after the application was loaded, and after the parent has run
# tasks itself.
RSpec.describe 'runs in forked processes', :orchestration, database: :committed, timeout: 120 do
  let(:graph) { { 'a' => [], 'b' => ['a'], 'c' => ['a'], 'd' => %w[b c] } }

  def run_one
    task = Scripted.task(graph, graph.transform_values { |_| ->(*) { { 'pid' => Process.pid } } })
    Scripted.handle(task)
    [task_state(task), steps(task).values.map { |step| step.results['pid'] }.uniq, session_stats['sessions_open']]
  end

  it 'work after the parent has run tasks' do
    run_one
    children = Array.new(3) do
      Children.start do
        Tasker::ApplicationRecord.connection_handler.clear_all_connections!
        [run_one, run_one, Process.pid]
      end
    end
    answers = children.map { |child| Children.finish(*child, seconds: 60) }

    answers.each { |first, second, pid| expect([first, second]).to eq([['complete', [pid], 0]] * 2) }
    expect(run_one).to eq(['complete', [Process.pid], 0])
  end

  it "do not touch the parent's open run" do
    answer = nil
    task = Scripted.task({ 'outer' => [] }, { 'outer' => lambda { |*|
      answer = Children.fork_and_wait(seconds: 60) { run_one.first }
      {}
    } })
    Scripted.handle(task)

    expect([answer, task_state(task)]).to eq(%w[complete complete])
  end

  describe 'under Puma, in cluster mode with preload_app!' do
    def puma? = Gem::Specification.find_all_by_name('puma').any?

    # The application runs a task before the workers are forked, and one for each
    # request.
    def rackup(folder)
      File.write(File.join(folder, 'config.ru'), <<~RUBY)
        $LOAD_PATH.unshift '#{File.expand_path('../../lib', __dir__)}'
        require 'logger'
        require '#{File.expand_path('../support/engine', __dir__)}'
        require 'tasker_core'
        Rails.logger = Logger.new(IO::NULL)
        Time.zone_default = Time.find_zone!('UTC')
        ActiveJob::Base.logger = nil
        ActiveJob::Base.queue_adapter = :test
        require '#{File.expand_path('../support/scripted', __dir__)}'
        ActiveRecord::Base.establish_connection(adapter: 'postgresql', url: ENV.fetch('DATABASE_URL'), pool: 10)
        TaskerCore.configure { |c| c.dependency_resolution = c.state_transitions = c.orchestration = :active }
        run_one = lambda do
          task = Scripted.task({ 'a' => [], 'b' => ['a'] })
          Scripted.handle(task)
          "\#{Process.pid} \#{Tasker::Task.find(task.task_id).status} \#{TaskerCore.implementation}"
        end
        run_one.call
        run ->(_env) { [200, {}, [run_one.call]] }
      RUBY
      File.write(File.join(folder, 'puma.rb'), <<~RUBY)
        workers 2
        threads 2, 2
        preload_app!
        bind 'unix://#{folder}/puma.sock'
        before_fork { ActiveRecord::Base.connection_handler.clear_all_connections! }
      RUBY
    end

    def get(folder)
      UNIXSocket.open("#{folder}/puma.sock") do |socket|
        socket.write("GET / HTTP/1.0\r\n\r\n")
        socket.read.split("\r\n\r\n", 2).last
      end
    end

    def with_puma(folder)
      rackup(folder)
      command = [RbConfig.ruby, '-W0', '-S', 'puma', '-C', 'puma.rb', 'config.ru']
      environment = { 'DATABASE_URL' => Database.url, 'RACK_ENV' => 'test' }
      pid = Process.spawn(environment, *command, chdir: folder, out: "#{folder}/log", err: %i[child out])
      Timeout.timeout(40) { sleep 0.1 until File.read("#{folder}/log").scan('booted').size == 2 }
      yield
    rescue Timeout::Error
      raise "Puma did not start: #{File.read("#{folder}/log")}"
    ensure
      Process.kill(:TERM, pid)
      Process.wait(pid)
    end

    it 'both workers run tasks' do
      skip 'Puma is not here' unless puma?

      Dir.mktmpdir do |folder|
        with_puma(folder) do
          answers = Array.new(24) { Thread.new { get(folder) } }.map(&:value)
          expect(answers).to all(match(/\A\d+ complete native\z/))
          expect(answers.map(&:to_i).uniq.size).to eq(2)
        end
      end
    end
  end
end
