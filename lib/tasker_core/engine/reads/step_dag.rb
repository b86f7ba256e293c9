# frozen_string_literal: true

module TaskerCore
  module Engine
    # Makes the relations of Tasker::StepDagRelationship read the tasks or steps
    # that they name, instead of the view tasker_step_dag_relationships, which
    # walks through every task of the database before it picks some.
    #
    # Records, columns, scopes, chaining and preloading stay: only what stands
    # behind FROM changes, under the view's own name. A relation that names neither
    # tasks nor steps by equality or IN goes to the view as before, and so does a
    # JOIN of another relation to the view.
    module StepDag
      # The relation classes that Active Record made for the model.
      RELATIONS = [ActiveRecord::Relation, ActiveRecord::AssociationRelation,
                   ActiveRecord::Associations::CollectionProxy].freeze
      private_constant :RELATIONS

      class << self
        # @return [void]
        def apply
          RELATIONS.each { |relation| model.relation_delegate_class(relation).prepend(self) }
        end

        # Forgets the SQL that Active Record kept for +find+ and for has_one: it was
        # made under other switches.
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

      # Every way to read a relation (load, count, pluck, exists?, as a subquery)
      # comes through here.
      def build_arel(...)
        return super unless TaskerCore.configuration.dependency_resolution == :active

        bounds, rest = BoundedDag.split(self)
        return super if bounds.empty? || !known_view?

        unbounded = spawn
        unbounded.where_clause = rest
        unbounded.send(:build_arel, ...).from(BoundedDag.source(bounds, klass.table_name))
      end

      # Whether the view means what the subquery does. Where that cannot be found out
      # the view is read: the database says what is wrong when it is.
      def known_view?
        KnownFunctions.demand(klass.connection, klass.table_name)
        true
      rescue Error
        false
      end

      # In shadow mode the records come from the view, and are compared.
      def exec_queries(...)
        records = super
        return records unless TaskerCore.configuration.dependency_resolution == :shadow

        BoundedDag.compare(self, records)
        records
      end
    end
  end
end
