# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # The row behind a record. Active Record makes an attribute of each column when it
      # is asked what changed, or told that the changes were saved; here only the columns
      # count that somebody has read or written. What it answers and leaves is what Active
      # Record would (spec/integration/attributes_spec.rb compares the two).
      module Attributes
        module_function

        # @param record [ActiveRecord::Base]
        # @return [Hash{String => Object}] what has to be saved, as its types serialize it
        def changes(record)
          set = attribute_set(record)
          forced = record.send(:mutations_from_database).send(:forced_changes).keys
          names = lazy?(set) ? touched(set) : set.keys
          (names | forced).each_with_object({}) do |name, changes|
            attribute = set[name]
            changes[name] = attribute.value_for_database if attribute.changed? || forced.include?(name)
          end
        end

        # @param record [ActiveRecord::Base]
        # @return [Hash{String => Object}] the row as the database has it once the
        #   record's changes are saved
        def saved(record, changes)
          set = attribute_set(record)
          lazy?(set) ? set.instance_variable_get(:@values).merge(changes) : set.values_for_database
        end

        # Gives an object a row's attributes, as reading it would.
        #
        # @param record [ActiveRecord::Base]
        # @param row [Hash{String => Object}]
        # @return [void]
        def give(record, row)
          record.instance_variable_set(:@attributes, attributes(record.class, row))
          record.instance_variable_set(:@mutations_from_database, nil)
        end

        # Tells an object that its changes were saved: ActiveModel::Dirty#changes_applied.
        #
        # @param record [ActiveRecord::Base]
        # @param row [Hash{String => Object}] the saved row
        # @return [void]
        def applied(record, row)
          record.instance_variable_set(:@mutations_before_last_save, record.send(:mutations_from_database))
          give(record, row)
        end

        # @param model [Class]
        # @param row [Hash{String => Object}]
        # @return [ActiveRecord::Base] a new object of that row
        def object(model, row) = model.allocate.init_with_attributes(attributes(model, row))

        def attributes(model, row) = model.attributes_builder.build_from_database(row)

        def attribute_set(record) = record.instance_variable_get(:@attributes)

        def lazy?(set) = set.instance_of?(ActiveModel::LazyAttributeSet)

        # What was assigned, or read and of a type whose values can be changed in place.
        def touched(set)
          types = set.instance_variable_get(:@types)
          read = set.instance_variable_get(:@casted_values).each_key.select { |name| types[name].mutable? }
          set.instance_variable_get(:@attributes).keys | read
        end
        private_class_method :attributes, :attribute_set, :lazy?, :touched
      end
    end
  end
end
