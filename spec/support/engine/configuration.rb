# frozen_string_literal: true

module Tasker
  # Stands in for Tasker::Configuration (lib/tasker/configuration.rb) and its
  # sections (lib/tasker/types/*_config.rb) with the engine's defaults.
  class Configuration
    BACKOFF = {
      default_backoff_seconds: [1, 2, 4, 8, 16, 32].freeze, max_backoff_seconds: 300, backoff_multiplier: 2.0,
      jitter_enabled: true, jitter_max_percentage: 0.1, default_reenqueue_delay: 30, buffer_seconds: 5,
      reenqueue_delays: { has_ready_steps: 0, waiting_for_dependencies: 45, processing: 10 }.freeze
    }.freeze
    EXECUTION = {
      min_concurrent_steps: 3, max_concurrent_steps_limit: 12, concurrency_cache_duration: 30,
      batch_timeout_base_seconds: 30, batch_timeout_per_step_seconds: 5, max_batch_timeout_seconds: 120,
      health_assessment_cache_duration: 30
    }.freeze
    TELEMETRY = {
      service_name: 'tasker', structured_logging_enabled: true, correlation_id_header: 'X-Correlation-ID',
      log_level: 'info', log_format: 'json', slow_query_threshold_seconds: 1.0, event_sampling_rate: 1.0,
      filtered_events: [].freeze,
      filter_parameters: %i[passw email secret token _key crypt salt certificate otp ssn].freeze,
      filter_mask: '[FILTERED]'
    }.freeze
    DATABASE = { name: nil, enable_secondary_database: false }.freeze

    # Sections are replaced, never changed.
    Backoff = Struct.new(*BACKOFF.keys, keyword_init: true)
    Execution = Struct.new(*EXECUTION.keys, keyword_init: true) do
      def calculate_batch_timeout(size)
        [batch_timeout_base_seconds + (size * batch_timeout_per_step_seconds), max_batch_timeout_seconds].min
      end
    end
    Telemetry = Struct.new(*TELEMETRY.keys, keyword_init: true)
    Database = Struct.new(*DATABASE.keys, keyword_init: true)

    def initialize
      @sections = { backoff: Backoff.new(**BACKOFF), execution: Execution.new(**EXECUTION),
                    telemetry: Telemetry.new(**TELEMETRY), database: Database.new(**DATABASE) }
      @sections.each_value(&:freeze)
    end

    %i[backoff execution telemetry database].each do |section|
      define_method(section) do |&block|
        next @sections[section] unless block

        changed = @sections[section].dup
        block.call(changed)
        @sections[section] = changed.freeze
      end
    end

    def self.configuration = @configuration ||= new
    def self.reset_configuration! = @configuration = new
  end

  def self.configuration = Configuration.configuration

  def self.configure
    yield configuration if block_given?
    configuration
  end

  def self.reset_configuration! = Configuration.reset_configuration!
end
