# frozen_string_literal: true

require 'rbconfig'

# A Sidekiq process that runs tasks of one side, on the Redis of REDIS_URL.
class SidekiqProcess
  APPLICATION = File.expand_path('sidekiq_application.rb', __dir__)

  # @return [Integer]
  attr_reader :pid

  # @param side [String] engine or core
  # @param threads [Integer]
  # @param pool [Integer] connections to the database at most
  def initialize(side, threads:, pool:)
    url = ENV.fetch('DATABASE_URL')
    environment = { 'SIDE' => side, 'DATABASE_URL' => "#{url}#{url.include?('?') ? '&' : '?'}pool=#{pool}" }
    @pid = spawn(environment, RbConfig.ruby, '-W0', '-S', 'sidekiq', '-r', APPLICATION, '-c', threads.to_s, '-t', '1',
                 %i[out err] => File::NULL)
  end

  # It gets twenty seconds to end.
  def stop
    Process.kill(:TERM, @pid)
    200.times { Process.wait(@pid, Process::WNOHANG) ? return : sleep(0.1) }
    Process.kill(:KILL, @pid)
    Process.wait(@pid)
  end
end
