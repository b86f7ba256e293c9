# frozen_string_literal: true

require 'json'
require_relative '../verification'

module TaskerCore
  class Verification
    # The command bin/rails tasker_core:verify. It reads arguments from the environment, shows a bar
    # on standard error, prints the report on standard output, and gives an exit code.
    #
    # @api private
    class Command
      UNITS = { '' => 1, 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86_400 }.freeze
      # The exit code of shells for Ctrl-C.
      INTERRUPTED = 130
      # The exit code for invalid arguments, and for a comparison that could not be made.
      FAILED = 2
      private_constant :UNITS

      # @param environment [#[]] SAMPLE, ALL, STATES, OLDER_THAN, NEWER_THAN, TASKS, ONLY,
      #   EXCEPT, SECONDS, SEED, JSON
      # @param out [IO]
      # @param err [IO]
      def initialize(environment, out: $stdout, err: $stderr)
        @environment = environment
        @out = out
        @err = err
      end

      # @return [Integer] the exit code: 0 if it is safe to go active, 1 if not, 2 if that is
      #   unknown, 130 if it was interrupted
      def run
        verification = Verification.new(**arguments, progress: @err)
        written(verification.run).exit_code
      rescue Interrupt
        written(verification.report) if verification
        INTERRUPTED
      rescue Error, ActiveRecord::ActiveRecordError, SystemCallError => e
        @err.puts("Cannot tell whether it is safe to go active: #{e.message}")
        FAILED
      end

      private

      def written(report)
        @out.puts(report)
        file = given('JSON')
        File.write(file, JSON.pretty_generate(report.to_h)) if file
        report
      end

      def arguments
        { sample: given('ALL') ? :all : number('SAMPLE'), states: list('STATES'), older_than: age('OLDER_THAN'),
          newer_than: age('NEWER_THAN'), task_ids: list('TASKS'), only: list('ONLY'), except: list('EXCEPT'),
          seconds: number('SECONDS'), seed: number('SEED') }.compact
      end

      def given(name)
        value = @environment[name].to_s.strip
        value unless value.empty?
      end

      def list(name) = given(name)&.split(/[\s,]+/)

      def number(name)
        text = given(name)
        return text && Integer(text, 10) unless text&.include?('.')

        Float(text)
      rescue ArgumentError
        refuse("#{name} is #{text.inspect}; it must be a number")
      end

      def age(name)
        text = given(name)
        return unless text

        number, unit = text.match(/\A(\d+(?:\.\d+)?)([smhd]?)\z/)&.captures
        return Float(number) * UNITS.fetch(unit) if number

        refuse("#{name} is #{text.inspect}; it must be an age such as 7d, 12h, 30m or 600")
      end

      def refuse(message) = raise(InvalidArgument.new(message, code: 'invalid_argument'))
    end
  end
end
