# frozen_string_literal: true

require 'active_support/log_subscriber'

module TaskerCore
  # Logs the core's operations through Rails.logger at the level debug:
  #
  #   TaskerCore claim (0.6ms) task 42 step 7: allowed
  #
  # config.tasker_core.log_subscriber = true attaches it. It does not log failures and differences,
  # because reports are logged in any case.
  class LogSubscriber < ActiveSupport::LogSubscriber
    # Attaches or detaches it.
    #
    # @api private
    #
    # @param wanted [Boolean]
    # @return [void]
    def self.switch(wanted)
      return if wanted == (@attached || false)

      wanted ? attach_to(:tasker_core) : detach_from(:tasker_core)
      @attached = wanted
    end

    %i[claim complete session transition].each do |name|
      define_method(name) { |event| line(event) }
      subscribe_log_level name, :debug
    end

    private

    def line(event)
      payload = event.payload
      about = payload.slice(:task_id, :step_id).map { |key, id| "#{key.to_s.delete_suffix('_id')} #{id}" }
      about << "to #{payload[:to]}" if payload[:to]
      outcome = payload[:exception]&.join(': ') || payload[:code]
      name = event.name.delete_suffix('.tasker_core')
      debug do
        "  TaskerCore #{name} (#{event.duration.round(1)}ms) #{about.join(' ')}#{": #{outcome}" if outcome}"
      end
    end
  end
end
