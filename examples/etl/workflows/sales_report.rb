# frozen_string_literal: true

# Sales are read and the report is written in Rails; what lies between is Python's
# (steps.py).
class SalesReport
  include Tasker::TaskHandler

  REGIONS = %w[north south east west].freeze

  # Reads the sales of some days: the same ones for the same seed, some of them wrong.
  class Extract < Tasker::StepHandler::Base
    def process(task, _sequence, _step)
      random = Random.new(task.context.fetch('seed'))
      { 'sales' => Array.new(task.context.fetch('sales')) { |number| sale(number, random) } }
    end

    private

    # Amounts are cents. One in fifty was typed wrongly.
    def sale(number, random)
      cents = random.rand(500..20_000)
      { 'day' => number % 30, 'region' => REGIONS.sample(random:),
        'cents' => (number % 50).zero? ? cents * 1_000_000_000_000 : cents }
    end
  end

  # Writes the report from what both Python steps found.
  class Load < Tasker::StepHandler::Base
    def process(task, sequence, _step)
      totals = results(sequence, 'totals').fetch('by_region')
      trend = results(sequence, 'trend')
      lines = totals.sort.map { |region, row| line(region, row) }
      Rails.logger.info { "report of task #{task.task_id}:\n#{lines.join("\n")}" }
      { 'report' => lines, 'cents_a_day' => trend.fetch('cents_a_day'), 'total' => totals.values.sum { _1['cents'] } }
    end

    private

    def line(region, row)
      format('%<region>-6s %<amount>12.2f  %<sales>5d sales', region:, amount: row['cents'] / 100r, sales: row['sales'])
    end

    def results(sequence, name) = sequence.find_step_by_name(name).results
  end

  # What is not Rails' to execute.
  PYTHON = { handler_class: TaskerCore::ExternalStepHandler, handler_config: { executor: 'python' } }.freeze

  register_handler 'sales_report', namespace_name: 'etl'

  define_step_templates do |templates|
    templates.define(dependent_system: 'shop', name: 'extract', handler_class: Extract)
    templates.define(dependent_system: 'analysis', name: 'clean', depends_on_step: 'extract', **PYTHON)
    templates.define(dependent_system: 'analysis', name: 'totals', depends_on_step: 'clean', **PYTHON)
    templates.define(dependent_system: 'analysis', name: 'trend', depends_on_step: 'clean', **PYTHON)
    templates.define(dependent_system: 'shop', name: 'load', depends_on_steps: %w[totals trend], handler_class: Load)
  end
end
