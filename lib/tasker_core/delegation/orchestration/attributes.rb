# frozen_string_literal: true

module TaskerCore
  module Delegation
    module Orchestration
      # The row behind a record. Active Record makes an attribute of each column when it
      # is asked what changed, or told that the changes were saved; here only the columns
      # count that somebody has read or written. What it answers and leaves is what Active
      # Record would (spec/integration/attributes_spec.rb compares the two).
      module Attributes
        # By type: whether its values can be changed in place. Strings, and types of an
        # application, may tell of such changes and not call themselves mutable.
        IN_PLACE = Hash.new { |known, type| known[type] = in_place?(type) }.compare_by_identity
        private_constant :IN_PLACE

        module_function

        # @param record [ActiveRecord::Base]
        # @param only [Array<String>, nil] the columns that count, nil for all
        # @return [Hash{String => Object}] what has to be saved, as its types serialize it
        def changes(record, only: nil)
          set = attribute_set(record)
          forced = record.send(:mutations_from_database).send(:forced_changes).keys
          names = (lazy?(set) ? touched(set) : set.keys) | forced
          names &= only || record.class.column_names
          names.each_with_object({}) do |name, changes|
            attribute = set[name]
            changes[name] = attribute.value_for_database if attribute.changed? || forced.include?(name)
          end
        end

        # @param record [ActiveRecord::Base]
        # @return [Hash{String => Object}] the row as the database has it once the
        #   record's changes are saved
        def saved(record, changes)
          set = attribute_set(record)
          return set.values_for_database unless lazy?(set)

          set.instance_variable_get(:@values).merge(written(set), changes)
        end

        # @param record [ActiveRecord::Base]
        # @return [Boolean] whether somebody may have left something in the object: a
        #   changed value, a loaded association
        def used?(record)
          set = attribute_set(record)
          !lazy?(set) || touched(set).any? || record.instance_variable_get(:@association_cache).any?
        end

        # @param record [ActiveRecord::Base]
        # @param row [Hash{String => Object}] which it was given
        # @return [Boolean] whether somebody may have saved the object or read it again, so
        #   that its row is another one now
        def outdated?(record, row)
          set = attribute_set(record)
          !lazy?(set) || !set.instance_variable_get(:@values).equal?(row) || assigned(set).any?
        end

        # @param record [ActiveRecord::Base]
        # @return [Boolean] whether saving the record would save others with it
        def others?(record)
          built = record.instance_variable_get(:@association_cache).each_value.any? do |association|
            Array.wrap(association.target).any?(&:new_record?)
          end
          built || record.send(:nested_records_changed_for_autosave?)
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
          read = set.instance_variable_get(:@casted_values).each_key.select { |name| IN_PLACE[types[name]] }
          set.instance_variable_get(:@attributes).keys | read
        end

        # What was written past the changes: update_columns, increment!, a restored value.
        def written(set)
          assigned(set).transform_values(&:value_for_database)
        end

        # A type that wraps another, as that of times does, passes the question on.
        def in_place?(type)
          teller = type.class.instance_method(:changed_in_place?).owner
          teller < Delegator && teller.name.nil? ? in_place?(type.__getobj__) : teller != ActiveModel::Type::Value
        end

        def assigned(set)
          values = set.instance_variable_get(:@values)
          set.instance_variable_get(:@attributes).reject do |name, attribute|
            attribute.value_before_type_cast.equal?(values[name])
          end
        end
        private_class_method :attributes, :attribute_set, :lazy?, :touched, :written, :assigned, :in_place?
      end
    end
  end
end
