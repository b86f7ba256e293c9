# frozen_string_literal: true

require 'tempfile'
require 'tmpdir'

# A PostgreSQL of one example's own, which may be stopped and started: made with
# the functions of bin/, so that it works wherever bin/postgres does.
class Cluster
  LIBRARIES = %w[common private_server postgres].map { |name| File.expand_path("../../bin/lib/#{name}.sh", __dir__) }
  PREAMBLE = <<~SHELL.freeze
    set -euo pipefail
    unset DATABASE_URL
    #{LIBRARIES.map { |file| ". '#{file}'" }.join("\n")}
    PG_HOME=$1 PG_DATA=$1/data
    PG_BIN="$(pg_bin)"
  SHELL

  # @yieldparam cluster [Cluster] running
  def self.run
    Dir.mktmpdir('tcpg') do |folder|
      File.chmod(0o711, folder)
      cluster = new(File.join(folder, 'pg'))
      cluster.start
      begin
        yield cluster
      ensure
        cluster.stop
      end
    end
  end

  def initialize(home)
    @home = home
  end

  def url = "postgresql:///postgres?user=postgres&host=#{@home}&port=5432"

  def start = shell('pg_start_alone')

  def stop = shell('! pg_is_running || as_server_user "$PG_BIN/pg_ctl" -D "$PG_DATA" -m fast -w stop >/dev/null')

  # @param mode [String] fast, or immediate: as after a loss of power
  def restart(mode: 'fast')
    shell(%(as_server_user "$PG_BIN/pg_ctl" -D "$PG_DATA" -m #{mode} -w restart >/dev/null </dev/null))
  end

  # @return [String] the server's socket
  def socket = File.join(@home, '.s.PGSQL.5432')

  private

  # The output goes to a file: a server that is started keeps what it was given open.
  def shell(command)
    Tempfile.create('tcpg') do |output|
      next if system('bash', '-c', PREAMBLE + command, 'cluster', @home, %i[out err] => output.path)

      raise "failed: #{command}\n#{File.read(output.path)}"
    end
  end
end
