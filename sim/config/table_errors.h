#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "sim/config/diagnostics.h"

namespace headroom::config {

/// The errors of a table, where whatever is wrong may be so in every line: of one kind ("column at_s") ten
/// are told, the others are counted, which is said when this ends.
class TableErrors {
 public:
  explicit TableErrors(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}
  TableErrors(const TableErrors&) = delete;
  TableErrors& operator=(const TableErrors&) = delete;
  ~TableErrors() {
    for (const auto& [name, kind] : kinds_)
      if (kind.count > kMost)
        diagnostics_.error(kind.last, std::to_string(kind.count - kMost) +
                                          " more lines are wrong like those above (" + name +
                                          "), the last one here");
  }
  void error(const Mark& where, const std::string& kind, std::string message) {
    Kind& known = kinds_[kind];
    known.last = where;
    if (++known.count <= kMost) diagnostics_.error(where, std::move(message));
  }

 private:
  static constexpr std::size_t kMost = 10;
  struct Kind {
    std::size_t count = 0;
    Mark last;
  };
  Diagnostics& diagnostics_;
  std::map<std::string, Kind> kinds_;
};

}  // namespace headroom::config
