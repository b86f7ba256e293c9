# frozen_string_literal: true

# What a terminal shows of the text that was written to it: lines, the cursor going up, and
# what is below it erased. It knows no more than TaskerCore::Terminal writes.
class Screen
  # One sequence of a terminal: its number and its letter.
  SEQUENCE = /\A\e\[([\d;]*)([A-Za-z])/

  # @param height [Integer] lines; a line below the last one pushes the first one out
  # @param width [Integer] columns
  def initialize(height, width)
    @height = height
    @width = width
    @lines = [+'']
    @row = 0
    @rest = +''
    @gone = 0
  end

  # @return [Integer] how many lines were pushed out at the top
  attr_reader :gone

  # @return [Array<String>] what is shown, without the empty end
  def lines = @lines.map(&:rstrip).reverse.drop_while(&:empty?).reverse

  def to_s = lines.join("\n")

  # @param text [String] bytes of UTF-8, cut anywhere
  # @return [self]
  def <<(text)
    @bytes = @bytes.to_s.b + text.b
    whole = (0..3).find { |cut| @bytes[0...(@bytes.size - cut)].to_s.dup.force_encoding('UTF-8').valid_encoding? } || 0
    @rest += @bytes.slice!(0, @bytes.size - whole).force_encoding('UTF-8')
    until @rest.empty?
      taken = step
      break unless taken

      @rest = @rest[taken..]
    end
    self
  end

  private

  # @return [Integer, nil] how many characters were taken; nil where more has to come
  def step
    return if @rest.match?(/\A\e(\[[\d;]*)?\z/)
    return sequence(Regexp.last_match) if @rest =~ SEQUENCE

    case @rest[0]
    when "\r" then @column = 0
    when "\n" then feed
    else put(@rest[0])
    end
    1
  end

  def sequence(match)
    case match[2]
    when 'A' then up(match[1].to_i)
    when 'J' then erase
    when 'm' then nil
    else raise "the terminal got #{match[0].inspect}"
    end
    match[0].size
  end

  def up(count)
    raise "the cursor went up #{count} lines from line #{@row}" if count > @row

    @row -= count
  end

  def erase
    @lines = @lines[0..@row]
    @lines[@row] = @lines[@row][0...@column.to_i] || +''
  end

  def feed
    @row += 1
    @lines << +'' if @row == @lines.size
    return unless @lines.size > @height

    @lines.shift
    @row -= 1
    @gone += 1
  end

  def put(character)
    raise "a line is wider than #{@width} columns: #{@lines[@row]}" if @column.to_i >= @width

    line = @lines[@row]
    line << (' ' * [@column.to_i - line.size, 0].max)
    line[@column.to_i] = character
    @column = @column.to_i + 1
  end
end
