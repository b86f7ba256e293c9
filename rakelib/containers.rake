# frozen_string_literal: true

require_relative 'packages/container_check'

desc 'Check the Dockerfiles, the unit and the manifest of examples/docker'
task 'release:check:containers' do
  Packages::ContainerCheck.new.run
end
task 'release:check' => 'release:check:containers'
