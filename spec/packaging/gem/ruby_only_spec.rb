# frozen_string_literal: true

require_relative '../support'

# Where the core cannot be built the gem is installed as Ruby only, and says so.
RSpec.describe 'the source gem where its core cannot be built', timeout: 300 do
  include Packaging

  around { |example| Dir.mktmpdir('tasker_core-home') { |folder| @home = folder and example.run } }

  attr_reader :home

  def program(name, script)
    File.join(home, name).tap { |file| File.write(file, "#!/bin/sh\n#{script}\n", perm: 0o755) }
  end

  # In place of the compiler that Ruby was built with, and that its Makefiles name.
  def without_compiler
    program(File.basename(RbConfig::CONFIG['CC'][/\S+/]), 'echo no compiler here >&2; exit 1')
    { 'PATH' => [home, ENV.fetch('PATH')].join(File::PATH_SEPARATOR) }
  end

  # Go, with one of its commands replaced.
  def go_but(command, script)
    program('go', %(if [ "$1" = #{command} ]; then #{script}; fi\nexec #{run('which', 'go').strip} "$@"))
  end

  { 'without Go' =>
      [-> { { 'GO' => "#{home}/no-go-here" } }, /Go 1\.26 or newer is needed .* not found/, /Install Go 1\.26/],
    'with a Go that is too old' =>
      [-> { { 'GO' => go_but('version', 'echo go version go1.21.3 linux/amd64; exit') } },
       /Go 1\.26 or newer is needed, found 1\.21/, /Install Go 1\.26/],
    'with a Go that does not start' =>
      [-> { { 'GO' => program('go', 'echo cannot start; exit 7') } }, /go version` failed: cannot start/, /Install Go/],
    'with a Go that fails in the middle' =>
      [-> { { 'GO' => go_but('build', 'echo out of memory >&2; exit 2') } },
       /could not be compiled: .*out of memory/, /Fix the errors in build\.log/],
    'without a C compiler' =>
      [-> { without_compiler }, /could not be compiled: .*no compiler here/, /Fix the errors in build\.log/],
    'without the headers of Ruby' =>
      [-> { { 'RUBYOPT' => "-r#{program('headers.rb', '').tap { |file| File.write(file, without_headers) }}" } },
       /could not be compiled: .*can't find header files for ruby/, /Fix the errors in build\.log/] }
    .each do |circumstances, (environment, reason, remedy)|
    # All but the one that is frequent: `rake release:check`.
    it "is Ruby only #{circumstances}, and tells it at once, in the message and to the application",
       release: circumstances != 'without Go' do
      said = install_gem(home, env: instance_exec(&environment))

      expect(said).to match(/installed WITHOUT its native core, as Ruby only: .*#{reason}/)
      expect(said).to match(remedy).and match(/TASKER_CORE_REQUIRE_NATIVE=1 lets an install without/)
      _, implementation, unavailable = answers(home)
      expect([implementation, unavailable]).to match([':ruby', reason])
    end
  end

  # As on a machine without the package ruby-dev.
  def without_headers
    "require 'rbconfig'\nRbConfig::CONFIG['rubyhdrdir'] = RbConfig::MAKEFILE_CONFIG['rubyhdrdir'] = '/nowhere'\n"
  end

  it 'keeps the whole log of a failed build', :release do
    install_gem(home, env: without_compiler)
    reason, = Dir["#{home}/extensions/**/tasker_core/unavailable_reason"]

    expect(File.read(File.join(File.dirname(reason), 'build.log'))).to include('creating Makefile', 'no compiler here')
  end

  it 'is not installed with TASKER_CORE_REQUIRE_NATIVE=1' do
    expect { install_gem(home, env: { 'GO' => "#{home}/no-go-here", 'TASKER_CORE_REQUIRE_NATIVE' => '1' }) }
      .to raise_error(/TASKER_CORE_REQUIRE_NATIVE=1 is set, and Go 1\.26 or newer is needed.*Unset/m)
    expect(Dir["#{home}/specifications/*"]).to be_empty
  end
end
