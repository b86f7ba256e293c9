# frozen_string_literal: true

require_relative 'sides'

# Runs that are given up after a limit, which is a result as well: whoever is too late is ended,
# and runs nothing any more. The core makes the tasks of all sides, which is no part of the time,
# and it is waited for.
class Limited
  # @param runners [Hash{String => Runner}] one of them is the core's
  # @param seconds [Numeric] the limit of a run of any side but the core
  def initialize(runners, seconds)
    @runners = runners.dup
    @seconds = seconds
  end

  # @return [Array<String>] those that have not come too late so far
  def names = @runners.keys

  # Runs in turns.
  #
  # @param rounds [Integer, Hash{String => Integer}] how often, or how often each side
  # @yieldparam name [String] a side that is given up
  # @yieldparam task [Integer] its task
  # @return [Hash{String => Spread}] milliseconds of those that came to their end
  def in_turns(rounds, workflow:, **circumstance, &given_up)
    taken = @runners.transform_values { [] }
    often = taken.to_h { |name, _| [name, rounds.is_a?(Hash) ? rounds.fetch(name) : rounds] }
    often.values.max.times do |round|
      names.each { |name| taken[name] << one(name, workflow:, **circumstance, &given_up) if round < often[name] }
    end
    taken.slice(*names).transform_values { |times| Spread.of(times) }
  end

  private

  def one(name, workflow:, **circumstance)
    task = @runners.fetch('core').ask(:create, workflow:, count: 1).first
    limit = name == 'core' ? Runner::PATIENCE : @seconds
    @runners.fetch(name).ask_within(limit, :run, workflow:, task:, **circumstance)
  rescue Runner::Late
    @runners.delete(name).kill
    yield name, task
  end
end
