# frozen_string_literal: true

require 'ripper'

# The constants of this gem that a file names, and the files that it requires: found in its
# syntax, and looked up where the file stands, as Ruby looks them up.
class ConstantUses
  # @!attribute [r] name
  #   @return [String] the constant, or what is required
  # @!attribute [r] file
  #   @return [String] where it is defined, below lib/tasker_core
  Use = Data.define(:name, :file)

  LIB = File.expand_path('../../lib/tasker_core', __dir__)

  # Modules that are opened by each file of their folder, and the file that stands for them.
  NAMESPACES = { 'TaskerCore::Engine' => 'engine/engine.rb', 'TaskerCore::Engine::Runner' => 'engine/runner.rb',
                 'TaskerCore::Engine::States' => 'engine/states.rb',
                 'TaskerCore::Engine::PublisherHooks' => 'engine/publisher_hooks.rb' }.freeze

  # @param file [String] below lib/tasker_core
  # @return [Array<Use>]
  def self.of(file) = new(File.join(LIB, file)).uses

  def initialize(path)
    @path = path
    @uses = []
  end

  def uses
    walk(Ripper.sexp(File.read(@path)), [])
    @uses.uniq
  end

  private

  def walk(node, nesting)
    return unless node.is_a?(Array)

    case node.first
    when :module, :class then enter(node, nesting)
    when :var_ref, :const_path_ref, :top_const_ref then reference(node, nesting)
    when :command then requirement(node) || walk_all(node, nesting)
    else walk_all(node, nesting)
    end
  end

  def walk_all(node, nesting) = node.each { |child| walk(child, nesting) }

  def enter(node, nesting)
    walk(node[2], nesting) if node.first == :class
    inner = [*nesting, [*nesting.last, *path(node[1])]]
    node.drop(2).each { |child| walk(child, inner) }
  end

  def reference(node, nesting)
    found = path(node)
    found ? use(found, nesting) : walk_all(node, nesting)
  end

  # @return [Object, nil] nil for another call, or where what is required is no literal
  def requirement(node)
    return unless node in [:command, [:@ident, 'require_relative', _],
                           [:args_add_block, [[:string_literal, [:string_content, [:@tstring_content, target, _]]]], _]]

    note(target, File.expand_path("#{target}.rb", File.dirname(@path)))
    @uses
  end

  # @return [Array<String>, nil] the names; the first is empty where the path begins with ::
  def path(node)
    case node
    in [:var_ref | :const_ref | :var_field, [:@const, name, _]] then [name]
    in [:top_const_ref | :top_const_field, [:@const, name, _]] then ['', name]
    in [:const_path_ref, left, [:@const, name, _]] then path(left)&.push(name)
    else nil
    end
  end

  def use(names, nesting)
    return if names.first.empty?

    scopes = [*nesting.reverse.filter_map { |inner| constant(inner) }, Object]
    scope = scopes.find { |one| one.const_defined?(names[0], false) }
    follow(scope, names) if scope
  end

  # As deep as the gem's own constants go.
  def follow(scope, names)
    full = names.map do |name|
      break unless scope.is_a?(Module) && scope.const_defined?(name, false)

      value = scope.const_get(name) # it may be loaded now, and has no place before
      place = scope.const_source_location(name, false)
      scope = value
      place&.first
    end
    note(names.join('::'), full.last, scope) if full
  end

  # A module may have made its own method name.
  def scope_name(scope) = (Module.instance_method(:name).bind_call(scope) if scope.is_a?(Module))

  def note(name, file, scope = nil)
    place = NAMESPACES[scope_name(scope)] || file.to_s[%r{\A#{LIB}/(.+\.rb)\z}, 1]
    @uses << Use.new(name:, file: place) if place && File.join(LIB, place) != @path && scope != TaskerCore
  end

  # @return [Module, nil] nil for what is not loaded in this process
  def constant(names) = (Object.const_get(names.join('::')) if Object.const_defined?(names.join('::')))
end
