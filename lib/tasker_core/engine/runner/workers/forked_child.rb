# frozen_string_literal: true

require 'English'

module TaskerCore
  module Engine
    module Runner
      # A process that a handler forked and that comes back out of the handler, by an exit or
      # because it forgot to. The step is its parent's: it ends here, writes nothing and takes
      # no further step.
      module ForkedChild
        # The status of a child that did not exit by itself.
        STATUS = 1

        class << self
          # @yieldreturn [Object]
          # @return [Object] what the block gives, in the process that called this
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
                                 'let it end with exit! in the handler')
            end
            exit!(error.is_a?(SystemExit) ? error.status : STATUS)
          end
        end
      end
    end
  end
end
