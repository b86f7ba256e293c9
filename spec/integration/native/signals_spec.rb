# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../../support/children'

# Ruby's handler of SIGSEGV makes SystemStackError of an overflow of the machine's stack, and
# Go's stands before it. Each example is a process of its own: what goes wrong stays wrong.
RSpec.describe 'signals of a process that has the native core' do
  # What the code prints, one line each, in a process that has loaded the core.
  def lines_of(code)
    output, status = Children.ruby(<<~RUBY)
      require 'tasker_core'
      require 'timeout'
      TaskerCore::Library.load!
      NESTED = 200_000.times.inject([]) { |inner, _| [inner] }
      def overflow = NESTED.flatten.hash && NESTED.to_s
      #{code}
    RUBY
    expect(status).to be_success, output
    output.lines(chomp: true)
  end

  overflow = 'begin; overflow; rescue SystemStackError => e; puts e.class; end'
  blocked = 'puts File.read("/proc/thread-self/status")[/^SigBlk:\s+(\h+)/, 1].hex'

  it 'has no signal blocked in a thread that ran out of stack' do
    expect(lines_of("#{overflow}; #{blocked}")).to eq(%w[SystemStackError 0])
  end

  it 'has none blocked in a forked child either' do
    expect(lines_of("Process.wait(fork { TaskerCore::Library.load!; #{overflow}; #{blocked} })"))
      .to eq(%w[SystemStackError 0])
  end

  it 'interrupts a thread that waits for input, started by one that ran out of stack' do
    code = <<~RUBY
      #{overflow}
      reader, = IO.pipe
      waiting = Thread.new { reader.read }
      Thread.pass until waiting.stop?
      puts Timeout.timeout(10) { waiting.kill.join.equal?(waiting) }
    RUBY
    expect(lines_of(code)).to eq(%w[SystemStackError true])
  end

  it 'has none blocked where thread after thread runs out of stack' do
    expect(lines_of("3.times { Thread.new { #{overflow}; #{blocked} }.join }")).to eq(%w[SystemStackError 0] * 3)
  end

  it 'leaves the report of a crash to Ruby' do
    output, status = Children.ruby(<<~RUBY)
      require 'tasker_core'
      require 'fiddle'
      TaskerCore::Library.load!
      Fiddle::Pointer.new(8)[0]
    RUBY

    expect(output).to include('[BUG] Segmentation fault')
    expect(status).to be_signaled
  end
end
