# frozen_string_literal: true

require 'rbconfig'
require 'shellwords'

module TaskerCore
  # How the gem was installed: where its library is or why there is none, and which command builds
  # it. It only looks at files and loads nothing.
  #
  # @api private
  module Installation
    LIBRARY = "tasker_core_native.#{RbConfig::CONFIG['DLEXT']}".freeze
    ROOT = File.expand_path('../../..', __dir__)

    class << self
      # The library that the install built, or the one for this Ruby in a precompiled gem.
      #
      # @return [String, nil] its path
      def library = on_load_path(LIBRARY, File.join(RUBY_VERSION[/\A\d+\.\d+/], LIBRARY))

      # @return [String] why there is no library
      def reason
        note&.first || 'the native library was never built (Bundler compiles no gem that a Gemfile names by path)'
      end

      # @return [String, nil] how to build the library; nil if nothing can build it
      def remedy
        return "Run `#{command}`; it needs Go (https://go.dev/dl) and a C compiler." unless note

        "#{note.last}, then run `#{command}`." if note.size > 1
      end

      # @return [String] the command that builds the library
      def command
        return "#{bundled? ? 'bundle exec ' : ''}rake -C #{ROOT.shellescape} compile" if checkout?

        bundled? ? 'bundle pristine tasker_core' : "gem pristine tasker_core --version #{VERSION}"
      end

      # Reports a missing library once, at boot.
      #
      # @param logger [Logger]
      # @return [void]
      # @raise [Unavailable] if TASKER_CORE_IMPLEMENTATION=native requires the library
      def check(logger)
        forced = ENV.fetch(Library::FORCED, nil)
        return if library || forced == 'ruby'

        said = ["installed without its native core, as Ruby only: #{reason}.", remedy].compact.join(' ')
        return logger&.warn("tasker_core: #{said}") unless forced == 'native'

        raise Unavailable.new("#{Library::FORCED}=native is set, but the gem is #{said}", code: 'unavailable')
      end

      private

      # The note that the install left in place of the library: the reason, and the advice.
      def note
        file = on_load_path('unavailable_reason')
        File.readlines(file, chomp: true).reject(&:empty?) if file
      end

      # With path: or git:, Bundler uses the repository as it is.
      def checkout? = File.file?(File.join(ROOT, 'Rakefile'))

      def bundled? = defined?(::Bundler) && ENV.key?('BUNDLE_GEMFILE')

      def on_load_path(*names)
        $LOAD_PATH.lazy.flat_map { |folder| names.map { |name| File.expand_path("tasker_core/#{name}", folder) } }
                  .find { |file| File.file?(file) }
      end
    end
  end
end
