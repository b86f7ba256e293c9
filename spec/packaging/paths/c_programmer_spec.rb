# frozen_string_literal: true

require_relative '../../spec_helper'
require_relative '../c_support'
require_relative 'journey'

# From the installed library to programs that run, in an empty folder, as docs/C_API.md says it.
RSpec.describe 'a C programmer with an empty folder', timeout: 300 do
  include Pages

  around do |example|
    Dir.mktmpdir('tasker_core-c-program') do |folder|
      Database.empty do |connection|
        @url = Database.url.sub(%r{(//[^/]*)/[^?]*}, "\\1/#{connection.current_database}")
        @journey = Journey.new(folder, 'PKG_CONFIG_PATH' => "#{CLibrary.prefix}/lib/pkgconfig",
                                       'CMAKE_PREFIX_PATH' => CLibrary.prefix)
        example.run
      end
    end
  end

  after { |example| warn(journey) if example.exception }

  attr_reader :journey, :url

  page = 'docs/C_API.md'

  # The page's commands, and the answer that it shows below them.
  def shown(commands)
    text = File.read(File.join(Packaging::ROOT, 'docs/C_API.md'))
    text.scan(/^```sh\n((?:(?!```).)*)^```\n```\n((?:(?!```).)*)^```$/m).find { |block, _| block.include?(commands) }
  end

  # Runs them, with the database of this example, in place of the one that `createdb` makes.
  def follow(commands, code: 0)
    lines = commands.gsub('postgresql://localhost/first', "'#{url}'").lines(chomp: true).grep_v(/\Acreatedb /)
    lines.map { |line| journey.sh(line, code: line.start_with?('./') ? code : 0) }.join
  end

  it 'compiles with what pkg-config says, runs a task, and is told what is refused' do
    commands, answer = shown('first_task.c')
    expect(follow(commands)).to start_with(answer).and match(/^flowchart TD$/)

    journey.write('program.c', code(page, 'c', 'program.c'))
    commands, answer = shown('./program')
    expect(follow(commands, code: 1)).to eq(answer)

    build_with_cmake(code(page, 'cmake', 'add_executable'))
  end

  # The same program in a project of CMake, which finds the library without an rpath of ours.
  def build_with_cmake(project)
    journey.write('CMakeLists.txt', project)
    journey.sh('cmake -B build')
    journey.sh('cmake --build build')
    expect(journey.sh("build/program '#{url}' 1 cancelled")).to eq("allowed \n")
    expect(journey.sh("build/program 'postgresql:///nowhere?host=/nowhere' 1 cancelled", code: 1))
      .to match(/\Aprogram: database: failed to connect/)
  end
end
