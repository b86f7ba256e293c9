# frozen_string_literal: true

module TaskerCore
  # Shows the core's metrics in the engine's metrics backend, so that the exporters that
  # read it (Prometheus, JSON, CSV, the cache) have them too:
  #
  #   Rails.application.config.after_initialize { TaskerCore::EngineMetrics.register }
  #
  # They are asked for when they are exported and not before. The engine names a metric
  # by its labels too, which is no name for Prometheus, so each stands there as the sum
  # over its labels. A process that has not loaded the native core is not made to.
  class EngineMetrics
    # Everything that Stats has, without asking the core for it: registering happens at
    # boot, often in a process that is about to fork.
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
      # @return [Integer] how many metrics were registered; again after the backend's
      #   clear!
      def register(backend = ::Tasker::Telemetry::MetricsBackend.instance)
        METRICS.each { |name, kind| backend.metrics[name] = new(name, kind) }.size
      end
    end

    # @return [String]
    attr_reader :name

    # @return [Time]
    attr_reader :created_at

    # @param name [String]
    # @param kind [Symbol] :counter, :gauge or :histogram
    def initialize(name, kind)
      @name = name
      @kind = kind
      @created_at = Time.current
    end

    # @return [Hash] none: see above
    def labels = {}

    # @return [Numeric] of a counter or a gauge; of a histogram how many values it has
    def value = @kind == :histogram ? to_h[:count] : number

    # @return [Hash{Symbol => Object}] as the engine's own metrics give it
    def to_h = { name:, labels:, type: @kind, created_at:, **(@kind == :histogram ? distribution : { value: number }) }

    # @return [String]
    def description = "#{name} = #{value} (#{@kind})"

    private

    def samples
      return [] unless Library.loaded?

      TaskerCore.stats.values(name) { true }
    rescue Unavailable
      []
    end

    # Counts are whole numbers, as the engine's counters are.
    def number = samples.sum.to_i

    def distribution
      all = samples
      count = all.sum(&:count)
      sum = all.sum(0.0, &:sum)
      { buckets: { **buckets(all), Float::INFINITY => count }, count:, sum:, average: count.zero? ? 0.0 : sum / count }
    end

    # How many values of all distributions lie below or at each bound.
    def buckets(all)
      return {} if all.empty?

      all.first.bounds.zip(all.map(&:counts).transpose.map(&:sum)).to_h
    end
  end
end
