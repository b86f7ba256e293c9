# frozen_string_literal: true

require 'rbconfig'
require 'open3'

# Child processes that are waited for with a deadline, so that one which hangs is
# a failed example and no hanging suite.
module Children
  ROOT = File.expand_path('../..', __dir__)
  LIB = File.join(ROOT, 'lib')

  module_function

  # Forks, runs the block in the child and hands its value over.
  #
  # @return [Integer, IO] the child, and where its answer comes from
  def start
    reader, writer = IO.pipe.each(&:binmode)
    pid = fork do
      reader.close
      answer = begin
        yield
      rescue Exception => e # rubocop:disable Lint/RescueException
        "#{e.class}: #{e.message}"
      end
      writer.write(Marshal.dump(answer))
      writer.close
      Process.exit!(0)
    end
    writer.close
    [pid, reader]
  end

  # @return [Object] what the child's block gave
  # @raise [RuntimeError] if it died or did not end in time
  def finish(pid, reader, seconds: 30)
    raise "child #{pid} gave no answer within #{seconds} s" unless reader.wait_readable(seconds)

    answer = reader.read
    status = Process.wait2(pid).last
    pid = nil
    raise "child ended with #{status}" unless status.success?

    Marshal.load(answer) # rubocop:disable Security/MarshalLoad -- from our own child
  ensure
    reader.close
    end_child(pid) if pid
  end

  def fork_and_wait(seconds: 30, &) = finish(*start(&), seconds:)

  def end_child(pid)
    Process.kill(:KILL, pid)
    Process.wait(pid)
  end

  # Runs Ruby code in a process of its own, which finds the gem in the given folder
  # alone: under Bundler the one of this repository would be in its load path too.
  #
  # @return [Array(String, Process::Status)] what it printed, errors too
  def ruby(code, environment = {}, lib: LIB)
    folders = "$LOAD_PATH.replace([#{lib.dump}, *$LOAD_PATH - [#{LIB.dump}]])"
    Open3.capture2e(environment, RbConfig.ruby, '-W0', '-e', folders, '-e', code)
  end
end
