# frozen_string_literal: true

require 'json'
require 'open3'
require 'timeout'

# One side of a comparison: a process of its own that runs tasks when it is asked to.
# So no patch and no switch of one side is seen by another, and what each side needs at
# its start is over before anything is measured.
#
# Questions and answers are JSON, a line each: {"call": name, "arguments": {...}} and
# {"value": anything} or {"error": text}. The process says {"value": anything} when it
# is ready, and ends with its standard input.
class Runner
  PATIENCE = 300

  class Failed < StandardError; end

  # It has not answered in the time that it was given.
  class Late < Failed; end

  # @return [String] for the reader
  attr_reader :name

  # @return [Object] what the process said when it was ready
  attr_reader :greeting

  # @param command [Array<String>]
  # @param environment [Hash{String => String, nil}]
  # @raise [Failed] if it does not become ready
  def initialize(name, command, environment: {})
    @name = name
    @input, @output, @process = Open3.popen2(environment, *command)
    @greeting = answer
  end

  # @return [Object] what the process answers
  # @raise [Failed] if it raises, dies or does not answer in time
  def ask(call, **arguments) = ask_within(PATIENCE, call, **arguments)

  # @param seconds [Numeric] how long the process may take; it is of no use after that
  # @return [Object] what the process answers
  # @raise [Failed] if it raises or dies
  # @raise [Late] if it does not answer in time
  def ask_within(seconds, call, **arguments)
    @input.puts(JSON.generate(call:, arguments:))
    answer(seconds)
  rescue Errno::EPIPE
    raise Failed, "#{@name}: the process has ended"
  end

  def stop
    @input.close
    kill unless @process.join(10)
  ensure
    @output.close
  end

  # Ends the process at once.
  def kill
    Process.kill(:KILL, @process.pid)
    @process.join
  rescue Errno::ESRCH
    nil
  end

  private

  def answer(seconds = PATIENCE)
    line = Timeout.timeout(seconds) { @output.gets } || raise(Failed, "#{@name}: the process has ended")
    answer = JSON.parse(line)
    raise Failed, "#{@name}: #{answer['error']}" if answer.key?('error')

    answer['value']
  rescue Timeout::Error
    raise Late, "#{@name}: no answer within #{seconds} s"
  end
end
