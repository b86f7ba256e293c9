# frozen_string_literal: true

module TaskerCore
  # Provides the settings +config.tasker_core+, and applies them when the engine's classes are
  # loaded and after each reload. At boot it reports if the gem was installed without its native
  # core.
  class Railtie < ::Rails::Railtie
    config.tasker_core = TaskerCore.configuration

    config.to_prepare { Engine.prepare }

    initializer('tasker_core.log_subscriber') { LogSubscriber.switch(config.tasker_core.log_subscriber) }

    config.after_initialize { Installation.check(::Rails.logger) }

    rake_tasks { load File.expand_path('tasker_core.rake', __dir__) }
  end
end
