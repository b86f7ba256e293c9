# frozen_string_literal: true

require 'open3'
require 'pty'
require 'tmpdir'
require 'io/console'
require_relative 'children'
require_relative 'database'

# A small Rails application in a process of its own: Rails boots once in a process. The engine's
# stand-in comes late, as something that is autoloaded.
class RailsProgram
  # Runs a rake task as bin/rails does.
  RAKE = <<~RUBY
    Rails.application.load_tasks
    Rake::Task[ARGV.shift].invoke(*ARGV)
  RUBY
  private_constant :RAKE

  # @param engine [Boolean] whether the stand-in of the engine is loaded
  # @param initializer [String] Ruby, for config/initializers
  # @param settings [String] Ruby, in the application's class
  # @param code [String] Ruby that the booted application runs; the rake task that is its first
  #   argument unless given
  # @param environment [Hash{String => String}]
  def initialize(engine: true, initializer: '', settings: '', code: RAKE, environment: {})
    @folder = Dir.mktmpdir('tasker_core-program')
    @environment = { 'RAILS_ENV' => 'test', 'DATABASE_URL' => Database.url, 'NO_COLOR' => nil, 'TERM' => 'xterm',
                     'COLUMNS' => nil, 'LINES' => nil, **environment }
    FileUtils.mkdir_p("#{@folder}/config/initializers")
    File.write("#{@folder}/config/initializers/tasker_core.rb", initializer)
    File.write("#{@folder}/program.rb", source(engine, settings, code))
  end

  # Makes one for a block.
  def self.run(**)
    program = new(**)
    yield program
  ensure
    program&.remove
  end

  # @return [Array<String>] what starts the program: a rake task and its arguments, unless it runs other code
  def command(*arguments) = [RbConfig.ruby, '-W0', "#{@folder}/program.rb", *arguments.map(&:to_s)]

  # Runs the program to its end, without a terminal.
  #
  # @return [Array(String, String, Integer)] what it wrote to both streams, and its exit code
  def call(*, **environment)
    out, err, status = Open3.capture3({ **@environment, **environment.transform_keys(&:to_s) }, *command(*))
    [out, err, status.exitstatus]
  end

  # Runs a task on a terminal of its own.
  #
  # @param size [Array(Integer, Integer)] lines and columns
  # @yieldparam terminal [Terminal]
  # @yieldparam pid [Integer]
  # @return [Integer, nil] the exit code; nil where a signal ended it
  def on_terminal(task, *, size: [24, 80], **environment)
    terminal, input, pid = PTY.spawn({ **@environment, **environment.transform_keys(&:to_s) },
                                     *command(task, *))
    input.winsize = size
    yield Terminal.new(terminal, input), pid
    Process.wait2(pid).last.exitstatus.tap { pid = nil }
  ensure
    Children.end_child(pid) if pid
    [terminal, input].each { |io| io&.close }
  end

  # What is on the other side of a terminal.
  Terminal = Struct.new(:output, :input) do
    # @return [String] what was written, as soon as there is something
    # @raise [Errno::EIO] when the program has ended
    def readpartial(size) = output.readpartial(size)

    def wait_readable(seconds) = output.wait_readable(seconds)

    # Types something.
    def write(text)
      input.write(text)
      input.flush
    end
  end

  def remove = FileUtils.remove_entry(@folder)

  private

  def source(engine, settings, code)
    <<~RUBY
      $LOAD_PATH.unshift '#{Children::LIB}'
      require 'rails'
      require 'active_record/railtie'
      require 'active_job/railtie'
      require 'tasker_core'
      class Program < Rails::Application
        config.root = '#{@folder}'
        config.eager_load = false
        config.load_defaults 7.2
        config.logger = Logger.new(IO::NULL)
        #{settings}
      end
      #{"require '#{File.expand_path('engine', __dir__)}'" if engine}
      Rails.application.initialize!
      #{code}
    RUBY
  end
end
