#include "sim/config/uncertain.h"

#include <memory>

#include "sim/config/decimal.h"
#include "sim/config/reader.h"
#include "sim/config/set.h"

namespace headroom::config {

std::string Uncertain::draw(Engine& engine) const {
  constexpr int kDigits = 6;
  return print(Decimal::rounded(law::sample(law, engine), kDigits).to_double());
}

std::optional<Uncertain> parse_uncertain(std::string_view assignment, Diagnostics& diagnostics) {
  const std::size_t equals = assignment.find('=');
  Uncertain uncertain;
  uncertain.path = assignment.substr(0, equals);
  auto source = std::make_shared<Source>();
  source->name = "--uncertain " + uncertain.path;
  diagnostics.mention(source);
  uncertain.where = {source, 1, 1};
  const auto fail = [&](std::size_t at, const std::string& message) {
    diagnostics.error({source, 1, static_cast<int>(at) + 1}, message);
    return std::nullopt;
  };
  if (equals == std::string_view::npos || uncertain.path.empty())
    return fail(
        0,
        "expected PATH=DISTRIBUTION, such as workload.arrivals.poisson={normal: {mean: 10000/s, stddev: "
        "500/s}}");
  if (const std::size_t hole = hole_in(uncertain.path); hole != std::string::npos)
    return fail(hole, "expected a name on both sides of each dot of the path");
  source->text = assignment.substr(equals + 1);
  uncertain.text = source->text;
  const std::size_t before = diagnostics.count();
  const auto node = read_text(source, diagnostics);
  if (!node || diagnostics.count() != before) return std::nullopt;
  uncertain.law_node = *node;
  return uncertain;
}

}  // namespace headroom::config
