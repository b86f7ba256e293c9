# frozen_string_literal: true

require_relative 'calls'
require_relative 'meter'
require_relative 'table'
require_relative 'watch'

module Demo
  # Runs every workflow under every configuration: once at a pace that can be
  # watched, once as fast as it goes, then asks each call.
  class Runner
    # A configuration has a name and what the switches are. Off is the engine
    # alone, which says something about the engine only where it runs.
    Configuration = Struct.new(:name, :switches)
    WORKFLOWS = { 'order_line' => 'a line', 'price_quote' => 'a diamond', 'photo_album' => 'a wide fan' }.freeze
    SECONDS_A_STEP = 0.12
    RUNS = 3
    READS = 9
    PICTURES = File.expand_path('../../../../tmp/demo', __dir__)

    # A run that did not end as it must.
    class Failed < StandardError; end

    def initialize(screen: TaskerCore::Terminal.new)
      @screen = screen
      @reports = []
      @watched = {}
    end

    # @return [Array<Configuration>] the columns of the table: the core as
    #   config/initializers/tasker_core.rb switches it on, before it the core under the
    #   engine's own loop, and the engine without it
    def configurations
      @configurations ||= begin
        switches = TaskerCore.configuration.to_h.slice(*TaskerCore::Configuration.switches)
        core = Configuration.new('with tasker_core', switches)
        Engine.real? ? [*beside(switches), core] : [core]
      end
    end

    # @raise [Failed] if a task was not completed, or the core did not do its work
    def run
      prepare
      introduce
      measures = configurations.to_h { |configuration| [configuration.name, under(configuration)] }
      show(measures)
      draw
      raise Failed, "the core reported: #{@reports.join('; ')}" if @reports.any?
    end

    private

    def beside(switches)
      [Configuration.new('engine alone', switches.transform_values { :off }),
       Configuration.new("core, engine's loop", { **switches, orchestration: :off })]
    end

    def prepare
      TaskerCore::Library.load!
      connection = Tasker::ApplicationRecord.connection
      TaskerCore.on(connection).install_schema unless connection.table_exists?('tasker_tasks')
      Watch.subscribe
      @meter = Meter.new
    end

    def introduce
      on = configurations.last.switches.filter_map { |name, value| name if value == :active }
      @screen.say("tasker_core #{TaskerCore::VERSION} (#{TaskerCore.implementation}) under #{Engine.name}, " \
                  "Ruby #{RUBY_VERSION}, Rails #{Rails.version}")
      @screen.say("Switched on: #{on.join(', ')}")
      return if Engine.real?

      @screen.say('The gem tasker-engine is not installed: the workflows run on the stand-in that the specs use.')
      @screen.say('It shows that everything is wired up; it is not the engine, so nothing here is compared with it.')
    end

    # Leaves a picture of each workflow as it was last watched.
    def draw
      FileUtils.mkdir_p(PICTURES)
      @watched.each { |name, task_id| File.write("#{PICTURES}/#{name}.svg", TaskerCore.draw(task_id)) }
      @screen.say
      @screen.say("Drawn as they were watched: #{@watched.keys.map { |name| "tmp/demo/#{name}.svg" }.join(', ')}")
    end

    def under(configuration)
      TaskerCore.configure do |config|
        configuration.switches.each { |name, value| config.public_send(:"#{name}=", value) }
        config.on_report = ->(report) { @reports << report.to_s }
      end
      WORKFLOWS.to_h do |name, shape|
        @screen.say
        @screen.say("#{name}, #{shape}, #{configuration.name}")
        [name, watched(name) && measured(name)]
      end
    end

    def watched(name)
      task = create(name, seconds_a_step: SECONDS_A_STEP)
      Watch.new(@screen, task).during { work }
      expect_complete(task)
      @watched[name] = task.task_id
    end

    # @return [Hash{String => Meter::Measure}] by call
    def measured(name)
      pairs = Array.new(RUNS) { create_and_run(name) }.transpose
      created, run = pairs.map { |measures| Meter.median(measures) }
      { 'create the task' => created, 'run the task' => run, **reads(Tasker::Task.maximum(:task_id)) }
    end

    def create_and_run(name)
      created = @meter.measure { create(name) }
      task = created.answer
      created.answer = "#{task.workflow_steps.count} steps"
      run = @meter.measure { work }
      run.answer = expect_complete(task)
      [created, run]
    end

    def reads(task_id)
      Calls::READS.transform_values do |call|
        Meter.median(Array.new(READS) { @meter.measure { call.call(task_id) } })
      end
    end

    def create(name, **context)
      context = { 'items' => [30, 50, 20], 'request' => SecureRandom.hex(8), **context.stringify_keys }
      request = Tasker::Types::TaskRequest.new(name:, context:)
      Tasker::HandlerFactory.instance.get(name).initialize_task!(request)
    end

    def work = Rails.application.config.active_job.queue_adapter.work

    def expect_complete(task)
      status = Tasker::Task.find(task.task_id).status
      return status if status == 'complete'

      raise Failed,
            "task #{task.task_id} ended as #{status}: look at the results of its steps in #{task.class.table_name}"
    end

    def show(measures)
      table = Table.new(measures.keys)
      WORKFLOWS.each_key do |name|
        measures.values.first.fetch(name).each_key do |call|
          table.add(name, call, measures.values.map { |by_workflow| by_workflow.fetch(name).fetch(call) })
        end
      end
      @screen.say
      table.lines(width: @screen.width).each { |line| @screen.say(line) }
      @screen.say
      @screen.say("Medians of #{RUNS} runs with handlers that do nothing, and of #{READS} reads, on this machine.")
    end
  end
end
