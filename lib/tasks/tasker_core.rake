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
end
