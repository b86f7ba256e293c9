# frozen_string_literal: true

require 'fileutils'
require 'json'
require 'net/http'
require 'open3'

# A receiver of spans in a process of its own that decodes OTLP
# (ext/tasker_core/go/telemetry/otlptest).
class OtlpReceiver
  MODULE = File.expand_path('../../ext/tasker_core/go', __dir__)
  PROGRAM = File.expand_path('../../tmp/otlp_receiver', __dir__)

  # @return [String] for otlp_endpoint
  attr_reader :url

  # Builds the program, which takes seconds the first time.
  def self.program
    @program ||= begin
      FileUtils.mkdir_p(File.dirname(PROGRAM))
      output, status = Open3.capture2e({ 'GOWORK' => 'off' }, 'go', 'build', '-o', PROGRAM,
                                       './telemetry/otlptest/receiver', chdir: MODULE)
      raise "the receiver cannot be built: #{output}" unless status.success?

      PROGRAM
    end
  end

  def initialize
    @input, output, @process = Open3.popen2(self.class.program)
    @url = output.gets.chomp
  end

  # Waits for that many spans, and forgets them.
  #
  # @return [Array<Hash{Symbol => Object}>]
  def spans(count)
    (JSON.parse(Net::HTTP.get(URI("#{@url}/spans?count=#{count}"))) || []).map { |span| span.transform_keys(&:to_sym) }
  end

  # Has Prometheus' own parser read a text.
  #
  # @return [Hash] families by name
  # @raise [RuntimeError] with what is wrong
  def metrics(text)
    answer = Net::HTTP.post(URI("#{@url}/prometheus"), text)
    raise answer.body unless answer.code == '200'

    JSON.parse(answer.body)
  end

  def stop
    @input.close
    @process.join
  end
end
