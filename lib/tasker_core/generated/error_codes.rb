# frozen_string_literal: true

# Written by bin/generate; change operations.json instead.
module TaskerCore
  class Error
    # The class that stands for each code.
    CLASSES = {
      'malformed_request' => InternalError,
      'unknown_operation' => InternalError,
      'invalid_argument' => InvalidArgument,
      'configuration' => ConfigurationError,
      'cycle' => CycleError,
      'not_found' => NotFound,
      'duplicate' => DuplicateTask,
      'schema_not_empty' => SchemaNotEmpty,
      'schema_missing' => SchemaMissing,
      'conflict' => ConflictError,
      'session' => SessionError,
      'unknown_function' => UnknownFunction,
      'database' => DatabaseError,
      'malformed_answer' => InternalError,
      'cancelled' => Cancelled,
      'timeout' => TimeoutError,
      'internal' => InternalError,
      'poisoned' => Unavailable,
      'unavailable' => Unavailable
    }.freeze
    private_constant :CLASSES
  end
end
