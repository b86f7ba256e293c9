# frozen_string_literal: true

# Written by bin/generate; change settings.json instead.
module TaskerCore
  class Configuration
    switch :dependency_resolution, doc: 'Readiness, execution contexts, dependency levels and the DAG rows.'

    switch :state_transitions, doc: 'The state machines of tasks and steps.'

    switch :orchestration, doc: 'The loop that finds steps, runs their handlers and finalizes a task.'

    setting :retry_failed_steps, type: :boolean, default: true,
                                 doc: 'A failed step whose waiting time is over goes back to pending and runs again.'

    setting :permanent_errors_final, type: :boolean, default: true,
                                     doc: 'A step that raised PermanentError is never retried.'

    setting :record_failed_completions, type: :boolean, default: true,
                                        doc: 'A result that cannot be saved fails the step instead of leaving it.'

    setting :enforce_timeouts, type: :boolean, default: true,
                               doc: 'A step that outlasts the batch timeout is failed; its late result is refused.'

    setting :resume_interrupted_tasks, type: :boolean, default: true,
                                       doc: 'A job may take up a task that is in_progress: its run was cut short.'

    setting :reenqueue_unfinished_tasks, type: :boolean, default: true,
                                         doc: 'A run that must wait sets its task pending and enqueues one job.'

    setting :honour_concurrency_limits, type: :boolean, default: true,
                                        doc: "Steps run as many at once as the engine's configuration allows."

    setting :deduplicate_events, type: :boolean, default: false,
                                 doc: 'Each happening is published once, where the engine publishes it twice or thrice.'

    setting :event_bridge, type: :boolean, default: false,
                           doc: "What the engine publishes reaches TaskerCore.subscribe's subscribers of this process."

    setting :event_relay, type: :boolean, default: false, core: true,
                          doc: 'Events reach the subscribers of other processes, over LISTEN and NOTIFY of PostgreSQL.'

    setting :event_relay_channel, type: :text, default: 'tasker_core_events', within: 1..63, core: true,
                                  values: 'a text of 1 to 63 bytes',
                                  doc: 'The channel: processes with the same one hear each other.'

    setting :event_relay_url, type: :text, default: nil, core: true, secret: true,
                              values: 'nil or the text of a URL such as postgresql://user@host/database',
                              doc: 'Where to LISTEN, by default the database itself; it must not be PgBouncer.'

    setting :event_relay_names, type: :texts, default: ['*'].freeze, core: true,
                                values: "a list of names (step.completed), prefixes (step.*), or ['*']",
                                doc: 'The events that are sent to other processes.'

    setting :external_steps_recheck_seconds, type: :integer, default: nil, within: 0..,
                                             values: "nil for the engine's own delay, 0 for never, or seconds",
                                             doc: 'When a task that waits for a worker is looked at, unless woken.'

    setting :log_subscriber, type: :boolean, default: false,
                             doc: 'Rails logs claims, completions, sessions and transitions of the core, at debug.'

    setting :log_level, type: %i[debug info warn error off], default: :warn, core: true,
                        doc: "From which level on the core's own log has lines."

    setting :log_destination, type: :destination, default: :stderr, core: true,
                              values: 'stderr, the absolute path of a file, or in Rails rails',
                              doc: "Where the lines of the core's log go."

    setting :log_format, type: %i[json console], default: :json, core: true,
                         doc: "The form of the lines of the core's log."

    setting :tracing, type: %i[off on], default: :off, core: true,
                      doc: 'Spans over OTLP/HTTP, as the OTEL_ variables say; see docs/TELEMETRY.md.'

    setting :service_name, type: :text, default: nil, core: true,
                           values: 'nil or a text',
                           doc: "The service of the spans, by default OTEL_SERVICE_NAME, else the engine's."

    setting :otlp_endpoint, type: :text, default: nil, core: true, secret: true,
                            values: 'nil or the text of a URL such as http://localhost:4318',
                            doc: 'Where spans go, by default OTEL_EXPORTER_OTLP_ENDPOINT.'

    setting :trace_sample_ratio, type: :number, default: nil, within: 0..1, core: true,
                                 values: 'nil or a number between 0 and 1',
                                 doc: 'How many of the traces begun here are kept, else as OTEL_TRACES_SAMPLER says.'

    setting :slow_statement_seconds, type: :number, default: 1.0, within: 0..3600, core: true,
                                     values: 'a number of seconds, 0 for never',
                                     doc: "How long one of the core's statements may take before it is logged."

    setting :max_procs, type: :integer, default: 2, within: 0.., core: true,
                        values: 'an Integer, 0 for no cap, or above',
                        doc: 'How many processors the Go runtime uses at once.'

    setting :max_sessions, type: :integer, default: 10_000, within: 1.., core: true,
                           values: 'an Integer of 1 or above',
                           doc: 'How many task runs may be open at once.'

    setting :on_report, type: :callable, default: nil,
                        values: 'nil or something that can be called with a TaskerCore::Report',
                        doc: 'Gets failures of the core and differences seen in shadow mode, which else are logged.'
  end
end
