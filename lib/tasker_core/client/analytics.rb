# frozen_string_literal: true

require_relative 'numbers'
require_relative '../native/row'

module TaskerCore
  # The operations of a Client that look at the whole database. They run statements
  # of the core's own, with the rules of the engine's functions; the functions
  # themselves are not called and need not be there. Decimals are BigDecimal, exact.
  module Analytics
    include Numbers

    # Counts of tasks and steps by state, of retries and of connections: the
    # engine's get_system_health_counts_v01.
    #
    # @return [SystemHealthCounts]
    def system_health_counts = SystemHealthCounts.all(call('system_health_counts', {})).first

    # Throughput, rates and durations: the engine's get_analytics_metrics_v01.
    #
    # @param since [Time, nil] tasks made after it; nil: in the last hour
    # @return [AnalyticsMetrics]
    def analytics_metrics(since: nil)
      AnalyticsMetrics.all(call('analytics_metrics', 'since' => Moment.micros(since))).first
    end

    # The complete steps that took longest from being made to being complete: what
    # the engine's get_slowest_steps_v01 is meant to answer (as shipped it raises).
    #
    # @param since [Time, nil] steps made after it; nil: in the last 24 hours
    # @param limit [Integer, nil] how many at most; nil: all
    # @param namespace [String, nil] only of this namespace
    # @param task_name [String, nil] only of tasks with this name
    # @param version [String, nil] only of tasks with this version
    # @return [Array<SlowestStep>] longest first, then by id
    # @raise [InvalidArgument] for a negative limit
    def slowest_steps(since: nil, limit: 10, namespace: nil, task_name: nil, version: nil)
      SlowestStep.all(call('slowest_steps', slowest(since, limit, namespace, task_name, version)))
    end

    # The tasks that took longest from being made to their last complete or failed
    # step: what the engine's get_slowest_tasks_v01 is meant to answer (as shipped it
    # raises). As there, a step counts once for each row of its history.
    #
    # @param since [Time, nil] tasks made after it; nil: in the last 24 hours
    # @param limit [Integer, nil] how many at most; nil: all
    # @param namespace [String, nil] only of this namespace
    # @param task_name [String, nil] only with this name
    # @param version [String, nil] only with this version
    # @return [Array<SlowestTask>] longest first, then by id
    # @raise [InvalidArgument] for a negative limit
    def slowest_tasks(since: nil, limit: 10, namespace: nil, task_name: nil, version: nil)
      SlowestTask.all(call('slowest_tasks', slowest(since, limit, namespace, task_name, version)))
    end

    private

    def slowest(since, most, namespace, task_name, version)
      { 'since' => Moment.micros(since), 'limit' => limit(most), 'namespace' => namespace,
        'task_name' => task_name, 'version' => version }
    end

    # A point in time as the core takes it.
    module Moment
      module_function

      # @param time [Time, #to_time, nil]
      # @return [Integer, nil] microseconds since 1970 in UTC
      # @raise [InvalidArgument] for what is no time
      def micros(time)
        return if time.nil?

        moment = time.is_a?(Time) || !time.respond_to?(:to_time) ? time : time.to_time
        return (moment.to_i * 1_000_000) + moment.usec if moment.is_a?(Time)

        raise InvalidArgument.new("#{time.inspect} is no point in time; give a Time", code: 'invalid_argument')
      end
    end
    private_constant :Moment
  end
end
