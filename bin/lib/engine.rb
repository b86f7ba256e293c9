# frozen_string_literal: true

# The real engine, the gem tasker-engine: found and loaded in this one way by the demo,
# the examples, the benches and the parity specs. It is in no Gemfile of this
# repository, so whoever uses it runs outside of Bundler (bin/lib/engine.sh).
#
# TASKER_ENGINE_PATH names a checkout; set to nothing, it says that the engine is not
# wanted. Without the variable the newest installed gem counts.
#
# As a program it says whether the engine can be used: it exits with 0 if so, with 1 and
# the reason if something is missing, with 3 where there is none.
module TaskerEngine
  NAME = 'tasker-engine'
  VARIABLE = 'TASKER_ENGINE_PATH'
  # What the engine's code takes for granted, and does not load by itself.
  RAILTIES = %w[rails active_record/railtie active_job/railtie action_controller/railtie].freeze

  # The engine is here, but it cannot be loaded.
  class Unusable < LoadError; end

  class << self
    # @return [Boolean] whether the engine is wanted and found
    # @raise [Unusable] if TASKER_ENGINE_PATH names no checkout of it
    def here? = !specification.nil?

    # Loads the railties that the engine needs, and the engine itself. The railties of
    # the application come before or after, as it likes.
    #
    # @return [void]
    # @raise [Unusable] if it is not here, or something that it needs is not
    def load
      raise Unusable, absence unless here?

      activate
      [*RAILTIES, 'tasker'].each { |file| require file }
    rescue Unusable
      raise
    rescue LoadError => e
      raise Unusable, explanation(e)
    end

    # @return [void]
    # @raise [Unusable] if it is here and cannot be loaded
    def check
      # Not all that the gem names is loaded: one of its dependencies is a program.
      load if here? && missing.any?
    end

    # @return [String] the engine's folder
    def root = checkout || specification.full_gem_path

    # @return [String] for the reader
    def to_s = "#{NAME} #{specification.version}"

    # @return [Array<Gem::Dependency>] what the engine asks for, directly or not, and no
    #   installed gem satisfies
    def missing = unsatisfied(specification.runtime_dependencies, [])

    # @return [String] what to do where it is not here
    def absence = "The gem #{NAME} is not here: install it, or set #{VARIABLE} to a checkout of it."

    private

    # @return [Gem::Specification, nil]
    def specification
      return @specification if defined?(@specification)

      @specification = if checkout then in_checkout
                       elsif ENV[VARIABLE].nil? then Gem::Specification.find_all_by_name(NAME).max_by(&:version)
                       end
    end

    # @return [String, nil]
    def checkout
      path = ENV.fetch(VARIABLE, '')
      File.expand_path(path) unless path.empty?
    end

    def in_checkout
      file = File.join(checkout, "#{NAME}.gemspec")
      raise Unusable, "#{VARIABLE} is #{checkout}, but there is no #{file}." unless File.file?(file)

      Gem::Specification.load(file) || raise(Unusable, "#{file} cannot be read as a gem's specification.")
    end

    # The gems that are here in versions that fit, and the engine's own folder. The gem
    # itself is not activated: RubyGems would refuse it where anything is missing.
    def activate
      complete = specification.runtime_dependencies.select { |dependency| unsatisfied([dependency], []).empty? }
      complete.each { |dependency| gem(dependency.name, dependency.requirement) }
      $LOAD_PATH.unshift(*(specification.require_paths.map { |path| File.expand_path(path, root) } - $LOAD_PATH))
    end

    def unsatisfied(dependencies, seen)
      dependencies.flat_map do |dependency|
        next [] if seen.include?(dependency)

        seen << dependency
        found = dependency.matching_specs.max_by(&:version)
        found ? unsatisfied(found.runtime_dependencies, seen) : [dependency]
      end
    end

    def explanation(error)
      ["The gem #{NAME} #{specification.version} in #{root} cannot be loaded: #{error.message}",
       *named(missing.uniq),
       ('Bundler hides all gems outside of the Gemfile: start this without `bundle exec`.' if defined?(Bundler)),
       "With #{VARIABLE} set to nothing there is no engine, and its stand-in is used."].compact.join("\n")
    end

    def named(gems)
      return [] if gems.empty?

      ["These gems are missing here: #{gems.map { |one| "#{one.name} (#{one.requirement})" }.join(', ')}.",
       "Install them: gem install #{gems.map { |one| "'#{one.name}:#{one.requirement}'" }.join(' ')}"]
    end
  end
end

if $PROGRAM_NAME == __FILE__
  begin
    TaskerEngine.check
  rescue TaskerEngine::Unusable => e
    abort e.message
  end
  exit TaskerEngine.here? ? 0 : 3
end
