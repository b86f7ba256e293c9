# frozen_string_literal: true

require 'English'

module TaskerCore
  module Engine
    module Runner
      # A process that a handler forked and that leaves the handler, by an exit or by mistake. The
      # step belongs to its parent, so the child ends here, writes nothing and takes no further
      # step.
      module ForkedChild
        # The exit status of a child that did not exit itself.
        STATUS = 1

        class << self
          # @yieldreturn [Object]
          # @return [Object] the block's value, in the process that called this
          def kept_out
            parent = Process.pid
            yield
          ensure
            leave($ERROR_INFO) unless Process.pid == parent
          end

          private

          def leave(error)
            unless error.is_a?(SystemExit)
              Rails.logger.error("TaskerCore: process #{Process.pid}, which the handler of a step forked, ends here; " \
                                 'call exit! in the handler to end it')
            end
            exit!(error.is_a?(SystemExit) ? error.status : STATUS)
          end
        end
      end
    end
  end
end
