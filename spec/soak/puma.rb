# frozen_string_literal: true

# Without preload_app!, so that a phased restart can be asked for.
workers 2
threads 2, 2
worker_shutdown_timeout 5
bind "unix://#{ENV.fetch('SOAK_FOLDER')}/puma.sock"
