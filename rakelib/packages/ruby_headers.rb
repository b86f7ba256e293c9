# frozen_string_literal: true

require 'rbconfig'
require_relative 'command'
require_relative 'debian'

module Packages
  # The C headers of the Rubies that precompiled gems are built for.
  #
  # For another minor put its headers (`include/ruby-3.4.0` of a Ruby built for the
  # platform, with the folder named after the platform in it) into
  # tmp/packages/headers/PLATFORM/3.4.
  module RubyHeaders
    FOLDER = File.join(ROOT, 'tmp/packages/headers')
    # Ruby's own name of this machine, as x86_64-linux-gnu.
    HERE = "#{RbConfig::CONFIG['host_cpu']}-linux-gnu".freeze
    MINOR = RUBY_VERSION[/\A\d+\.\d+/]

    class << self
      # @param platform [String] as aarch64-linux-gnu
      # @param folder [String] where those of other minors were put
      # @return [Hash{String => Array<String>}] the folders with headers, by the minor of Ruby
      def for(platform, folder: FOLDER)
        added(File.join(folder, platform)).merge(MINOR => platform == HERE ? own : debian(platform))
      end

      private

      def added(folder)
        Dir["#{folder}/*"].to_h { |minor| [File.basename(minor), with_config(minor)] }
      end

      def own = RbConfig::CONFIG.values_at('rubyhdrdir', 'rubyarchhdrdir')

      def debian(platform)
        include = File.join(Debian.new(platform).unpacked("ruby#{MINOR}-dev"), 'usr/include')
        [Dir["#{include}/ruby-#{MINOR}*"].first, Dir["#{include}/#{platform}/ruby-#{MINOR}*"].first].tap do |found|
          raise "Debian's ruby#{MINOR}-dev for #{platform} has no headers in #{include}" if found.include?(nil)
        end
      end

      def with_config(folder)
        config = Dir["#{folder}/**/ruby/config.h"].first or raise "there is no ruby/config.h under #{folder}"
        [folder, File.dirname(config, 2)]
      end
    end
  end
end
