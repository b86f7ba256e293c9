# frozen_string_literal: true

namespace :tasker_core do
  seconds = lambda do |arguments|
    Float(arguments.fetch(:seconds, 600), exception: false) ||
      abort("#{arguments[:seconds]} is no number of seconds: bin/rails 'tasker_core:stuck[600]'")
  end

  desc 'Show whether the native core is available, and every setting'
  task settings: :environment do
    reason = TaskerCore.unavailable_reason
    state = reason ? "Ruby only, because #{reason}" : 'the native core is available'
    puts "tasker_core #{TaskerCore::VERSION}: #{state}"
    values = TaskerCore.configuration.to_h
    TaskerCore::Configuration.settings.each_value do |setting|
      puts "  #{setting.name.to_s.ljust(30)} #{values[setting.name].inspect.ljust(20)} #{setting.doc}"
    end
  end

  desc "Compare the engine's database with what is expected; exits with 1 where something is missing or changed"
  task check: :environment do
    check = TaskerCore.on(Tasker::ApplicationRecord.connection).check_schema
    puts check
    exit 1 unless check.clean?
  end

  desc 'Say how the core stands here, and what to do; exits with 1 where there is a problem'
  task doctor: :environment do
    report = TaskerCore.doctor
    puts report
    exit 1 unless report.healthy?
  end

  desc 'List the steps and tasks that a dead worker seems to hold, for more than 600 seconds or as many as given'
  task :stuck, [:seconds] => :environment do |_, arguments|
    older_than = seconds.call(arguments)
    steps = TaskerCore.stuck_steps(older_than:)
    tasks = TaskerCore.stuck_tasks(older_than:)
    steps.each do |step|
      puts "step #{step.workflow_step_id} (#{step.name}) of task #{step.task_id}: " \
           "in_progress since #{step.since}, attempts #{step.attempts.to_i}"
    end
    tasks.each { |task| puts "task #{task.task_id} (#{task.name}): in_progress without a step since #{task.since}" }
    puts "#{steps.size} steps and #{tasks.size} tasks are stuck for more than #{older_than} seconds"
  end

  desc 'Take them from it, and enqueue their tasks; 600 seconds or as many as given'
  task :reset_stuck, [:seconds] => :environment do |_, arguments|
    reset = TaskerCore.reset_stuck(older_than: seconds.call(arguments))
    reset.steps.each do |step|
      puts "step #{step.workflow_step_id} (#{step.name}) of task #{step.task_id}: " \
           "#{step.state}, attempts #{step.attempts}"
    end
    puts "#{reset.steps.size} steps were reset; tasks enqueued: #{reset.task_ids.join(', ').presence || 'none'}"
  end

  desc "Draw a task: 'tasker_core:graph[42,task.svg]', or task.mmd for Mermaid; without a file to standard output"
  task :graph, %i[task_id file] => :environment do |_, arguments|
    abort "Which task? bin/rails 'tasker_core:graph[42,task.svg]'" unless arguments[:task_id]&.match?(/\A\d+\z/)
    file = arguments[:file]
    mermaid = file ? file.end_with?('.mmd', '.md') : ENV['FORMAT'] == 'mermaid'
    drawing = TaskerCore.draw(arguments[:task_id].to_i, format: mermaid ? :mermaid : :svg)
    abort "There is no task #{arguments[:task_id]}." unless drawing
    file ? File.write(file, drawing) : puts(drawing)
  end

  desc 'Enqueue tasks as soon as others have finished their steps, or made them for Rails; until SIGTERM or Ctrl-C'
  task listen: :environment do
    listener = TaskerCore::Listener.start
    wake, signal = IO.pipe
    %w[TERM INT].each { |name| trap(name) { signal.write_nonblock('.') } }
    puts 'tasker_core listens for steps that workers have finished, and for tasks made for Rails'
    wake.read(1)
    listener.stop
  end
end
