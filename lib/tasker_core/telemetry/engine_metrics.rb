# frozen_string_literal: true

module TaskerCore
  # Adds the core's metrics to the engine's metrics backend, so that the exporters that read it
  # (Prometheus, JSON, CSV, the cache) contain them too:
  #
  #   Rails.application.config.after_initialize { TaskerCore::EngineMetrics.register }
  #
  # The core is asked when the metrics are exported. The engine includes labels in a metric's name,
  # which Prometheus does not accept, so each metric is the sum over its labels. Exporting does not
  # load the native core.
  class EngineMetrics
    # All metrics of Stats. Listing them here avoids loading the core when the metrics are
    # registered: that happens at boot, often in a process that will fork.
    METRICS = {
      'tasker_core_operation_duration_seconds' => :histogram, 'tasker_core_operation_errors_total' => :counter,
      'tasker_core_statement_duration_seconds' => :histogram, 'tasker_core_statement_errors_total' => :counter,
      'tasker_core_sessions_open' => :gauge, 'tasker_core_sessions_opened_total' => :counter,
      'tasker_core_claims_total' => :counter, 'tasker_core_claims_refused_total' => :counter,
      'tasker_core_steps_finished_total' => :counter, 'tasker_core_results_late_total' => :counter,
      'tasker_core_strict_reads_total' => :counter, 'tasker_core_events_published_total' => :counter,
      'tasker_core_events_matched_total' => :counter, 'tasker_core_events_delivered_total' => :counter,
      'tasker_core_events_dropped_total' => :counter, 'tasker_core_events_spilled_total' => :counter,
      'tasker_core_events_pending' => :gauge, 'tasker_core_subscriptions_open' => :gauge,
      'tasker_core_relay_events_sent_total' => :counter, 'tasker_core_relay_events_failed_total' => :counter,
      'tasker_core_relay_events_received_total' => :counter, 'tasker_core_relay_reconnects_total' => :counter,
      'tasker_core_spans_total' => :counter, 'tasker_core_spans_waiting' => :gauge,
      'tasker_core_log_lines_dropped_total' => :counter,
      'tasker_core_failovers_total' => :counter, 'tasker_core_reports_total' => :counter
    }.freeze

    class << self
      # @param backend [Tasker::Telemetry::MetricsBackend]
      # @return [Integer] the number of registered metrics; register them again after the backend's
      #   clear!
      def register(backend = ::Tasker::Telemetry::MetricsBackend.instance)
        METRICS.each { |name, kind| backend.metrics[name] = new(name, kind) }.size
      end
    end

    # @return [String] the name of the metric
    attr_reader :name

    # @return [Time] when it was registered
    attr_reader :created_at

    # @api private
    # @param name [String]
    # @param kind [Symbol] :counter, :gauge or :histogram
    def initialize(name, kind)
      @name = name
      @kind = kind
      @created_at = Time.current
    end

    # @return [Hash] always empty
    def labels = {}

    # @return [Numeric] the value of a counter or gauge, or the number of values of a histogram
    def value = @kind == :histogram ? to_h[:count] : number

    # @return [Hash{Symbol => Object}] in the form of the engine's own metrics
    def to_h = { name:, labels:, type: @kind, created_at:, **(@kind == :histogram ? distribution : { value: number }) }

    # @return [String] the name, value and kind
    def description = "#{name} = #{value} (#{@kind})"

    private

    def samples
      return [] unless Library.loaded?

      TaskerCore.stats.values(name) { true }
    rescue Unavailable
      []
    end

    # Counts are integers, as in the engine's counters.
    def number = samples.sum.to_i

    def distribution
      all = samples
      count = all.sum(&:count)
      sum = all.sum(0.0, &:sum)
      { buckets: { **buckets(all), Float::INFINITY => count }, count:, sum:, average: count.zero? ? 0.0 : sum / count }
    end

    # For each bound, the number of values of all distributions at or below it.
    def buckets(all)
      return {} if all.empty?

      all.first.bounds.zip(all.map(&:counts).transpose.map(&:sum)).to_h
    end
  end
end
