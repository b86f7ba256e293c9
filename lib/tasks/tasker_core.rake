# frozen_string_literal: true

namespace :tasker_core do
  desc 'Show whether the native core is available, and every setting'
  task settings: :environment do
    reason = TaskerCore.unavailable_reason
    state = reason ? "Ruby only, because #{reason}" : 'the native core is available'
    puts "tasker_core #{TaskerCore::VERSION}: #{state}"
    values = TaskerCore.configuration.to_h
    TaskerCore::Configuration.settings.each_value do |setting|
      puts "  #{setting.name.to_s.ljust(24)} #{values[setting.name].inspect.ljust(10)} #{setting.doc}"
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
end
