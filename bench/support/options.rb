# frozen_string_literal: true

# What the command line of a bench says, as --runs=3 and --only=shapes,wide.
module Options
  module_function

  # @return [String, nil]
  def text(name) = ARGV.grep(/\A--#{name}=/).first&.split('=', 2)&.last

  # @return [Integer]
  def number(name, default = nil) = text(name)&.then { |value| Integer(value) } || default

  # @return [Array<String>]
  def list(name, default = nil) = text(name)&.split(',') || default

  # @return [Array<Integer>]
  def numbers(name, default) = list(name)&.map { |value| Integer(value) } || default
end
