# frozen_string_literal: true

require_relative 'packages/container_check'

desc 'Check the Dockerfiles, the systemd unit and the Kubernetes manifest of examples/docker'
task 'release:check:containers' do
  Packages::ContainerCheck.new.run
end
task 'release:check' => 'release:check:containers'
