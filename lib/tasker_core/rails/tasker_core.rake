# frozen_string_literal: true

namespace :tasker_core do
  seconds = lambda do |arguments|
    Float(arguments.fetch(:seconds, 600), exception: false) ||
      abort("#{arguments[:seconds]} is not a number of seconds: bin/rails 'tasker_core:stuck[600]'")
  end

  # Prints an error that the user can correct as one line, without a backtrace.
  told = lambda do |&work|
    work.call
  rescue TaskerCore::EngineMissing, TaskerCore::InvalidArgument => e
    abort e.message
  end

  desc 'Show whether the native core is available, and the value of every setting'
  task settings: :environment do
    reason = TaskerCore.unavailable_reason
    state = reason ? "Ruby only, because #{reason}" : 'the native core is available'
    puts "tasker_core #{TaskerCore::VERSION}: #{state}"
    values = TaskerCore.configuration.to_h
    TaskerCore::Configuration.settings.each_value do |setting|
      puts "  #{setting.name.to_s.ljust(30)} #{values[setting.name].inspect.ljust(20)} #{setting.doc}"
    end
  end

  desc "Compare the engine's tables and functions with the expected ones. Exits with 1 if any is missing or changed"
  task check: :environment do
    told.call do
      check = TaskerCore.on(TaskerCore::Engine.connection('tasker_core:check')).check_schema
      puts check
      exit 1 unless check.clean?
    end
  end

  desc 'Check the core, the settings and the database, and give advice. Exits with 1 if there is a problem'
  task doctor: :environment do
    report = TaskerCore.doctor
    puts report
    exit 1 unless report.healthy?
  end

  desc "Compare the core's answers with the engine's on the application's tasks. Only reads. Exits with 0 if it " \
       'is safe to go active, 1 if not, 2 if that is unknown. SAMPLE=1000 or ALL=1, STATES=error,pending, ' \
       'OLDER_THAN=7d, NEWER_THAN=12h, TASKS=1,2, ONLY=, EXCEPT=, SECONDS=60, JSON=report.json'
  task verify: :environment do
    require 'tasker_core/operations/verification/command'
    exit TaskerCore::Verification::Command.new(ENV).run
  end

  desc 'List steps and tasks without progress for over 600 seconds (or as given)'
  task :stuck, [:seconds] => :environment do |_, arguments|
    older_than = seconds.call(arguments)
    told.call do
      steps = TaskerCore.stuck_steps(older_than:)
      tasks = TaskerCore.stuck_tasks(older_than:)
      steps.each do |step|
        puts "step #{step.workflow_step_id} (#{step.name}) of task #{step.task_id}: " \
             "in_progress since #{step.since}, attempts #{step.attempts.to_i}"
      end
      tasks.each { |task| puts "task #{task.task_id} (#{task.name}): no progress since #{task.since}" }
      puts "#{steps.size} steps and #{tasks.size} tasks have been stuck for more than #{older_than} seconds"
    end
  end

  desc 'Reset steps and tasks that have been in progress for over 600 seconds (or as given), and enqueue the tasks'
  task :reset_stuck, [:seconds] => :environment do |_, arguments|
    older_than = seconds.call(arguments)
    told.call do
      reset = TaskerCore.reset_stuck(older_than:)
      reset.steps.each do |step|
        puts "step #{step.workflow_step_id} (#{step.name}) of task #{step.task_id}: " \
             "#{step.state}, attempts #{step.attempts}"
      end
      puts "#{reset.steps.size} steps were reset; tasks enqueued: #{reset.task_ids.join(', ').presence || 'none'}"
    end
  end

  desc "Draw a task to a file, or to standard output: 'tasker_core:graph[42,task.svg]', task.mmd for Mermaid"
  task :graph, %i[task_id file] => :environment do |_, arguments|
    abort "Which task? bin/rails 'tasker_core:graph[42,task.svg]'" unless arguments[:task_id]&.match?(/\A\d+\z/)
    file = arguments[:file]
    told.call do
      format = TaskerCore::Drawing.format_of(file, ENV.fetch('FORMAT', 'svg'))
      drawing = TaskerCore.draw(arguments[:task_id].to_i, format:)
      abort "There is no task #{arguments[:task_id]}." unless drawing
      file ? File.write(file, drawing) : puts(drawing)
    end
  end

  desc "Watch a task until it ends: 'tasker_core:watch[42]'. Exits with 0 if it is complete or resolved manually, 1 " \
       'if it is in error, 2 if it is cancelled, 3 if it is unknown'
  task :watch, %i[task_id] => :environment do |_, arguments|
    unless arguments[:task_id]&.match?(/\A\d+\z/)
      $stderr.write("Which task? bin/rails 'tasker_core:watch[42]'\n")
      exit 64
    end
    told.call { exit TaskerCore::Watch::Command.new(arguments[:task_id].to_i).run }
  end

  desc 'Enqueue tasks when workers have finished steps or created tasks for Rails. Runs until SIGTERM or Ctrl-C'
  task listen: :environment do
    told.call do
      listener = TaskerCore::Listener.start
      wake, signal = IO.pipe
      %w[TERM INT].each { |name| trap(name) { signal.write_nonblock('.') } }
      puts 'tasker_core listens for steps that workers have finished, and for tasks created for Rails'
      wake.read(1)
      listener.stop
    end
  end
end
