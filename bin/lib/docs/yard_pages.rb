# frozen_string_literal: true

# YARD loads it once for the pages and once for its statistics.
return if defined?(YardPages)

require 'cgi'
require 'pathname'

# Adds what YARD lacks for pages written for GitHub: links between files, and the
# anchors of headings. .yardopts loads it.
module YardPages
  REPOSITORY = 'https://github.com/jcoletaylor/tasker_core'
  LINK = /(?<=\s)(?<attribute>href|src|srcset)="(?<target>[^"]*)"/
  HEADING = %r{<h(?<level>[1-6])(?: id="[^"]*")?>(?<title>.*?)</h\k<level>>}m

  # @param text [String] Markdown
  # @return [String] HTML
  def html_markup_markdown(text)
    html = super
    page = @file&.filename
    return html unless page

    anchored(html).gsub(LINK) do
      link = Regexp.last_match
      %(#{link[:attribute]}="#{h(page_target(page, CGI.unescapeHTML(link[:target])))}")
    end
  end

  private

  # The target of a page's link in the output: another page, a picture, or a file on GitHub.
  def page_target(page, target)
    return target if target.empty? || target.match?(/\A(?:[a-z]+:|#)/)

    path, anchor = target.split('#', 2)
    path = Pathname.new(File.join(File.dirname(page), path)).cleanpath.to_s
    [page_output(path) || github(path), anchor].compact.join('#')
  end

  def page_output(path)
    return path.delete_prefix('docs/') if path.start_with?('docs/images/')

    file = options.files&.find { |one| one.filename == path }
    file && url_for_file(file)
  end

  def github(path) = "#{REPOSITORY}/#{File.directory?(path) ? 'tree' : 'blob'}/main/#{path}"

  # Gives the headings the anchors that GitHub gives them.
  def anchored(html)
    seen = Hash.new(-1)
    html.gsub(HEADING) do
      level, title = Regexp.last_match.values_at(:level, :title)
      anchor = CGI.unescapeHTML(title.gsub(/<[^>]*>/, '')).downcase.gsub(/[^\p{Word}\- ]/, '').tr(' ', '-')
      number = seen[anchor] += 1
      %(<h#{level} id="#{anchor}#{"-#{number}" unless number.zero?}">#{title}</h#{level}>)
    end
  end
end

# Keeps the first documentation of a module or class. Files that reopen it describe what they add.
module FirstDocumentation
  # @param object [YARD::CodeObjects::Base]
  # @return [void]
  def register_docstring(object, ...)
    super unless object.is_a?(YARD::CodeObjects::NamespaceObject) && !object.docstring.blank?
  end
end

YARD::Templates::Template.extra_includes << YardPages
YARD::Handlers::Base.prepend(FirstDocumentation)
