# frozen_string_literal: true

module TaskerCore
  # Writes a regular expression of Ruby's as Go's, which has no look-around, no
  # back-references and no atomic groups.
  module GoRegexp
    # What means the same under another name, or is not there. \Z and /x are left out on
    # purpose: nobody filters parameters with them.
    CLASSES = { '\\h' => '[0-9a-fA-F]', '\\H' => '[^0-9a-fA-F]' }.freeze
    MISSING = /\(\?(?:=|!|<=|<!|>|~|\()|\\[1-9kgGRXKZ]|\(\?[a-z]*x|[*+?}]\+|&&/
    private_constant :CLASSES, :MISSING

    class << self
      # @param regexp [Regexp]
      # @return [String, nil] nil where Go has no such expression
      def of(regexp)
        source = regexp.source
        return if regexp.options.anybits?(Regexp::EXTENDED) || source.match?(MISSING) || in_class?(source)

        "(?#{flags(regexp)})#{source.gsub(/\\./m) { |escape| CLASSES.fetch(escape, escape) }
                                    .gsub(/\(\?([a-z]*)(-[a-z]*)?(?=[:)])/) { inline(*Regexp.last_match.captures) }}"
      end

      private

      # A class of hexadecimal digits in brackets cannot be put in place.
      def in_class?(source) = source.match?(/\[[^\]]*\\[hH]/)

      # Ruby's ^ and $ are at every line; its /m lets a dot match a line break.
      def flags(regexp)
        "m#{'i' if regexp.options.anybits?(Regexp::IGNORECASE)}#{'s' if regexp.options.anybits?(Regexp::MULTILINE)}"
      end

      # Ruby writes (?mi-x:...) where an expression stands in another.
      def inline(on, off)
        off = off.to_s.delete('-x').tr('m', 's')
        "(?#{on.tr('m', 's')}#{"-#{off}" unless off.empty?}"
      end
    end
  end
end
