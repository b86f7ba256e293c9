# frozen_string_literal: true

require_relative '../../native/ids'
require_relative '../../native/nearest'

module TaskerCore
  class Verification
    # Chooses the tasks that are compared.
    #
    # @api private
    class Selection
      include Ids

      # The engine's states of tasks.
      STATES = %w[pending in_progress complete error cancelled resolved_manually].freeze
      # A task's current state by its audit rows.
      STATE = <<~SQL
        coalesce((SELECT nullif(rows.to_state, '') FROM %<rows>s rows
                  WHERE rows.task_id = %<tasks>s.task_id AND rows.most_recent LIMIT 1), 'pending')
      SQL
      # The same number from each state, as far as there are enough.
      DRAWN = <<~SQL
        SELECT task_id, state FROM (
          SELECT task_id, state, row_number() OVER (PARTITION BY state ORDER BY md5(task_id::text || %<seed>s), task_id) AS place
          FROM (%<chosen>s) chosen
        ) placed ORDER BY place, task_id LIMIT %<sample>d
      SQL
      private_constant :STATE, :DRAWN

      # @see Verification#initialize
      def initialize(sample:, states:, older_than:, newer_than:, task_ids:, seed:)
        @sample = sample.to_s == 'all' ? nil : number(sample)
        @states = states && Array(states).map(&:to_s)
        Nearest.demand('state of a task', @states, STATES) if @states
        @older_than = seconds(:older_than, older_than)
        @newer_than = seconds(:newer_than, newer_than)
        @task_ids = task_ids && ids(task_ids)
        @seed = Integer(seed)
      end

      # @return [Integer] the number of tasks to choose from
      def count = @count ||= select_value("SELECT count(*) FROM (#{chosen.to_sql}) chosen").to_i

      # @return [Integer] the number of chosen tasks
      def total = @sample ? [@sample, count].min : count

      # @param size [Integer] the size of a slice
      # @yieldparam states [Hash{Integer => String}] by task
      # @return [void]
      def each_slice(size, &)
        @sample ? drawn.each_slice(size) { |rows| yield rows.to_h } : each_slice_of_all(size, &)
      end

      private

      def drawn
        sql = format(DRAWN, chosen: chosen.to_sql, sample: @sample, seed: connection.quote(@seed.to_s))
        rows(sql)
      end

      def each_slice_of_all(size)
        last = nil
        loop do
          relation = chosen.order(:task_id).limit(size)
          relation = relation.where('task_id > ?', last) if last
          states = rows(relation.to_sql).to_h
          break if states.empty?

          yield states
          last = states.keys.last
        end
      end

      # Ignores the default scopes of the application.
      def chosen
        state = format(STATE, rows: ::Tasker::TaskTransition.quoted_table_name, tasks: model.quoted_table_name)
        relation = model.unscoped.select(:task_id, Arel.sql("#{state} AS state"))
        relation = relation.where(task_id: @task_ids) if @task_ids
        relation = relation.where(created_at: ..(Time.current - @older_than)) if @older_than
        relation = relation.where(created_at: (Time.current - @newer_than)..) if @newer_than
        @states ? relation.where("#{state} IN (?)", @states) : relation
      end

      def model = ::Tasker::Task

      def connection = ::Tasker::ApplicationRecord.connection

      def rows(sql) = model.uncached { connection.select_rows(sql, 'TaskerCore tasks to verify') }

      def select_value(sql) = rows(sql).dig(0, 0)

      def number(sample)
        count = Integer(sample, exception: false)
        return count if count&.positive?

        refuse("sample is #{sample.inspect}; it must be a number of tasks of 1 or more, or :all")
      rescue TypeError
        refuse("sample is #{sample.inspect}; it must be a number of tasks of 1 or more, or :all")
      end

      def seconds(name, age)
        return if age.nil?

        given = Float(age)
        return given if given.between?(0, 1e10)

        refuse("#{name} is #{age.inspect}; it must be a number of seconds of 0 or more")
      rescue TypeError, ArgumentError
        refuse("#{name} is #{age.inspect}; it must be a number of seconds, such as 7.days or 3600")
      end

      def refuse(message) = raise(InvalidArgument.new(message, code: 'invalid_argument'))
    end
  end
end
