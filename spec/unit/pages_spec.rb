# frozen_string_literal: true

require_relative '../spec_helper'
require 'open3'

# What the pages refer to exists: links, headings, files and commands of the repository.
RSpec.describe 'the pages' do
  root = File.expand_path('../..', __dir__)
  own = '{bench,bin,c,docs,examples,ext,lib,python,rakelib,sig,spec}'
  pages = %w[README.md ARCHITECTURE.md CONTRIBUTING.md SECURITY.md python/README.md] +
          Dir.glob(%w[docs/**/*.md examples/**/README.md], base: root)
  # Every file and folder of the repository, with each of its parents left out in turn:
  # "ext/tasker_core/go/wire" is there as "go/wire" and as "wire" too.
  paths = Dir.glob(['*', "#{own}/**/*"], base: root).reject { |path| path.start_with?('python/build') }
  endings = paths.to_set { |path| path }.merge(paths.flat_map do |path|
    parts = path.split('/')
    (1...parts.size).map { |place| parts.drop(place).join('/') }
  end)

  # The text of a page without its code blocks.
  define_method(:prose) { |page| File.read("#{root}/#{page}").gsub(/^```.*?^```$/m, '') }
  define_method(:code) { |page| File.read("#{root}/#{page}").scan(/^```(\w*)\n(.*?)^```$/m) }

  # The anchors of a page's headings, as GitHub makes them.
  def anchors(page)
    seen = Hash.new(-1)
    prose(page).scan(/^#+ +(.*)$/).flatten.map do |heading|
      anchor = heading.downcase.gsub(/[^\p{Word}\- ]/, '').tr(' ', '-')
      number = seen[anchor] += 1
      number.zero? ? anchor : "#{anchor}-#{number}"
    end
  end

  # The targets of a page's links and pictures, without those on the network.
  def targets(page)
    text = prose(page)
    found = text.gsub(/`[^`]*`/, '').scan(/\]\(([^)\s]+)\)/) + text.scan(/(?:src|srcset|href)="([^"\s]+)"/)
    found.flatten.grep_v(/\A[a-z]+:/)
  end

  pages.each do |page|
    it "#{page}: every link leads to a file and a heading" do
      broken = targets(page).reject do |target|
        path, anchor = target.split('#', 2)
        file = path.empty? ? page : File.join(File.dirname(page), path)
        file = Pathname.new(file).cleanpath.to_s
        File.exist?("#{root}/#{file}") && (anchor.nil? || anchors(file).include?(anchor))
      end
      expect(broken).to be_empty
    end

    it "#{page}: every page and every command of bin/ that it names is there" do
      text = File.read("#{root}/#{page}")
      named = text.scan(%r{(?<![\w./-])docs/[A-Z_]+\.md}) + text.scan(%r{(?<![\w./-])bin/[a-z][\w-]*}) - %w[bin/rails]
      expect(named.uniq.reject { |name| File.exist?("#{root}/#{name}") }).to be_empty
    end

    # A zsh takes brackets for patterns, and at a prompt it has no comments.
    it "#{page}: a shell takes its commands as they stand, zsh too" do
      lines = code(page).select { |language, _| %w[sh bash].include?(language) }.flat_map { |_, text| text.lines }
      bare = lines.map { |line| line.gsub(/'[^']*'|"[^"]*"/, '') }
      expect(bare.grep(/[\[\]?]|\*(?!\.whl)|(?:\A| )#/)).to be_empty
    end

    it "#{page}: its Ruby is Ruby" do
      blocks = code(page).select { |language, _| language == 'ruby' }
      expect { blocks.each { |_, text| RubyVM::InstructionSequence.compile(text) } }.not_to raise_error
    end
  end

  # What a pattern finds in the code and the quoted words of all pages.
  define_method(:mentioned) do |pattern|
    text = pages.map { |page| File.read("#{root}/#{page}") }.join("\n")
    text.scan(pattern).flatten.flat_map(&:split).uniq
  end

  it 'name tasks of Rake that there are' do
    rake, status = Open3.capture2(RbConfig.ruby, '-S', 'rake', '--all', '--tasks', chdir: root)
    expect(status).to be_success
    named = mentioned(/(?<=`|^|exec )rake (?!tasker_core:)([a-z][\w:]*)/)
    expect(named).to include('wheels', 'parity')
    expect(named - rake.scan(/^rake (\S+)/).flatten).to be_empty
  end

  it 'name tasks of Rails that there are' do
    file = Dir.glob('lib/**/*.rake', base: root).map { |path| File.read("#{root}/#{path}") }.join
    named = mentioned(/\btasker_core:([a-z_]+)/) - %w[install]
    expect(named).to include('doctor', 'verify')
    expect(named - file.scan(/^  task :?(\w+)/).flatten).to be_empty
  end

  it 'name benches that there are' do
    benches = Dir.glob('bench/**/*.{rb,py}', base: root).map { |path| File.basename(path, '.*') }
    named = mentioned(%r{(?<=`|^)bin/bench\s((?:[a-z_]+[ \n]?)+)(?=`|$)})
    expect(named).to include('event_bus')
    expect(named - benches).to be_empty
  end

  it 'are all looked at' do
    expect(pages.size).to be > 20
    expect(pages.sum { |page| targets(page).size }).to be > 40
  end

  it 'name files and folders in ARCHITECTURE.md that the repository has' do
    quoted = prose('ARCHITECTURE.md').scan(/`([^`\n]+)`/).flatten
    named = quoted.grep(%r{\A[\w.-]+(?:/[\w.-]+)+/?\z|\A\w[\w-]*\.(?:rb|go|py|c|h|sql|json|md|sh|rake)\z})
    expect(named.size).to be > 10
    expect(named.reject { |name| endings.include?(name.delete_suffix('/')) }).to be_empty
  end
end
