# frozen_string_literal: true

module TaskerCore
  module Engine
    module Runner
      # The attributes of a Tasker::Types::StepSequence whose steps are read on first use. Most
      # handlers never use them.
      class StepSequence < Hash
        class << self
          # @yieldreturn [Array<Tasker::WorkflowStep>]
          # @return [Tasker::Types::StepSequence]
          def lazy(&) = ::Tasker::Types::StepSequence.load(StepSequence.new(&))
        end

        def initialize(&steps)
          super()
          @steps = steps
          @mutex = Mutex.new
        end

        # The methods that read the steps first.
        %i[[] fetch key? keys values each each_pair each_with_object to_h to_hash == eql? hash inspect size empty? dig
           slice except merge transform_values any? map dup clone].each do |name|
          define_method(name) do |*arguments, &block|
            [self, *arguments].grep(StepSequence).each(&:look)
            super(*arguments, &block)
          end
        end

        # Dumps the steps without the block that reads them.
        def marshal_dump = {}.update(look)

        def marshal_load(attributes) = replace(attributes)

        # Reads the steps unless they are read already.
        #
        # @return [StepSequence]
        def look
          return self unless @steps

          @mutex.synchronize do
            store(:steps, @steps.call) if @steps
            @steps = nil
          end
          self
        end
      end
    end
  end
end
