# frozen_string_literal: true

require_relative 'config/environment'

# Nobody works the demo's own queue here: jobs run on threads of the server.
ActiveJob::Base.queue_adapter = :async

run Rails.application
