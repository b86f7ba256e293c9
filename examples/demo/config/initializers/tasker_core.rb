# frozen_string_literal: true

TaskerCore.configure do |config|
  config.dependency_resolution = :active
  config.state_transitions = :active
  config.orchestration = :active
end
