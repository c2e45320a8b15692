#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/metrics/result.h"

namespace headroom::report {

/// journal.jsonl: one JSON object per line: `t_s`, `replication`, `kind`, `subject` and the event's own
/// fields (under `detail` where a name is taken). A last line {"left_out": n} says how many events it does
/// not show.
std::string journal_lines(const std::vector<metrics::StudyEvent>& events, std::int64_t left_out);

/// "term 2, leader queue-2"
std::string details_text(const metrics::Event& event);

}  // namespace headroom::report
