#include "models/processing/calibrate/pace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/check.h"

namespace headroom::processing::calibrate {
namespace {

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

double pace_of(const std::vector<double>& took, const std::vector<double>& usual) {
  HEADROOM_CHECK(!took.empty() && took.size() == usual.size(), "passes over different images");
  std::vector<double> ratios;
  for (std::size_t i = 0; i < took.size(); ++i) ratios.push_back(took[i] / usual[i]);
  std::sort(ratios.begin(), ratios.end());
  const std::size_t cut = ratios.size() / 20;
  double sum = 0;
  for (std::size_t i = cut; i < ratios.size() - cut; ++i) sum += ratios[i];
  return sum / static_cast<double>(ratios.size() - 2 * cut);
}

Reference reference_of(const std::vector<Pass>& passes) {
  HEADROOM_CHECK(!passes.empty(), "no pass");
  Reference reference;
  const std::size_t counts = passes[0].took.size();
  reference.pace.assign(passes.size(), std::vector<double>(counts, 1));
  for (std::size_t k = 0; k < counts; ++k) {
    std::vector<double>& usual = reference.usual.emplace_back();
    for (std::size_t i = 0; i < passes[0].took[k].size(); ++i) {
      std::vector<double> times;
      for (const Pass& pass : passes) times.push_back(pass.took[k][i]);
      usual.push_back(median(std::move(times)));
    }
    for (std::size_t p = 0; p < passes.size(); ++p) reference.pace[p][k] = pace_of(passes[p].took[k], usual);
    // Means of an image at the usual speed: interruptions are part of what a conversion takes.
    for (std::size_t i = 0; i < usual.size(); ++i) {
      double sum = 0;
      for (std::size_t p = 0; p < passes.size(); ++p) sum += passes[p].took[k][i] / reference.pace[p][k];
      usual[i] = sum / static_cast<double>(passes.size());
    }
  }
  return reference;
}

Refusal refusal(const Pass& before, const Pass& after, const Disturbance& noise, const BlockLimits& limits) {
  double difference = 0;
  for (std::size_t k = 0; k < before.took.size(); ++k)
    difference = std::max(difference, std::abs(pace_of(after.took[k], before.took[k]) - 1));
  Refusal worst;
  double furthest = 1;
  const auto look = [&](Refused cause, double value, double limit) {
    if (value <= furthest * limit) return;
    furthest = value / limit;
    worst = {cause, value};
  };
  look(Refused::speed, difference, limits.difference);
  look(Refused::steal, noise.steal, limits.steal);
  look(Refused::others, noise.other_work, limits.other_work);
  return worst;
}

std::string text_of(const Refusal& refusal, const BlockLimits& limits) {
  const auto text = [&](const char* what, double limit, const char* of) {
    return fmt::format("{} {:.1f} %{} (limit {:.0f} %)", what, refusal.value * 100, of, limit * 100);
  };
  switch (refusal.cause) {
    case Refused::no:
      return "";
    case Refused::speed:
      return text("the machine's speed changed by", limits.difference, "");
    case Refused::steal:
      return text("the hypervisor took", limits.steal, " of the CPU time");
    case Refused::others:
      return text("other programs used", limits.other_work, " of the CPU time");
  }
  return "";
}

}  // namespace headroom::processing::calibrate
