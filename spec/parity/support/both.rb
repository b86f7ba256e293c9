# frozen_string_literal: true

# Runs a piece of code on the engine's own methods and on the core, and gives what
# can be compared of the answers: values with their classes.
module Both
  def by_engine(&) = answer(:off, &)

  def by_core(&) = answer(:active, &)

  # Both answer alike, and the core did take part: +statements+ is how many of its
  # own statements it ran at least.
  def expect_equal_answers(statements: 1, &)
    expected = by_engine(&)
    actual = nil
    ran = core_statements { actual = by_core(&) }
    expect(actual).to eq(expected)
    expect(ran).to be >= statements
    expect(TaskerCore::Reporting.counts).to be_empty
  end

  # @return [Integer] how many statements of the core the block ran
  def core_statements(&)
    count = 0
    counter = ->(*, payload) { count += 1 if payload[:name].to_s.start_with?('TaskerCore ') }
    ActiveSupport::Notifications.subscribed(counter, 'sql.active_record', &)
    count
  end

  private

  def answer(switch)
    TaskerCore.configure { |c| c.dependency_resolution = switch }
    comparable(yield)
  rescue ActiveRecord::ActiveRecordError, ArgumentError, NoMethodError => e
    [:raised, e.class]
  end

  def comparable(value)
    case value
    when Array, ActiveRecord::Relation then value.map { |row| comparable(row) }
    when Hash then value.transform_values { |cell| comparable(cell) }
    when Time then [value.class, value.to_r, value.utc_offset, value.zone]
    when Tasker::Functions::FunctionWrapper, ActiveRecord::Base
      [value.class, comparable(value.attributes)]
    else [value.class, value]
    end
  end
end
