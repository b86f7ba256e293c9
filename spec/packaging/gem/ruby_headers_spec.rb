# frozen_string_literal: true

require_relative '../support'
require_relative '../../../rakelib/packages/ruby_headers'

RSpec.describe Packages::RubyHeaders do
  around { |example| Dir.mktmpdir { |folder| @folder = folder and example.run } }

  def headers(minor, *files)
    files.each do |name|
      file = File.join(@folder, described_class::HERE, minor, name)
      FileUtils.mkdir_p(File.dirname(file))
      FileUtils.touch(file)
    end
    File.join(@folder, described_class::HERE, minor)
  end

  it 'takes those of the Ruby that runs' do
    expect(described_class.for(described_class::HERE, folder: @folder).keys).to eq([RUBY_VERSION[/\A\d+\.\d+/]])
  end

  it 'takes those of another minor that somebody put there' do
    folder = headers('9.9', 'ruby.h', 'x86_64-linux/ruby/config.h')

    expect(described_class.for(described_class::HERE, folder: @folder))
      .to include('9.9' => [folder, "#{folder}/x86_64-linux"])
  end

  it 'names the folder where the platform is missing in them' do
    folder = headers('9.9', 'ruby.h')

    expect { described_class.for(described_class::HERE, folder: @folder) }
      .to raise_error("there is no ruby/config.h under #{folder}")
  end
end
