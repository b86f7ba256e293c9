# frozen_string_literal: true

# A diamond: two steps at once between a first and a last one.
class PriceQuote
  include Tasker::TaskHandler

  # Sums up the cart.
  class ReadCart < Tasker::StepHandler::Base
    def process(task, _sequence, _step)
      Pace.keep(task)
      { 'total' => task.context['items'].sum }
    end
  end

  # A share of the total; which share, the template's configuration says.
  class Share < Tasker::StepHandler::Base
    def process(task, sequence, _step)
      Pace.keep(task)
      total = sequence.find_step_by_name('read_cart').results.fetch('total')
      { 'amount' => total * config.fetch('percent') / 100 }
    end
  end

  # Adds the shares to the total.
  class Quote < Tasker::StepHandler::Base
    def process(task, sequence, _step)
      Pace.keep(task)
      total = sequence.find_step_by_name('read_cart').results.fetch('total')
      shares = %w[shipping tax].map { |name| sequence.find_step_by_name(name).results.fetch('amount') }
      { 'price' => total + shares.sum }
    end
  end

  register_handler 'price_quote'

  define_step_templates do |templates|
    templates.define(dependent_system: 'shop', name: 'read_cart', handler_class: ReadCart)
    templates.define(dependent_system: 'shop', name: 'shipping', depends_on_step: 'read_cart', handler_class: Share,
                     handler_config: { 'percent' => 5 })
    templates.define(dependent_system: 'shop', name: 'tax', depends_on_step: 'read_cart', handler_class: Share,
                     handler_config: { 'percent' => 20 })
    templates.define(dependent_system: 'shop', name: 'quote', depends_on_steps: %w[shipping tax], handler_class: Quote)
  end
end
