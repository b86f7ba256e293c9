# frozen_string_literal: true

module Packages
  # A shared object, 64 bits and little-endian: what it needs of the system that loads
  # it, read from the file itself, as auditwheel does.
  class Elf
    MACHINES = { 62 => 'x86_64', 183 => 'aarch64' }.freeze
    Section = Data.define(:type, :offset, :size, :link)
    private_constant :Section

    # Types of sections.
    DYNAMIC = 6
    DYNSYM = 11
    VERNEED = 0x6ffffffe

    # @param file [String]
    # @raise [ArgumentError] if it is no such object
    def initialize(file)
      @bytes = File.binread(file)
      return if @bytes.start_with?("\x7FELF\x02\x01".b)

      raise ArgumentError, "#{file} is no ELF object of 64 bits, little-endian"
    end

    # @return [String, nil] the processor, as x86_64
    def machine = MACHINES[at(18, 'S<')]

    # @return [Array<String>] the libraries that are loaded with it
    def needed
      section = section(DYNAMIC)
      (section.offset...(section.offset + section.size)).step(16).filter_map do |offset|
        tag, value = @bytes.unpack('q<Q<', offset:)
        string(section, value) if tag == 1
      end
    end

    # @return [Array<String>] the versions of symbols that it asks for, as GLIBC_2.17
    def versions
      section = sections.find { |candidate| candidate.type == VERNEED } or return []

      entries(section.offset) { |offset| version_names(section, offset) }.flatten.uniq.sort
    end

    # @return [Array<String>] the symbols that it defines for others
    def exported
      section = section(DYNSYM)
      (section.offset...(section.offset + section.size)).step(24).filter_map do |offset|
        name, _info, _other, index = @bytes.unpack('L<CCS<', offset:)
        string(section, name) unless index.zero?
      end
    end

    # @param name [String] as GLIBC
    # @return [Gem::Version, nil] the highest version of a name that it asks for
    def highest(name)
      versions.filter_map { |version| version[/\A#{Regexp.escape(name)}_(\d[\d.]*)\z/, 1] }
              .map { |version| Gem::Version.new(version) }.max
    end

    private

    def at(offset, format) = @bytes.unpack1(format, offset:)

    def sections
      @sections ||= begin
        table = at(40, 'Q<')
        size, count = @bytes.unpack('S<S<', offset: 58)
        Array.new(count) do |index|
          type, offset, bytes, link = @bytes.unpack('x4L<x16Q<Q<L<', offset: table + (index * size))
          Section.new(type:, offset:, size: bytes, link:)
        end
      end
    end

    def section(type)
      sections.find { |candidate| candidate.type == type } or
        raise ArgumentError, 'the object is not linked dynamically'
    end

    # Verneed: version, count, file, offset of the first name, offset of the next.
    def version_names(section, offset)
      entries(offset + at(offset + 8, 'L<')) { |name| string(section, at(name + 8, 'L<')) }
    end

    # A list whose entries hold the distance to the next one, in both kinds at 12
    # bytes from their start.
    def entries(offset)
      found = []
      loop do
        found << yield(offset)
        further = at(offset + 12, 'L<')
        return found if further.zero?

        offset += further
      end
    end

    def string(section, offset) = text(sections[section.link].offset + offset)

    def text(offset) = @bytes.unpack1('Z*', offset:)
  end
end
