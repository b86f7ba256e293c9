# frozen_string_literal: true

module TaskerCore
  # Converts a Ruby regular expression to Go's syntax, which has no look-around, no back-references
  # and no atomic groups.
  #
  # @api private
  module GoRegexp
    # Classes with another name in Go. \Z and /x are left out on purpose, because no one filters
    # parameters with them.
    CLASSES = { '\\h' => '[0-9a-fA-F]', '\\H' => '[^0-9a-fA-F]' }.freeze
    MISSING = /\(\?(?:=|!|<=|<!|>|~|\()|\\[1-9kgGRXKZ]|\(\?[a-z]*x|[*+?}]\+|&&/
    private_constant :CLASSES, :MISSING

    class << self
      # @param regexp [Regexp]
      # @return [String, nil] nil if Go has no such expression
      def of(regexp)
        source = regexp.source
        return if regexp.options.anybits?(Regexp::EXTENDED) || source.match?(MISSING) || in_class?(source)

        "(?#{flags(regexp)})#{source.gsub(/\\./m) { |escape| CLASSES.fetch(escape, escape) }
                                    .gsub(/\(\?([a-z]*)(-[a-z]*)?(?=[:)])/) { inline(*Regexp.last_match.captures) }}"
      end

      private

      # A class of hexadecimal digits inside brackets cannot be replaced.
      def in_class?(source) = source.match?(/\[[^\]]*\\[hH]/)

      # In Ruby, ^ and $ match at every line, and /m lets a dot match a line break.
      def flags(regexp)
        "m#{'i' if regexp.options.anybits?(Regexp::IGNORECASE)}#{'s' if regexp.options.anybits?(Regexp::MULTILINE)}"
      end

      # Ruby writes (?mi-x:...) for an expression inside another.
      def inline(on, off)
        off = off.to_s.delete('-x').tr('m', 's')
        "(?#{on.tr('m', 's')}#{"-#{off}" unless off.empty?}"
      end
    end
  end
end
