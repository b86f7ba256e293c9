# frozen_string_literal: true

# Reads the core's metrics.
module TaskerCore
  class << self
    # Counters, gauges and latency histograms of this process since its core was opened.
    # docs/TELEMETRY.md lists the names, types and units.
    #
    #   TaskerCore.stats['tasker_core_claims_refused_total']
    #   TaskerCore.stats.to_prometheus
    #
    # @return [Stats]
    def stats = Stats.of(Core.current)
  end

  # All metrics at one point in time.
  class Stats
    # One metric.
    #
    # @!attribute [r] name
    #   @return [String]
    # @!attribute [r] kind
    #   @return [Symbol] :counter, :gauge or :histogram
    # @!attribute [r] help
    #   @return [String] the description
    # @!attribute [r] samples
    #   @return [Array<Sample>] one for each set of labels
    Metric = Data.define(:name, :kind, :help, :samples)

    # A metric's value for one set of labels.
    #
    # @!attribute [r] labels
    #   @return [Hash{String => String}]
    # @!attribute [r] value
    #   @return [Float, Distribution]
    Sample = Data.define(:labels, :value)

    # A histogram in seconds.
    #
    # @!attribute [r] bounds
    #   @return [Array<Float>] the upper bounds of the buckets
    # @!attribute [r] counts
    #   @return [Array<Integer>] for each bound, the number of values at or below it
    # @!attribute [r] count
    #   @return [Integer] the number of values
    # @!attribute [r] sum
    #   @return [Float] the sum of all values
    Distribution = Data.define(:bounds, :counts, :count, :sum) do
      # @param part [Float] from 0 to 1
      # @return [Float, nil] the upper bound of the bucket that contains this quantile; nil if there
      #   are no values, or if it lies above all bounds
      def quantile(part)
        place = counts.index { |below| below >= part * count }
        bounds[place] if place && count.positive?
      end
    end

    # @api private
    # @param core [Core]
    # @return [Stats]
    # @raise [Unavailable] if there is no native library in this process
    def self.of(core) = new(core)

    # @return [Array<Metric>] the metrics
    attr_reader :metrics

    def initialize(core)
      @core = core
      core.count
      @metrics = core.call('stats', 'reports' => reports).map do |name, kind, help, samples|
        Metric.new(name:, kind: kind.to_sym, help:, samples: samples.map { |sample| sample_of(*sample) })
      end
    end

    # @param name [String]
    # @param labels [Hash{Symbol, String => String}] selects a sample; leave them out if there is
    #   only one sample, or for the sum over all samples
    # @return [Float, Distribution, nil] nil if nothing was counted yet
    def [](name, **labels)
      wanted = labels.to_h { |label, value| [label.to_s, value.to_s] }
      found = values(name) { |sample| sample.labels >= wanted }
      found.size > 1 && found.all?(Numeric) ? found.sum : found.first
    end

    # @param name [String]
    # @yieldparam sample [Sample]
    # @return [Array<Float, Distribution>] the values of the samples for which the block is true
    def values(name, &)
      metric = @metrics.find { |one| one.name == name }
      metric ? metric.samples.select(&).map(&:value) : []
    end

    # @return [Hash{String => Object}] the values by name, and by labels if there are any
    def to_h
      @metrics.to_h do |metric|
        plain = metric.samples.one? && metric.samples.first.labels.empty?
        [metric.name, plain ? metric.samples.first.value : metric.samples.to_h { |one| [one.labels, one.value] }]
      end
    end

    # @return [String] the current metrics in the Prometheus text format 0.0.4
    def to_prometheus
      @core.count
      @core.call('stats_text', 'reports' => reports)
    end

    private

    # Counted in Ruby, because the core does not know when it was not asked.
    def reports = Reporting.counts.map { |(capability, kind), count| [capability.to_s, kind.to_s, count] }

    def sample_of(labels, value)
      return Sample.new(labels:, value:) unless value.is_a?(Array)

      bounds, counts, sum = value
      *counts, count = counts
      Sample.new(labels:, value: Distribution.new(bounds:, counts:, count:, sum:))
    end
  end
end
