# frozen_string_literal: true

require 'rbconfig'
require 'shellwords'

module TaskerCore
  # How the gem was installed: where its library is, and where there is none, why, and
  # what builds it. Looks at files alone, and loads nothing.
  module Installation
    LIBRARY = "tasker_core_native.#{RbConfig::CONFIG['DLEXT']}".freeze
    ROOT = File.expand_path('../../..', __dir__)

    class << self
      # The library built at the install, or in a precompiled gem the one for this Ruby.
      #
      # @return [String, nil] its path
      def library = on_load_path(LIBRARY, File.join(RUBY_VERSION[/\A\d+\.\d+/], LIBRARY))

      # @return [String] why there is no library
      def reason
        note&.first || 'the native library was never built (Bundler compiles no gem that a Gemfile names by path)'
      end

      # @return [String, nil] what builds the library, nil where nothing can
      def remedy
        return "Run `#{command}`; it needs Go (https://go.dev/dl) and a C compiler." unless note

        "#{note.last}, then run `#{command}`." if note.size > 1
      end

      # @return [String] the command that builds the library where the gem is
      def command
        return "#{bundled? ? 'bundle exec ' : ''}rake -C #{ROOT.shellescape} compile" if checkout?

        bundled? ? 'bundle pristine tasker_core' : "gem pristine tasker_core --version #{VERSION}"
      end

      # Says where there is no library, once at boot.
      #
      # @param logger [Logger]
      # @return [void]
      # @raise [Unavailable] if TASKER_CORE_IMPLEMENTATION=native asks for the library
      def check(logger)
        forced = ENV.fetch(Library::FORCED, nil)
        return if library || forced == 'ruby'

        said = ["installed without its native core, as Ruby only: #{reason}.", remedy].compact.join(' ')
        return logger&.warn("tasker_core: #{said}") unless forced == 'native'

        raise Unavailable.new("#{Library::FORCED}=native is set, but the gem is #{said}", code: 'unavailable')
      end

      private

      # What the install left where the library would be: the reason, and what to do.
      def note
        file = on_load_path('unavailable_reason')
        File.readlines(file, chomp: true).reject(&:empty?) if file
      end

      # By path or by git, Bundler takes the repository as it is.
      def checkout? = File.file?(File.join(ROOT, 'Rakefile'))

      def bundled? = defined?(::Bundler) && ENV.key?('BUNDLE_GEMFILE')

      def on_load_path(*names)
        $LOAD_PATH.lazy.flat_map { |folder| names.map { |name| File.expand_path("tasker_core/#{name}", folder) } }
                  .find { |file| File.file?(file) }
      end
    end
  end
end
