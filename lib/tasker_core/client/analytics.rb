# frozen_string_literal: true

require_relative 'numbers'
require_relative '../native/row'

module TaskerCore
  # The client's operations on the whole database. They run the core's own statements, which follow
  # the rules of the engine's SQL functions; the functions themselves are not called and need not
  # exist. Decimal values are exact BigDecimals.
  module Analytics
    include Numbers

    # Counts tasks and steps by state, retries, and database connections, as the engine's
    # get_system_health_counts_v01 does.
    #
    # @return [SystemHealthCounts]
    def system_health_counts = SystemHealthCounts.all(call('system_health_counts', {})).first

    # Measures throughput, rates and durations, as the engine's get_analytics_metrics_v01 does.
    #
    # @param since [Time, nil] counts tasks created after this time; nil for the last hour
    # @return [AnalyticsMetrics]
    def analytics_metrics(since: nil)
      AnalyticsMetrics.all(call('analytics_metrics', 'since' => Moment.micros(since))).first
    end

    # Lists the complete steps that took longest from creation to completion. This is the intended
    # answer of the engine's get_slowest_steps_v01, which raises an error in tasker-engine 0.1.0.
    #
    # @param since [Time, nil] steps created after this time; nil for the last 24 hours
    # @param limit [Integer, nil] the maximum number of rows; nil for no limit
    # @param namespace [String, nil] only steps of this namespace
    # @param task_name [String, nil] only steps of tasks with this name
    # @param version [String, nil] only steps of tasks with this version
    # @return [Array<SlowestStep>] longest first, then by id
    # @raise [InvalidArgument] if the limit is negative
    def slowest_steps(since: nil, limit: 10, namespace: nil, task_name: nil, version: nil)
      SlowestStep.all(call('slowest_steps', slowest(since, limit, namespace, task_name, version)))
    end

    # Lists the tasks that took longest from creation to their last complete or failed step. This is
    # the intended answer of the engine's get_slowest_tasks_v01, which raises an error in
    # tasker-engine 0.1.0. As in that function, a step counts once for each row of its history.
    #
    # @param since [Time, nil] tasks created after this time; nil for the last 24 hours
    # @param limit [Integer, nil] the maximum number of rows; nil for no limit
    # @param namespace [String, nil] only tasks of this namespace
    # @param task_name [String, nil] only tasks with this name
    # @param version [String, nil] only tasks with this version
    # @return [Array<SlowestTask>] longest first, then by id
    # @raise [InvalidArgument] if the limit is negative
    def slowest_tasks(since: nil, limit: 10, namespace: nil, task_name: nil, version: nil)
      SlowestTask.all(call('slowest_tasks', slowest(since, limit, namespace, task_name, version)))
    end

    private

    def slowest(since, most, namespace, task_name, version)
      { 'since' => Moment.micros(since), 'limit' => limit(most), 'namespace' => namespace,
        'task_name' => task_name, 'version' => version }
    end

    # Converts a point in time to the form that the core takes.
    #
    # @api private
    module Moment
      module_function

      # @param time [Time, #to_time, nil]
      # @return [Integer, nil] microseconds since 1970 in UTC
      # @raise [InvalidArgument] if the value is not a time
      def micros(time)
        return if time.nil?

        moment = time.is_a?(Time) || !time.respond_to?(:to_time) ? time : time.to_time
        return (moment.to_i * 1_000_000) + moment.usec if moment.is_a?(Time)

        raise InvalidArgument.new("#{time.inspect} is not a point in time; pass a Time", code: 'invalid_argument')
      end
    end
    private_constant :Moment
  end
end
