# frozen_string_literal: true

require 'English'
require 'open3'
require 'pty'
require_relative '../support'

# The way of a user from an empty folder: command lines as the pages have them, run by a
# shell, and all that they said.
class Journey
  # @param folder [String] where it begins
  # @param env [Hash{String => String, nil}] of every command
  def initialize(folder, env = {})
    @folder = folder
    @env = { 'RUBYLIB' => nil, 'RUBYOPT' => nil, 'BUNDLE_GEMFILE' => nil, 'RAILS_ENV' => nil, **env }
    @said = []
  end

  attr_reader :folder, :env

  # Runs a line, or goes into the folder that it names.
  #
  # @param line [String]
  # @param code [Integer] with which it has to end
  # @return [String] what it wrote, both streams
  # @raise [RuntimeError] if it ended with another code
  def sh(line, code: 0)
    return go(line.delete_prefix('cd ')) if line.start_with?('cd ')

    output, status = Bundler.with_unbundled_env { Open3.capture2e(env, line, stdin_data: '', chdir: folder) }
    @said << "$ #{line}\n#{output}"
    raise "#{line} ended with #{status.exitstatus.inspect}, not #{code}" unless status.exitstatus == code

    output
  end

  def go(place)
    @folder = File.expand_path(place, folder)
    ''
  end

  # Types something into a program on a terminal, which goes on meanwhile.
  #
  # @param wanted [Regexp] what the program prints then
  # @yieldparam found [MatchData] as soon as it has; the program is left with exit after the block
  def typed(line, text, wanted)
    on_terminal(line) do |input, seen|
      input.puts(text)
      yield eventually("#{line} does not print #{wanted.inspect}") { seen.match(wanted) }
      input.puts('exit')
    end
  end

  # @return what the block gives as soon as that is something
  def eventually(failing, seconds: 60)
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
    until (found = yield)
      raise failing if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline

      sleep 0.05
    end
    found
  end

  # A program whose terminal nobody reads stands still, so a thread does; what fails ends it.
  def on_terminal(line)
    output, input, pid = Bundler.with_unbundled_env { PTY.spawn({ 'TERM' => 'dumb', **env }, line, chdir: folder) }
    seen = +''
    reader = Thread.new { drain(output, seen) }
    begin
      yield input, seen
    ensure
      Process.kill(:KILL, pid) if $ERROR_INFO || !reader.join(60)
      Process.wait(pid)
      reader.join
      [input, output].each(&:close)
      @said << "$ #{line}\n#{seen}"
    end
  end

  def drain(output, seen)
    loop { seen << output.readpartial(4096) }
  rescue EOFError, Errno::EIO
    seen # The terminal is gone with its last program.
  end

  # Writes a file as a user copies it from a page.
  def write(name, text)
    file = File.join(folder, name)
    FileUtils.mkdir_p(File.dirname(file))
    File.write(file, text)
    @said << "#{name}:\n#{text}"
  end

  def add(name, text) = write(name, "#{File.read(File.join(folder, name))}\n#{text}")

  # @return [String] every command with its output, in their order
  def to_s = @said.map { |text| text.dup.force_encoding(Encoding::UTF_8).scrub }.join("\n")
end

# The code in the pages, by its language and a text in it.
module Pages
  # @return [String]
  # @raise [RuntimeError] where the page has none
  def code(page, language, including)
    text = File.read(File.join(Packaging::ROOT, page))
    text.scan(/^```#{language}\n(.*?)^```$/m).flatten.find { |block| block.include?(including) } or
      raise "#{page} has no #{language} with #{including}"
  end

  # @return [String] the line of the page's shell code that begins with a text
  def command(page, beginning)
    File.readlines(File.join(Packaging::ROOT, page), chomp: true).find { |line| line.start_with?(beginning) } or
      raise "#{page} has no command that begins with #{beginning}"
  end

  # @return [String] what stands between backquotes in the page and begins with a text
  def quoted(page, beginning)
    File.read(File.join(Packaging::ROOT, page)).scan(/`([^`\n]+)`/).flatten
        .find { |text| text.start_with?(beginning) } or raise "#{page} does not mention #{beginning}"
  end
end
