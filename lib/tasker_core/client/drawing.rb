# frozen_string_literal: true

# A task's workflow as a picture.
module TaskerCore
  # The drawing of a task, as an operation of a Client.
  module Drawing
    # The workflow with its steps' states, attempts and durations, and the critical path:
    # the chain of steps that took longest (a running step counts up to now).
    #
    #   File.write('task.svg', client.draw(42))
    #   puts client.draw(42, format: :mermaid)
    #
    # @param task_id [Integer]
    # @param format [Symbol, String] :svg, a document that needs no other file, or
    #   :mermaid, the text of a flowchart
    # @return [String, nil] nil for an unknown task
    # @raise [CycleError] if steps depend on each other in a circle
    # @raise [InvalidArgument] for another format, or a task of more than 10,000 steps
    def draw(task_id, format: :svg) = call('draw', 'task_id' => id(task_id), 'format' => format)

    # What files hold, by how their names end.
    FORMATS = { '.svg' => 'svg', '.mmd' => 'mermaid', '.md' => 'mermaid' }.freeze
    private_constant :FORMATS

    # @param file [String, nil] the name of one
    # @param default [String] without a file
    # @return [String] the format that belongs into it
    # @raise [InvalidArgument] for a file that would not be what its name says
    def self.format_of(file, default = 'svg')
      return default unless file

      FORMATS.fetch(File.extname(file).downcase) do
        raise InvalidArgument.new("#{file} would not be what its name says: a drawing is written as .svg, or " \
                                  'as .mmd or .md for Mermaid', code: 'invalid_argument')
      end
    end
  end

  class << self
    # The same in a Rails application, on the connection of the engine's models.
    #
    # @raise [EngineMissing] without the gem tasker-engine
    # @see Drawing#draw
    def draw(task_id, format: :svg) = engine_client('draw').draw(task_id, format:)
  end
end
