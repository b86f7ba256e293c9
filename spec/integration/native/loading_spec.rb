# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/children'
require 'timeout'

# What happens to the native library while it is loaded. In processes of their own, for
# nothing can be unloaded.
RSpec.describe 'loading the native library', timeout: 180 do
  # A runtime lives in each file of the library that is mapped; those of parents are dead.
  runtimes = <<~RUBY
    def runtimes = File.readlines('/proc/self/maps').grep(/tasker_core_native/).map { |line| line.split(' ', 6)[3..4] }.uniq.size
    def answers? = TaskerCore::Core.current.call('ping', {}) == 'pong'
  RUBY
  hurried = <<~RUBY
    def hurried
      $impatient = true
      yield
      $impatient = false
    rescue Timeout::Error, Impatience
      $impatient = false
      true
    end
    Impatience = Class.new(Exception)
  RUBY

  def run(code, environment = {}, limit: nil)
    program = "require 'tasker_core'; require 'timeout'; #{code}"
    command = [RbConfig.ruby, '-W0', '-I', Children::LIB, '-e', program]
    command = ['sh', '-c', "#{limit} && exec \"$@\"", 'sh', *command] if limit
    output, status = Open3.capture2e(environment, *command)
    expect(status).to be_success, output
    output.strip
  end

  describe 'that is interrupted', if: File.exist?('/proc/self/maps') do
    # Each child tries until a load comes to its end, with a little more time each time.
    def children(interrupt)
      run(<<~RUBY)
        #{runtimes_and_hurried}
        TaskerCore::Library.load!
        seen = Array.new(30) do |child|
          reader, writer = IO.pipe
          pid = fork do
            tries = 0
            tries += 1 while #{interrupt}
            writer.puts [runtimes, answers?, TaskerCore::Native.process == Process.pid, tries].inspect
            writer.close
            exit!(0)
          end
          writer.close
          Process.wait(pid)
          reader.read
        end
        puts seen
      RUBY
    end

    define_method(:runtimes_and_hurried) { runtimes + hurried }

    it 'brings one runtime to life in a forked child, whenever Timeout comes' do
      said = children('hurried { Timeout.timeout((child + 1 + tries * 7) / 2000.0) { TaskerCore::Library.load! } }')

      expect(said.lines.size).to eq(30)
      expect(said.lines).to all(start_with('[2, true, true,'))
    end

    it 'brings one runtime to life in a forked child, whenever a signal comes whose handler raises' do
      said = children(<<~RUBY)
        begin
          trap('USR1') { raise Impatience if $impatient }
          killer = spawn('sh', '-c', "sleep \#{(child + tries * 5) / 1000.0}; kill -USR1 \#{Process.pid}")
          hurried { TaskerCore::Library.load! }.tap { Process.wait(killer) }
        end
      RUBY

      expect(said.lines.size).to eq(30)
      expect(said.lines).to all(start_with('[2, true, true,'))
    end

    it 'brings one runtime to life in the first process too' do
      said = run(<<~RUBY)
        #{runtimes_and_hurried}
        tries = 0
        tries += 1 while hurried { Timeout.timeout((tries + 1) / 1000.0) { TaskerCore::Library.load! } }
        p [runtimes, answers?]
      RUBY

      expect(said).to eq('[1, true]')
    end

    it 'serves the interrupt once it is loaded' do
      said = run(<<~RUBY)
        thread = Thread.new { TaskerCore::Library.load!; sleep }
        thread.report_on_exception = false
        sleep 0.001 until thread.status == 'run' || thread.status == 'sleep'
        thread.kill
        p [thread.join(30)&.status, TaskerCore.implementation]
      RUBY

      expect(said).to eq('[false, :native]')
    end
  end

  it 'leaves no bytes behind where a child is killed while it copies', if: File.exist?('/proc/self/fd') do
    Dir.mktmpdir do |folder|
      run(<<~RUBY, { 'TMPDIR' => folder })
        TaskerCore::Library.load!
        40.times do |n|
          pid = fork { TaskerCore::Library.load!; sleep }
          sleep n / 1000.0
          Process.kill(:KILL, pid)
          Process.wait(pid)
        end
      RUBY

      left = Dir[File.join(folder, '**', '*')].reject { |path| File.symlink?(path) || File.directory?(path) }
      expect(left.sum { |path| File.size(path) }).to eq(0)
    end
  end

  describe 'in a process that has too little of something', if: RbConfig::CONFIG['host_os'].include?('linux') do
    { 'address space' => ['ulimit -v 900000', 'ulimit -v'],
      'address space, a little more of it' => ['ulimit -v 1300000', 'ulimit -v'],
      'memory for data' => ['ulimit -d 150000', 'ulimit -d'],
      'descriptors' => ['ulimit -n 10', 'ulimit -n'] }.each do |what, (limit, advice)|
      it "goes on in Ruby and says what to raise: #{what}" do
        said = run('p TaskerCore.implementation; puts TaskerCore.unavailable_reason', limit:)

        expect(said).to start_with(':ruby').and include('the core needs').and include(advice)
      end
    end

    it 'loads where there is enough, with room for work' do
      said = run('p TaskerCore.implementation; core = TaskerCore::Core.current; ' \
                 "200.times { core.call('event_catalog', {}) }; p core.call('ping', {})", limit: 'ulimit -v 3500000')

      expect(said).to eq(":native\n\"pong\"")
    end
  end
end
