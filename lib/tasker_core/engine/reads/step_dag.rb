# frozen_string_literal: true

module TaskerCore
  module Engine
    # Makes the relations of Tasker::StepDagRelationship read only the tasks or steps that they
    # name. The view tasker_step_dag_relationships walks through every task of the database before
    # it selects some.
    #
    # Records, columns, scopes, chaining and preloading stay the same: only the FROM clause changes,
    # and it keeps the view's name. A relation that names neither tasks nor steps by equality or IN
    # still reads the view, and so does another relation's JOIN to the view.
    module StepDag
      # The relation classes that Active Record generated for the model.
      RELATIONS = [ActiveRecord::Relation, ActiveRecord::AssociationRelation,
                   ActiveRecord::Associations::CollectionProxy].freeze
      private_constant :RELATIONS

      class << self
        # @return [void]
        def apply
          RELATIONS.each { |relation| model.relation_delegate_class(relation).prepend(self) }
        end

        # Clears the SQL that Active Record cached for +find+ and for has_one, because it was built
        # with other switches.
        #
        # @return [void]
        def forget_statements
          [model, ::Tasker::WorkflowStep].each(&:initialize_find_by_cache) if loaded?
        end

        private

        def model = ::Tasker::StepDagRelationship

        def loaded? = defined?(::Tasker::StepDagRelationship) && defined?(::Tasker::WorkflowStep)
      end

      private

      # Every read of a relation (load, count, pluck, exists?, a subquery) calls this method.
      def build_arel(...)
        return super unless TaskerCore.configuration.dependency_resolution == :active

        bounds, rest = BoundedDag.split(self)
        return super if bounds.empty? || !known_view?

        unbounded = spawn
        unbounded.where_clause = rest
        unbounded.send(:build_arel, ...).from(BoundedDag.source(bounds, klass.table_name))
      end

      # Whether the view means the same as the subquery. If that cannot be found out, the view is
      # read, and the database reports the error.
      def known_view?
        KnownFunctions.demand(klass.connection, klass.table_name)
        true
      rescue Error
        false
      end

      # In shadow mode the records come from the view and are compared.
      def exec_queries(...)
        records = super
        return records unless TaskerCore.configuration.dependency_resolution == :shadow

        BoundedDag.compare(self, records)
        records
      end
    end
  end
end
