#pragma once

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "sim/config/node.h"
#include "sim/study/catalogue.h"

namespace headroom::study::test {

/// How a catalogue and what was reported differ: `reported` must be all that this resolved scenario has what
/// it needs for, and nothing else. One sentence for each name.
template <class Info>
std::vector<std::string> differences(std::span<const Info> catalogue, const std::set<std::string>& reported,
                                     const config::Node& scenario) {
  std::vector<std::string> wrong;
  for (const std::string& name : reported) {
    const Info* info = metrics::find(catalogue, name);
    if (info == nullptr)
      wrong.push_back(name + " is reported, but in no catalogue");
    else if (const std::string missing = unmet(name, *info, scenario); !missing.empty())
      wrong.push_back(name + " is reported without " + missing);
  }
  const auto expect = [&](const std::string& name, const Info& info) {
    if (!info.when_told && !reported.contains(name) && unmet(name, info, scenario).empty())
      wrong.push_back(name + " is not reported");
  };
  const config::Node* watch = scenario.find("watch");
  for (const Info& info : catalogue) {
    if (info.name.find('<') == std::string_view::npos) {
      expect(std::string(info.name), info);
    } else if (watch != nullptr) {  // the families there are go by the groups that are watched
      for (const config::Node& one : watch->items())
        expect(metrics::Named<Info>(info, one.find("group")->text()).name(), info);
    }
  }
  return wrong;
}

}  // namespace headroom::study::test
