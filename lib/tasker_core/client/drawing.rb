# frozen_string_literal: true

# Draws a task's workflow.
module TaskerCore
  # The client's operation that draws a task.
  module Drawing
    # Draws the workflow with each step's state, attempts and duration, and highlights the critical
    # path: the chain of steps that took longest. A running step counts up to now.
    #
    #   File.write('task.svg', client.draw(42))
    #   puts client.draw(42, format: :mermaid)
    #
    # @param task_id [Integer]
    # @param format [Symbol, String] :svg for a self-contained document, or :mermaid for the text of
    #   a Mermaid flowchart
    # @return [String, nil] nil for an unknown task
    # @raise [CycleError] if the dependencies form a cycle
    # @raise [InvalidArgument] for any other format, or for a task with more than 10,000 steps
    def draw(task_id, format: :svg) = call('draw', 'task_id' => id(task_id), 'format' => format)

    # The format for each file extension.
    FORMATS = { '.svg' => 'svg', '.mmd' => 'mermaid', '.md' => 'mermaid' }.freeze
    private_constant :FORMATS

    # @param file [String, nil] a file name
    # @param default [String] the format if there is no file name
    # @return [String] the format that the file's extension stands for
    # @raise [InvalidArgument] if no format has this extension
    def self.format_of(file, default = 'svg')
      return default unless file

      FORMATS.fetch(File.extname(file).downcase) do
        raise InvalidArgument.new("#{file} has an unknown extension: a drawing is written to .svg, or to .mmd or " \
                                  '.md for Mermaid', code: 'invalid_argument')
      end
    end
  end

  class << self
    # Does the same in a Rails application, on the connection of the engine's models.
    #
    # @raise [EngineMissing] without the gem tasker-engine
    # @see Drawing#draw
    def draw(task_id, format: :svg) = engine_client('draw').draw(task_id, format:)
  end
end
