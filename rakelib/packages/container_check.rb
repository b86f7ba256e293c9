# frozen_string_literal: true

require_relative 'python_tools'
require_relative 'results'

module Packages
  # Has the judges of their formats look at the files of examples/docker.
  class ContainerCheck
    FOLDER = File.join(ROOT, 'examples/docker')

    # @raise [RuntimeError] with what a judge says, if it is not content
    def run
      Results.stage('containers and services') do
        Dir["#{FOLDER}/*/Dockerfile"].each { |file| judged(file, 'hadolint') }
        Dir["#{FOLDER}/*.yaml"].each { |file| judged(file, 'kubernetes-validate', '--strict') }
        units
      end
    end

    private

    def judged(file, *judge)
      Command.run(*judge, file, env: PythonTools.path)
      Results.add(file.delete_prefix("#{ROOT}/"), "#{judge.join(' ')} has nothing to say")
    end

    def units
      Dir["#{FOLDER}/*.service"].each do |file|
        judged(file, 'systemd-analyze', 'verify')
      rescue Errno::ENOENT
        Results.add(file.delete_prefix("#{ROOT}/"), 'not checked: systemd-analyze is not installed')
      end
    end
  end
end
