# frozen_string_literal: true

module TaskerCore
  module Engine
    # A subquery with the columns and rows of the view tasker_step_dag_relationships,
    # for the steps that some conditions name.
    module BoundedDag
      # Conditions on these columns can bound the subquery ...
      BOUNDING = %w[task_id workflow_step_id].freeze
      private_constant :BOUNDING

      # ... which walks up from the steps to all their ancestors, each once, and
      # down again from those that are roots, level by level: the shortest way to
      # each step, of at most 50 edges, as in the view. Ancestors in other tasks
      # count, as there. OFFSET 0, LIMIT 1 and the arrays keep the planner from
      # hash joins over all edges, and its estimates below what starts the JIT
      # compiler (tried: 0.2 instead of 2.5 ms for 10 steps, 11 instead of 180 for
      # 1,000, in a database of 100,000).
      WALK = <<~SQL
        ), ancestors (id) AS (
          SELECT unnest(ARRAY(SELECT id FROM chosen))
          UNION
          SELECT parent.id FROM ancestors CROSS JOIN LATERAL (
            SELECT e.from_step_id FROM %<edges>s e WHERE e.to_step_id = ancestors.id OFFSET 0
          ) parent (id)
        ), depths (depth, reached, seen) AS (
          SELECT 0, roots.ids, roots.ids FROM (
            SELECT array_agg(id) AS ids FROM ancestors
            WHERE (SELECT e.to_step_id FROM %<edges>s e WHERE e.to_step_id = ancestors.id LIMIT 1) IS NULL
          ) roots
          UNION ALL
          SELECT depths.depth + 1, following.ids, depths.seen || following.ids
          FROM depths CROSS JOIN LATERAL (
            SELECT array_agg(step.id) AS ids FROM (
              SELECT child.id FROM unnest(depths.reached) AS parent (id) CROSS JOIN LATERAL (
                SELECT e.to_step_id FROM %<edges>s e WHERE e.from_step_id = parent.id OFFSET 0
              ) child (id)
              INTERSECT SELECT id FROM ancestors
              EXCEPT SELECT unnest(depths.seen)
            ) step (id)
          ) following
          WHERE depths.depth < 50 AND following.ids IS NOT NULL
        )
        SELECT chosen.id AS workflow_step_id, chosen.task_id, chosen.named_step_id,
          coalesce(parents.ids, '[]'::jsonb) AS parent_step_ids,
          coalesce(children.ids, '[]'::jsonb) AS child_step_ids,
          parents.number AS parent_count,
          children.number AS child_count,
          parents.number = 0 AS is_root_step,
          children.number = 0 AS is_leaf_step,
          shortest.depth AS min_depth_from_root
        FROM chosen
        LEFT JOIN LATERAL (
          SELECT jsonb_agg(e.from_step_id ORDER BY e.from_step_id) AS ids, count(*) AS number
          FROM %<edges>s e WHERE e.to_step_id = chosen.id
        ) parents ON true
        LEFT JOIN LATERAL (
          SELECT jsonb_agg(e.to_step_id ORDER BY e.to_step_id) AS ids, count(*) AS number
          FROM %<edges>s e WHERE e.from_step_id = chosen.id
        ) children ON true
        LEFT JOIN (SELECT unnest(reached) AS id, depth FROM depths) shortest ON shortest.id = chosen.id
        )
      SQL
      private_constant :WALK

      class << self
        # Separates the conditions that bound a relation from the rest.
        #
        # @param relation [ActiveRecord::Relation]
        # @return [Array(Array<Arel::Nodes::Node>, ActiveRecord::Relation::WhereClause)]
        #   no bounds where the relation has a FROM of its own
        def split(relation)
          clause = relation.where_clause
          return [[], clause] unless relation.from_clause.empty?

          bounds, rest = clause.send(:predicates).partition { |predicate| bound?(predicate, relation) }
          [bounds, ActiveRecord::Relation::WhereClause.new(rest)]
        end

        # @param bounds [Array<Arel::Nodes::Node>] conditions on the view's columns;
        #   they move inside, where indexes serve them, so that each value is
        #   bound once
        # @param name [String] under which the subquery stands
        # @return [Arel::Nodes::Node] for FROM
        def source(bounds, name)
          steps = ::Tasker::WorkflowStep.arel_table
          conditions = Arel::Nodes::And.new(bounds.map { |bound| moved(bound, steps) })
          Arel::Nodes::Fragments.new([text(head), conditions, text(walk), text(quoted(name))])
        end

        # Reads the rows from the core instead of the view.
        #
        # @param relation [ActiveRecord::Relation] that names tasks or steps
        # @return [Array<Tasker::StepDagRelationship>]
        # @raise [UnknownFunction] if the text of the view is unknown, so that the view itself has
        #   to be read
        def records(relation)
          KnownFunctions.demand(relation.klass.connection, relation.klass.table_name)
          bounded_records(relation, *split(relation))
        end

        # Compares records from the view with the rows of the subquery.
        #
        # @param relation [ActiveRecord::Relation]
        # @param records [Array<Tasker::StepDagRelationship>]
        # @return [void]
        def compare(relation, records)
          bounds, rest = split(relation)
          return if bounds.empty? || relation.eager_loading?

          Shadow.read(:dependency_resolution, "#{relation.klass.name}.where", [relation.to_sql], -> { records }) do
            bounded_records(relation, bounds, rest)
          end
        end

        private

        def bounded_records(relation, bounds, rest)
          unbounded = relation.spawn
          unbounded.where_clause = rest
          arel = unbounded.arel.from(source(bounds, relation.klass.table_name))
          relation.klass.uncached { relation.klass.find_by_sql(arel) }
        end

        def bound?(predicate, relation)
          return false unless predicate.respond_to?(:left) && bounding?(predicate.left, relation)

          case predicate
          when Arel::Nodes::HomogeneousIn then predicate.type == :in
          when Arel::Nodes::Equality, Arel::Nodes::In then constant?(predicate.right, relation)
          else false
          end
        end

        def bounding?(left, relation)
          left.is_a?(Arel::Attribute) && left.relation.name.to_s == relation.klass.table_name &&
            BOUNDING.include?(left.name.to_s)
        end

        # Inside the subquery, the columns of the outer relation cannot be used.
        def constant?(right, relation)
          case right
          when nil, ActiveModel::Attribute, Arel::Nodes::BindParam, Arel::Nodes::Casted, Arel::Nodes::Quoted then true
          when Array then right.all? { |value| constant?(value, relation) }
          when Arel::Nodes::SelectStatement, Arel::SelectManager then standalone?(right, relation)
          else false
          end
        end

        def standalone?(select, relation)
          relation.joins_values.empty? && relation.left_outer_joins_values.empty? && !relation.eager_loading? &&
            !select.to_sql.include?(relation.klass.table_name)
        end

        def moved(predicate, steps)
          attribute = steps[predicate.left.name]
          case predicate
          when Arel::Nodes::HomogeneousIn then Arel::Nodes::HomogeneousIn.new(predicate.values, attribute, :in)
          else predicate.class.new(attribute, predicate.right)
          end
        end

        # A bare SqlLiteral would keep Active Record from preparing the statement,
        # which would then be planned at each call (1 ms); as a table's name it does not.
        def text(sql) = Arel::Table.new(Arel.sql(sql))

        def head
          steps = ::Tasker::WorkflowStep.quoted_table_name
          '(WITH RECURSIVE chosen AS MATERIALIZED (SELECT workflow_step_id AS id, task_id, named_step_id ' \
            "FROM #{steps} WHERE"
        end

        def walk = format(WALK, edges: ::Tasker::WorkflowStepEdge.quoted_table_name)

        def quoted(name) = ::Tasker::WorkflowStep.connection.quote_table_name(name)
      end
    end
  end
end
