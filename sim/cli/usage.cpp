#include "sim/cli/usage.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/config/diagnostics.h"
#include "sim/config/units.h"

namespace headroom::cli {
namespace {

std::vector<std::string> commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr))
    if (!command->get_group().empty()) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> options(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string unknown(const std::string& kind, const std::string& word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> names(known.begin(), known.end());
  return "unknown " + kind + " " + config::quote(word) + ", expected " + config::list_of(names) +
         config::did_you_mean(word, names);
}

/// Every word that means nothing.
std::string extras(const CLI::App& command) {
  std::string lines;
  for (const std::string& word : command.remaining()) {
    const bool option = word.size() > 1 && word.front() == '-';
    if (!option && !lines.empty()) continue;  // most likely the value of an unknown option
    lines += (lines.empty() ? "" : "\nheadroom: error: ") +
             (option ? unknown("option", word.substr(0, word.find('=')), options(command))
                     : "one thing too much: " + config::quote(word));
  }
  return lines;
}

}  // namespace

std::string explain(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv) {
  const auto chosen = app.get_subcommands();
  std::string what;
  std::string help = "headroom --help";
  if (chosen.empty()) {
    const std::vector<std::string> names = commands(app);
    const std::string first = argc > 1 ? argv[1] : "";
    if (first.empty())
      what = "a command is missing, expected " +
             config::list_of(std::vector<std::string_view>(names.begin(), names.end()));
    else if (first.front() == '-')
      what = unknown("option", first, options(app));
    else
      what = unknown("command", first, names);
  } else {
    const CLI::App& command = *chosen.front();
    help = "headroom " + command.get_name() + " --help";
    what = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ? extras(command) : error.what();
  }
  return "headroom: error: " + what + "\n`" + help + "` says more.\n";
}

CLI::Option* whole_number(CLI::Option* option, std::int64_t low, std::int64_t high) {
  // CLI11 reads 010 as eight and refuses 08: what it is given is written as it does not misread.
  return option->type_name("N")->transform(CLI::Validator(
      [low, high](std::string& text) {
        const std::optional<std::int64_t> value = config::parse_integer(text);
        if (!value || *value < low || *value > high)
          return "expected a whole number from " + std::to_string(low) + " to " + std::to_string(high) +
                 ", got " + config::quote(text);
        text = std::to_string(*value);
        return std::string();
      },
      ""));
}

CLI::Option* number(CLI::Option* option, double low, double high) {
  return option->type_name("X")->transform(CLI::Validator(
      [low, high](std::string& text) {
        const auto value = config::parse_number(text);
        if (!value || *value < low || *value > high)
          return "expected a number from " + config::print_number(low) + " to " + config::print_number(high) +
                 ", got " + config::quote(text);
        text = config::print_number(*value);
        return std::string();
      },
      ""));
}

CLI::Option* one_of(CLI::Option* option, std::string_view what, std::span<const std::string_view> names) {
  return option->type_name("NAME,…")->transform(CLI::Validator(
      [what, names](std::string& text) {
        if (std::find(names.begin(), names.end(), text) != names.end()) return std::string();
        return unknown(std::string(what), text, {names.begin(), names.end()});
      },
      ""));
}

CLI::Option* duration(CLI::Option* option, bool zero) {
  return option->type_name("DURATION")
      ->transform(CLI::Validator(
          [zero](std::string& text) {
            std::string why;
            const auto value = config::parse_quantity<Duration>(text, why);
            if (!value) return why;
            if (*value < Duration() || (!zero && *value == Duration()))
              return std::string(zero ? "expected a duration that is not negative, got "
                                      : "expected a duration longer than 0s, got ") +
                     config::quote(text);
            return std::string();
          },
          ""));
}

Duration duration_of(const std::string& text) {
  std::string why;
  return config::parse_quantity<Duration>(text, why).value_or(Duration());
}

CLI::Option* share(CLI::Option* option, double low, double high) {
  return option->type_name("SHARE")->transform(CLI::Validator(
      [low, high](std::string& text) {
        std::string why;
        const auto value = config::parse_quantity<Share>(text, why);
        if (!value) return why;
        if (value->value < low || value->value > high)
          return "expected a share from " + config::print(Share{low}) + " to " + config::print(Share{high}) +
                 ", got " + config::quote(text);
        return std::string();
      },
      ""));
}

Share share_of(const std::string& text) {
  std::string why;
  return config::parse_quantity<Share>(text, why).value_or(Share());
}

}  // namespace headroom::cli
