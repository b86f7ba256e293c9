# frozen_string_literal: true

require_relative '../support'
require_relative '../../../rakelib/packages/native_library'

RSpec.describe Packages::Elf do
  include Packaging

  library = File.join(Packaging::ROOT, 'lib/tasker_core', Packages::NativeLibrary::NAME)

  it 'reads what readelf and nm read' do
    elf = described_class.new(library)

    expect(elf.needed).to eq(run('readelf', '-d', library).scan(/\(NEEDED\).*\[(.*)\]/).flatten)
    expect(elf.versions).to eq(run('readelf', '-V', library).scan(/Name: (\S+) +Flags/).flatten.uniq.sort)
    expect(elf.exported).to eq(run('nm', '-D', '--defined-only', library).lines.map { |line| line.split.last })
    expect(elf.machine).to eq(RbConfig::CONFIG['host_cpu'])
  end

  it 'compares versions as numbers, of one name' do
    versions = run('readelf', '-V', library).scan(/Name: GLIBC_([\d.]+)/).flatten
                                            .map { |version| version.split('.').map(&:to_i) }

    expect(described_class.new(library).highest('GLIBC').segments).to eq(versions.max)
    expect(described_class.new(library).highest('GLIB')).to be_nil
  end

  it 'refuses what is no such object' do
    expect { described_class.new(__FILE__) }.to raise_error(ArgumentError, /elf_spec\.rb is no ELF object/)
  end

  it 'finds what a library built for this machine alone needs too much' do
    found = Packages::NativeLibrary.complaints(library, 'aarch64-linux-gnu')

    expect(found).to include('is for x86_64', /\Aneeds GLIBC_2\.\d\d, more than 2\.17/, /\Aneeds libruby/)
  end
end
