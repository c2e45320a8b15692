#include "sim/report/page.h"

#include <fmt/format.h>

#include <cstdint>

#include "sim/report/files.h"

namespace headroom::report {
namespace {

constexpr std::string_view kFiguresBegin = "<!-- figures -->\n";
constexpr std::string_view kFiguresEnd = "<!-- end of figures -->\n";

constexpr std::string_view kStyle = R"(
:root { --text: #1b1f24; --faint: #5b6570; --line: #d9dee3; --paper: #ffffff; --card: #f6f8fa;
        --good: #116329; --bad: #a40e26; --open: #7a4a00; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --faint: #9aa6b2; --line: #30363d; --paper: #0d1117; --card: #161b22;
          --good: #56d364; --bad: #ff7b72; --open: #e3b341; }
  figure img { filter: invert(0.93) hue-rotate(180deg); }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--text);
       font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
p { margin: .4rem 0; }
.faint { color: var(--faint); }
.question { font-size: 1.1rem; }
.answer { margin: 1rem 0; padding: .8rem 1rem; border-left: .35rem solid; background: var(--card); font-size: 1.1rem;
          font-weight: 600; }
.yes { border-color: var(--good); color: var(--good); }
.no { border-color: var(--bad); color: var(--bad); }
.open { border-color: var(--open); color: var(--open); }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th { text-align: left; font-weight: 600; color: var(--faint); }
th, td { padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.s { white-space: nowrap; color: var(--faint); font-variant-numeric: tabular-nums; }
td[title], tr[title] td:first-child { text-decoration: underline dotted var(--faint); cursor: help;
                                      text-underline-offset: .2em; }
figure { margin: 1.5rem 0 2rem; }
figure img { width: 100%; height: auto; display: block; border-radius: .4rem; }
figcaption { color: var(--faint); font-size: .92rem; margin-top: .35rem; }
details { margin: .75rem 0; } summary { cursor: pointer; color: var(--faint); }
code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .9em; }
@media print {
  body { max-width: none; padding: 0; font-size: 11pt; } figure, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
}
)";

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) out += k <= n ? kDigits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

std::string page_begin(std::string_view title) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light "
      "dark\">\n"
      "<title>{} – headroom</title>\n<style>{}</style>\n</head>\n<body>\n",
      escaped(title), kStyle);
}

std::string page_end() {
  return "</body>\n</html>\n";
}

std::string figures_section(const std::vector<Chart>& charts, const std::filesystem::path& folder) {
  std::string out;
  for (const Chart& chart : charts) {
    const auto svg = read_file(folder / (chart.file + ".svg"));
    if (!std::holds_alternative<std::string>(svg)) continue;
    out += fmt::format(
        "<figure>\n<img alt=\"{0}\" "
        "src=\"data:image/svg+xml;base64,{1}\">\n<figcaption>{2}</figcaption>\n</figure>\n",
        escaped(chart.title), base64(std::get<std::string>(svg)), escaped(chart.caption));
  }
  if (out.empty())
    out = "<p class=\"faint\">No figures were drawn; <code>headroom plot</code> draws them.</p>\n";
  return std::string(kFiguresBegin) + out + std::string(kFiguresEnd);
}

std::optional<std::string> with_figures(const std::string& page, const std::vector<Chart>& charts,
                                        const std::filesystem::path& figures) {
  const std::size_t begin = page.find(kFiguresBegin);
  const std::size_t end = page.find(kFiguresEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) return std::nullopt;
  return page.substr(0, begin) + figures_section(charts, figures) + page.substr(end + kFiguresEnd.size());
}

}  // namespace headroom::report
