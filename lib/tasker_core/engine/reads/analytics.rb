# frozen_string_literal: true

module TaskerCore
  module Engine
    # Replaces FunctionBasedSystemHealthCounts.call, ...AnalyticsMetrics.call, ...SlowestTasks.call
    # and ...SlowestSteps.call. In tasker-engine 0.1.0 the last two raise errors, in SQL and in
    # Ruby; here they give the intended answers. In shadow mode they still raise.
    module Analytics
      # The columns that change between two calls, which shadow mode does not compare.
      VOLATILE = %i[active_connections analysis_period_start calculated_at].freeze
      private_constant :VOLATILE

      # The engine's options for the slowest steps and tasks, and the core's names for them.
      OPTIONS = { since_timestamp: :since, limit_count: :limit, namespace_filter: :namespace,
                  task_name_filter: :task_name, version_filter: :version }.freeze
      private_constant :OPTIONS

      # An answer in the form in which shadow mode compares it.
      Compared = Struct.new(:attributes)
      private_constant :Compared

      class << self
        # @return [void]
        def apply
          { FunctionBasedSystemHealthCounts: SystemHealthCounts, FunctionBasedAnalyticsMetrics: AnalyticsMetrics,
            FunctionBasedSlowestTasks: SlowestTasks, FunctionBasedSlowestSteps: SlowestSteps }.each do |name, face|
            next unless ::Tasker::Functions.const_defined?(name)

            ::Tasker::Functions.const_get(name).singleton_class.prepend(face)
          end
        end

        # Answers one of the four calls as the switch says.
        #
        # @param owner [Class] the class that was called
        # @param function [String] the SQL function that the engine calls
        # @param arguments [Array] of the call
        # @param engine [Proc] the engine's own method
        # @yieldparam client [Client] on the connection of the engine's class
        # @yieldreturn [Object] the core's answer
        def read(owner, function, arguments, engine)
          core = lambda do
            KnownFunctions.demand(owner.connection, function)
            yield TaskerCore.on(owner.connection)
          end
          shadowed = TaskerCore.configuration.dependency_resolution == :shadow
          return beside(owner, arguments, engine, core) if shadowed

          Engine.read(:dependency_resolution, owner, :call, arguments, engine, &core)
        end

        # @param value [Object]
        # @return [Boolean] whether the core accepts it as a point in time
        def moment?(value) = value.nil? || value.acts_like?(:time)

        # The options for the slowest steps or tasks under the core's names.
        #
        # @return [Hash, nil] nil for names and values that the engine has to validate
        def slowest(options)
          return unless (options.keys - OPTIONS.keys).empty? && options.all? { |name, value| option?(name, value) }

          options.transform_keys(OPTIONS)
        end

        # @param row [Row]
        # @param struct [Class] the engine's
        # @return [Object] with floats for decimals, and text for the columns that the engine reads
        #   as text
        def wrap(row, struct)
          struct.new(row.to_h.to_h { |name, value| [name, cast(name, value)] })
        end

        private

        def option?(name, value)
          case name
          when :since_timestamp then moment?(value)
          when :limit_count then value.nil? || (value.is_a?(Integer) && value.between?(0, (2**31) - 1))
          else value.nil? || value.instance_of?(String)
          end
        end

        # The engine's structs read times from text and do not accept NULL for a number.
        def cast(name, value)
          case value
          when BigDecimal then value.to_f
          when Time then VOLATILE.include?(name) ? value.strftime('%F %T %z') : value.iso8601(6)
          else name == :attempts ? value.to_i : value
          end
        end

        def beside(owner, arguments, engine, core)
          answer = engine.call
          answers = [answer]
          again = -> { compared(answers.shift || engine.call) }
          Shadow.read(:dependency_resolution, "#{owner.name}.call", arguments, again) { compared(core.call) }
          answer
        end

        def compared(answer)
          Array(answer.is_a?(Array) ? answer : [answer]).map do |row|
            Compared.new(row.attributes.except(*VOLATILE).transform_keys(&:name))
          end
        end
      end

      # Prepended to FunctionBasedSystemHealthCounts.
      module SystemHealthCounts
        # @return [Tasker::Functions::FunctionBasedSystemHealthCounts::HealthMetrics]
        def call
          Analytics.read(self, 'get_system_health_counts_v01', [], -> { super() }) do |client|
            self::HealthMetrics.new(client.system_health_counts.to_h)
          end
        end
      end

      # Prepended to FunctionBasedAnalyticsMetrics.
      module AnalyticsMetrics
        # @param since_timestamp [Time, nil] nil: an hour ago
        # @return [Tasker::Functions::FunctionBasedAnalyticsMetrics::AnalyticsMetrics]
        def call(since_timestamp = nil)
          return super unless Analytics.moment?(since_timestamp)

          engine = -> { super(since_timestamp) }
          Analytics.read(self, 'get_analytics_metrics_v01', [since_timestamp], engine) do |client|
            Analytics.wrap(client.analytics_metrics(since: since_timestamp), self::AnalyticsMetrics)
          end
        end
      end

      # Prepended to FunctionBasedSlowestTasks.
      module SlowestTasks
        # @return [Array<Tasker::Functions::FunctionBasedSlowestTasks::SlowestTask>]
        def call(**options)
          asked = Analytics.slowest(options)
          return super unless asked

          engine = -> { super(**options) }
          Analytics.read(self, 'get_slowest_tasks_v01', [options], engine) do |client|
            client.slowest_tasks(**asked).map { |row| Analytics.wrap(row, self::SlowestTask) }
          end
        end
      end

      # Prepended to FunctionBasedSlowestSteps.
      module SlowestSteps
        # @return [Array<Tasker::Functions::FunctionBasedSlowestSteps::SlowestStep>]
        def call(**options)
          asked = Analytics.slowest(options)
          return super unless asked

          engine = -> { super(**options) }
          Analytics.read(self, 'get_slowest_steps_v01', [options], engine) do |client|
            client.slowest_steps(**asked).map { |row| Analytics.wrap(row, self::SlowestStep) }
          end
        end
      end
    end
  end
end
