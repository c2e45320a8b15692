#pragma once

#include <string_view>
#include <vector>

#include "sim/metrics/result.h"
#include "sim/report/run.h"

namespace headroom::report {

/// When which fault was active, in any replication: from the journal's events `fault begins`, of which
/// `fault` is the band's name and `for_s` its length (without it: to the `end` of the run). Bands of one name
/// do not overlap; sorted by begin.
std::vector<Band> fault_bands(const std::vector<metrics::StudyEvent>& journal, TimePoint end);
/// The same from journal.jsonl; lines that are none of that are passed over.
std::vector<Band> fault_bands(std::string_view journal_lines, TimePoint end);

}  // namespace headroom::report
