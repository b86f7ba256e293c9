# frozen_string_literal: true

# Written by bin/generate; change settings.json instead.
module TaskerCore
  class Configuration
    switch :dependency_resolution, default: :off,
                                   doc: 'Step readiness, execution contexts, dependency levels, DAG rows and analytics.'

    switch :state_transitions, default: :off,
                               doc: 'The state machines of tasks and steps.'

    switch :orchestration, default: :off,
                           doc: 'The loop that finds steps, runs their handlers and finalizes a task.'

    setting :retry_failed_steps, type: :boolean, default: true,
                                 doc: 'A failed step goes back to pending after its backoff and runs again.'

    setting :permanent_errors_final, type: :boolean, default: true,
                                     doc: 'A step that raised PermanentError is never retried.'

    setting :record_failed_completions, type: :boolean, default: true,
                                        doc: 'A result that cannot be saved fails its step, so none is left behind.'

    setting :enforce_timeouts, type: :boolean, default: true,
                               doc: 'A step that exceeds the batch timeout fails, and its late result is refused.'

    setting :resume_interrupted_tasks, type: :boolean, default: true,
                                       doc: 'A job may resume a task that an interrupted run has left in_progress.'

    setting :reenqueue_unfinished_tasks, type: :boolean, default: true,
                                         doc: 'A run that must wait sets its task pending and enqueues one job.'

    setting :honour_concurrency_limits, type: :boolean, default: true,
                                        doc: "The engine's configuration limits how many steps run at the same time."

    setting :deduplicate_events, type: :boolean, default: false,
                                 doc: 'Publish one event where the engine publishes two or three for the same change.'

    setting :event_bridge, type: :boolean, default: false,
                           doc: "Deliver the engine's events to TaskerCore.subscribe in this process."

    setting :event_relay, type: :boolean, default: false, core: true,
                          doc: "Exchange events with other processes through PostgreSQL's LISTEN and NOTIFY."

    setting :event_relay_channel, type: :text, default: 'tasker_core_events', within: 1..63, core: true,
                                  values: 'a string of 1 to 63 bytes',
                                  doc: 'The NOTIFY channel. Processes with the same channel exchange events.'

    setting :event_relay_url, type: :text, default: nil, core: true, secret: true,
                              values: 'nil or a URL such as postgresql://user@host/database',
                              doc: "Where to LISTEN, not through PgBouncer. nil: the application's database."

    setting :event_relay_names, type: :texts, default: ['*'].freeze, core: true,
                                values: "a list of names (step.completed), prefixes (step.*), or ['*']",
                                doc: 'Which events are sent to other processes.'

    setting :external_steps_recheck_seconds, type: :integer, default: nil, within: 0..,
                                             values: "nil for the engine's own delay, 0 for never, or seconds",
                                             doc: 'Seconds between checks of tasks that wait for a worker.'

    setting :log_subscriber, type: :boolean, default: false,
                             doc: 'Log sessions, claims, completions and transitions in the Rails log at level debug.'

    setting :log_level, type: %i[debug info warn error off], default: :warn, core: true,
                        doc: 'The lowest level that the Go core logs.'

    setting :log_destination, type: :destination, default: :stderr, core: true,
                              values: 'stderr, the absolute path of a file, or in Rails rails',
                              doc: "Where the core's log lines go."

    setting :log_format, type: %i[json console], default: :json, core: true,
                         doc: "The format of the core's log lines."

    setting :tracing, type: %i[off on], default: :off, core: true,
                      doc: 'Send spans over OTLP/HTTP. The OTEL_ variables apply: docs/TELEMETRY.md.'

    setting :service_name, type: :text, default: nil, core: true,
                           values: 'nil or a string',
                           doc: "The service name of the spans. nil: OTEL_SERVICE_NAME, otherwise the engine's."

    setting :otlp_endpoint, type: :text, default: nil, core: true, secret: true,
                            values: 'nil or a URL such as http://localhost:4318',
                            doc: 'Where spans go. nil: OTEL_EXPORTER_OTLP_ENDPOINT.'

    setting :trace_sample_ratio, type: :number, default: nil, within: 0..1, core: true,
                                 values: 'nil or a number between 0 and 1',
                                 doc: 'The share of new traces that are sampled, 0 to 1. nil: OTEL_TRACES_SAMPLER.'

    setting :slow_statement_seconds, type: :number, default: 1.0, within: 0..3600, core: true,
                                     values: 'a number of seconds, 0 for never',
                                     doc: 'Statements of the core that take longer than this are logged.'

    setting :max_procs, type: :integer, default: 2, within: 0.., core: true,
                        values: 'an Integer of 0 or more, 0 for no limit',
                        doc: 'The number of processors that the Go runtime uses at the same time. 0: no limit.'

    setting :max_sessions, type: :integer, default: 10_000, within: 1.., core: true,
                           values: 'an Integer of 1 or more',
                           doc: 'The largest number of task runs open at the same time.'

    setting :on_report, type: :callable, default: nil,
                        values: 'nil or an object that can be called with a TaskerCore::Report',
                        doc: 'Called with failures of the core and differences in shadow mode. nil: log them.'
  end
end
