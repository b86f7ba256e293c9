# frozen_string_literal: true

# What the core has counted.
module TaskerCore
  class << self
    # Counters, gauges and latency histograms of this process since its core was
    # opened. Names, types and units are listed in docs/TELEMETRY.md.
    #
    #   TaskerCore.stats['tasker_core_claims_refused_total']
    #   TaskerCore.stats.to_prometheus
    #
    # @return [Stats]
    def stats = Stats.of(Core.current)
  end

  # All metrics at one moment.
  class Stats
    # One metric.
    #
    # @!attribute [r] name
    #   @return [String]
    # @!attribute [r] kind
    #   @return [Symbol] :counter, :gauge or :histogram
    # @!attribute [r] help
    #   @return [String]
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
    #   @return [Array<Float>] the upper ends of the buckets
    # @!attribute [r] counts
    #   @return [Array<Integer>] how many values lie below or at each of them
    # @!attribute [r] count
    #   @return [Integer] how many values there are
    # @!attribute [r] sum
    #   @return [Float] of all values
    Distribution = Data.define(:bounds, :counts, :count, :sum) do
      # @return [Float, nil] the upper end of the bucket in which the value lies that
      #   this part of all values does not exceed; nil without values, or above all
      def quantile(part)
        place = counts.index { |below| below >= part * count }
        bounds[place] if place && count.positive?
      end
    end

    # @param core [Core]
    # @return [Stats]
    # @raise [Unavailable] if there is no native library in this process
    def self.of(core) = new(core)

    # @return [Array<Metric>]
    attr_reader :metrics

    def initialize(core)
      @core = core
      core.count
      @metrics = core.call('stats', 'reports' => reports).map do |name, kind, help, samples|
        Metric.new(name:, kind: kind.to_sym, help:, samples: samples.map { |sample| sample_of(*sample) })
      end
    end

    # @param name [String]
    # @param labels [Hash{Symbol, String => String}] which sample; none where there is
    #   but one, or for the sum of numbers over all samples
    # @return [Float, Distribution, nil] nil where nothing was counted yet
    def [](name, **labels)
      wanted = labels.to_h { |label, value| [label.to_s, value.to_s] }
      found = values(name) { |sample| sample.labels >= wanted }
      found.size > 1 && found.all?(Numeric) ? found.sum : found.first
    end

    # @param name [String]
    # @yieldparam sample [Sample]
    # @return [Array<Float, Distribution>] the values of the samples that the block wants
    def values(name, &)
      metric = @metrics.find { |one| one.name == name }
      metric ? metric.samples.select(&).map(&:value) : []
    end

    # @return [Hash{String => Object}] values by name; by labels where there are some
    def to_h
      @metrics.to_h do |metric|
        plain = metric.samples.one? && metric.samples.first.labels.empty?
        [metric.name, plain ? metric.samples.first.value : metric.samples.to_h { |one| [one.labels, one.value] }]
      end
    end

    # @return [String] all metrics as they are now, in Prometheus' text form 0.0.4
    def to_prometheus
      @core.count
      @core.call('stats_text', 'reports' => reports)
    end

    private

    # What Ruby counts: the core does not know where it was not asked.
    def reports = Reporting.counts.map { |(capability, kind), count| [capability.to_s, kind.to_s, count] }

    def sample_of(labels, value)
      return Sample.new(labels:, value:) unless value.is_a?(Array)

      bounds, counts, sum = value
      *counts, count = counts
      Sample.new(labels:, value: Distribution.new(bounds:, counts:, count:, sum:))
    end
  end
end
