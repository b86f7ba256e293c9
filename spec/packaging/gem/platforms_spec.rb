# frozen_string_literal: true

require_relative '../../../ext/tasker_core/native_build'

# The platforms that this machine is not.
RSpec.describe TaskerCore::NativeBuild do
  def refusal(engine: 'ruby', **config)
    described_class.new(source: __dir__, config: config.transform_keys(&:to_s), engine:).refusal
  end

  { 'musl' => [{ host_os: 'linux-musl' }, /musl libc refuses/],
    'macOS' => [{ host_os: 'darwin24' }, /needs Linux with glibc, and this is darwin24/],
    'JRuby' => [{ host_os: 'linux', engine: 'jruby' }, /jruby has no C extensions/],
    'TruffleRuby' => [{ host_os: 'linux', engine: 'truffleruby' }, /truffleruby has no C extensions/] }
    .each do |platform, (settings, reason)|
    it "has no core on #{platform}, and no advice that would not help" do
      expect(refusal(**settings)).to have_attributes(reason:, remedy: nil)
    end
  end

  it 'tries on Linux with glibc' do
    expect(refusal(host_os: 'linux-gnu')).to be_nil
  end
end
