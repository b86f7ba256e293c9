# frozen_string_literal: true

require_relative 'foreign_python'
require_relative 'pythons'
require_relative 'results'
require_relative 'servers'
require_relative 'smoke'
require_relative 'wheel_materials'
require_relative 'wheels'

module Packages
  # Looks at the source distribution and the wheels as their users meet them.
  class WheelCheck
    LIMIT = 9_000_000

    # Builds everything twice, installs and uses it.
    def run
      Results.stage('wheels: built twice, in other folders') { build_twice }
      Results.stage('wheels: size and materials') do
        Wheels::GOARCH.each_key { |processor| look_at(wheels.wheel(processor)) }
      end
      Results.stage('wheels: installed and used') { Smoke.database { |url| use(url) } }
    end

    # The short form of the tests on each CPython.
    def pythons
      found = Pythons.found
      Results.stage('the short form of the tests on each CPython') do
        Pythons::WANTED.each do |version|
          next Results.add("CPython #{version}", 'not run: there is none here') unless found[version]

          Pythons.with_tests(wheels.wheel('x86_64'), found[version]) do |python|
            Smoke.database { |url| Results.add("CPython #{version}", Pythons.short_form(python, url)) }
          end
        end
      end
    end

    # The short form of the suites on each PostgreSQL.
    def servers
      Results.stage('the short form of the suites on each PostgreSQL') do
        Pythons.with_tests(wheels.wheel('x86_64'), PythonTools.base) do |python|
          Servers::WANTED.each_key { |version| server(version, python) }
        end
      end
    end

    private

    def server(version, python)
      programs = Servers.programs(version)
    rescue RuntimeError => e
      Results.add("PostgreSQL #{version}", "not run: #{e.message.lines.first.strip}")
    else
      Results.add("PostgreSQL #{version}", Servers.short_form(programs, python))
    end

    def wheels = @wheels ||= Wheels.new

    def build_twice
      first = wheels.build
      Dir.mktmpdir('tasker_core-again') do |folder|
        differ = first.zip(Wheels.new(folder).build).reject { |files| FileUtils.identical?(*files) }
        raise "not the same when built again: #{differ.map { |file, _| File.basename(file) }.join(', ')}" if differ.any?
      end
      Results.add('sdist and wheels, built twice', 'the same bytes')
    end

    def look_at(wheel)
      raise "#{wheel} has #{File.size(wheel)} bytes, #{LIMIT} are allowed" if File.size(wheel) > LIMIT

      modules = WheelMaterials.check(wheel)
      Results.add(File.basename(wheel), "#{modules} modules, all in the bill of materials and the licences")
    end

    def use(url)
      Pythons.found.each do |version, python|
        Dir.mktmpdir do |folder|
          installed = Pythons.install(python, wheels.wheel('x86_64'), into: folder)
          Results.add("x86_64 wheel, CPython #{version}", Smoke.python([installed], url))
        end
      end
      use_on_aarch64(url)
      use_source(url)
    end

    def use_on_aarch64(url)
      what = 'aarch64 wheel, under qemu-user'
      foreign = ForeignPython.new
      Dir.mktmpdir do |folder|
        env = foreign.install(wheels.wheel('aarch64'), into: folder)
        Results.add(what, Smoke.python(foreign.command, url, env:))
      end
    end

    # With Go, a C compiler and setuptools, without a network and without Go's modules.
    def use_source(url)
      Dir.mktmpdir do |folder|
        python = Pythons.install(PythonTools.base, 'msgpack', 'setuptools>=77', into: folder)
        offline = { 'PIP_NO_INDEX' => '1', 'GOPROXY' => 'off', 'GOFLAGS' => '-mod=vendor',
                    'GOMODCACHE' => "#{folder}/none" }
        Command.run(python, '-m', 'pip', 'install', '--quiet', '--no-build-isolation', wheels.source, env: offline)
        Results.add('sdist, without a network', Smoke.python([python], url))
      end
    end
  end
end
