# frozen_string_literal: true

require_relative '../spec_helper'
require 'objspace'

RSpec.describe TaskerCore::Reporting do
  let(:passed_on) { [] }

  around do |example|
    before = TaskerCore.configuration.on_report
    TaskerCore.configuration.on_report = ->(report) { passed_on << report.message[0, 20] }
    described_class.reset
    example.run
  ensure
    described_class.reset
    TaskerCore.configuration.on_report = before
  end

  def report(message, once: message)
    described_class.report(TaskerCore::Report.new(kind: :failover, capability: :orchestration, operation: 'x',
                                                  message:, details: {}), once:)
  end

  it 'passes equal reports on once and counts each of them' do
    3.times { report('the same') }
    2.times { report('another') }

    expect(passed_on).to eq(['the same', 'another'])
    expect(described_class.counts).to eq(%i[orchestration failover] => 5)
  end

  it 'keeps nothing of the messages, and little at all, however long it runs' do
    kept = -> { ObjectSpace.memsize_of(described_class.instance_variable_get(:@said)) }
    2000.times { |n| report("step #{n} #{'x' * 1000}") }
    early = kept.call
    20_000.times { |n| report("step #{n + 2000} #{'x' * 1000}") }
    GC.start

    expect(passed_on.size).to eq(22_000)
    expect(kept.call).to be <= early * 2
    expect(ObjectSpace.each_object(String).count { |text| text.size > 1000 && text.start_with?('step ') }).to be < 100
  end

  it 'says again what was said long ago' do
    report('the first')
    1500.times { |n| report("step #{n}") }
    report('the first')

    expect(passed_on.count('the first')).to eq(2)
  end
end
