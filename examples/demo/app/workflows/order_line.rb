# frozen_string_literal: true

# A line: each step needs the one before it.
class OrderLine
  include Tasker::TaskHandler

  # Sums up the order.
  class Validate < Tasker::StepHandler::Base
    def process(task, _sequence, _step)
      Pace.keep(task)
      raise Tasker::PermanentError, 'the order has no items' if task.context['items'].blank?

      { 'total' => task.context['items'].sum }
    end
  end

  # Sets the items aside.
  class Reserve < Tasker::StepHandler::Base
    def process(task, _sequence, _step)
      Pace.keep(task)
      { 'reserved' => task.context['items'].size }
    end
  end

  # Takes what the first step found.
  class Charge < Tasker::StepHandler::Base
    def process(task, sequence, _step)
      Pace.keep(task)
      { 'charged' => sequence.find_step_by_name('validate').results.fetch('total') }
    end
  end

  # Wraps what the second step set aside.
  class Pack < Tasker::StepHandler::Base
    def process(task, sequence, _step)
      Pace.keep(task)
      { 'parcels' => sequence.find_step_by_name('reserve').results.fetch('reserved') }
    end
  end

  # Says what leaves the house.
  class Ship < Tasker::StepHandler::Base
    def process(task, sequence, _step)
      Pace.keep(task)
      { 'shipped' => sequence.find_step_by_name('pack').results.fetch('parcels') }
    end
  end

  register_handler 'order_line'

  define_step_templates do |templates|
    templates.define(dependent_system: 'shop', name: 'validate', handler_class: Validate)
    templates.define(dependent_system: 'shop', name: 'reserve', depends_on_step: 'validate', handler_class: Reserve)
    templates.define(dependent_system: 'shop', name: 'charge', depends_on_step: 'reserve', handler_class: Charge)
    templates.define(dependent_system: 'shop', name: 'pack', depends_on_step: 'charge', handler_class: Pack)
    templates.define(dependent_system: 'shop', name: 'ship', depends_on_step: 'pack', handler_class: Ship)
  end
end
