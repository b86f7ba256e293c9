# frozen_string_literal: true

# What a results.json of bin/bench says, by names.
class Results
  # @param results [Array<Hash>]
  def initialize(results)
    @results = results
  end

  # @return [Hash{String => Hash{Float => Float}}] what was measured for a picture, by side
  def series(picture)
    all('series').select { |series| series['picture'] == picture }
                 .to_h { |series| [series['side'], series['points'].to_h] }
  end

  # @return [Hash{String => Hash}] a table's rows by name; empty where it was not measured
  def table(title)
    found = all('tables').find { |table| table['title'] == title }
    found ? found['rows'].to_h { |row| [row['name'], row] } : {}
  end

  # @return [Array<Array>, nil] the rows of a note whose name begins so
  def note(name) = all('notes').find { |note| note['name'].start_with?(name) }&.fetch('rows')

  # @return [Numeric, nil] a figure or what a target was measured at
  def figure(name) = (all('figures') + all('targets')).find { |figure| figure['name'] == name }&.fetch('value')

  # @return [Hash{String => Integer}] seconds by script, the longest first, of those that ran now
  def seconds
    taken = @results.to_h { |result| [result['script'], result['seconds'].to_i] }
    taken.select { |_, seconds| seconds.positive? }.sort_by { |_, seconds| -seconds }.to_h
  end

  private

  def all(kind) = @results.flat_map { |result| result[kind] || [] }
end
