#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "sim/metrics/result.h"
#include "sim/metrics/whole.h"

// CBOR (RFC 8949). Arrays of numbers go as byte strings: a long time series is megabytes.
namespace headroom::metrics {
namespace {

using nlohmann::json;

template <class T>
json pack(const std::vector<T>& numbers) {
  static_assert(sizeof(T) == 8 && std::endian::native == std::endian::little);
  std::vector<std::uint8_t> bytes(numbers.size() * sizeof(T));
  if (!numbers.empty()) std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return json::binary(std::move(bytes));
}

template <class T>
std::vector<T> unpack(const json& packed) {
  const auto& bytes = packed.get_binary();
  std::vector<T> numbers(bytes.size() / sizeof(T));
  if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(T));
  return numbers;
}

json to_json(const std::optional<double>& value) {
  return value ? json(*value) : json();
}
std::optional<double> optional_from(const json& j) {
  return j.is_null() ? std::nullopt : std::optional(j.get<double>());
}

/// Most are counts, and many the same in all batches: small as whole numbers, smaller as one.
json pack(const PerBatch& values) {
  const auto number = [](double x) {
    constexpr double kExact = 9007199254740992;  // 2⁵³
    const bool whole = x == std::floor(x) && std::abs(x) <= kExact && (x != 0 || !std::signbit(x));
    return whole ? json(static_cast<std::int64_t>(x)) : json(x);
  };
  bool alike = true;
  for (double x : values) alike = alike && x == values[0] && std::signbit(x) == std::signbit(values[0]);
  if (alike) return number(values[0]);
  json all = json::array();
  for (double x : values) all.push_back(number(x));
  return all;
}
PerBatch per_batch_from(const json& j) {
  PerBatch values{};
  if (j.is_number()) {
    values.fill(j.get<double>());
    return values;
  }
  for (std::size_t b = 0; b < values.size(); ++b) values[b] = j.at(b).get<double>();
  return values;
}

json to_json(const MetricValue& m) {
  const Evidence& e = m.evidence;
  return json::array({m.name, to_json(m.value), static_cast<int>(e.kind), static_cast<int>(e.range), e.counts,
                      e.scale, pack(e.batches.numerator), pack(e.batches.denominator), e.q,
                      pack(e.above_wider), pack(e.curve)});
}
MetricValue metric_from(const json& j) {
  MetricValue m{j.at(0).get<std::string>(), optional_from(j.at(1)), {}};
  Evidence& e = m.evidence;
  e.kind = static_cast<Evidence::Kind>(whole<int>(j.at(2), 0, static_cast<int>(Evidence::Kind::quantile)));
  e.range = static_cast<Range>(whole<int>(j.at(3), 0, static_cast<int>(Range::share)));
  e.counts = j.at(4).get<bool>();
  e.scale = j.at(5).get<double>();
  e.batches = {per_batch_from(j.at(6)), per_batch_from(j.at(7))};
  e.q = j.at(8).get<double>();
  e.above_wider = per_batch_from(j.at(9));
  e.curve = unpack<double>(j.at(10));
  const bool curve = e.kind == Evidence::Kind::quantile;
  if (e.curve.size() != (curve ? kCurve : 0) || (curve && (std::isnan(e.q) || e.q <= 0 || e.q >= 1)))
    throw json::other_error::create(600, "not a metric", &j);
  return m;
}

json to_json(const Histogram& h) {
  const Histogram::Sparse s = h.sparse();
  return json::array({pack(s.indices), pack(s.counts), s.min, s.max, s.sum_high, s.sum_low});
}
/// Throws like json does when the data are wrong.
Histogram histogram_from(const json& j) {
  auto h = Histogram::restore({unpack<std::int64_t>(j.at(0)), unpack<std::int64_t>(j.at(1)),
                               whole<std::int64_t>(j.at(2)), whole<std::int64_t>(j.at(3)),
                               whole<std::int64_t>(j.at(4)), whole<std::uint64_t>(j.at(5))});
  if (!h) throw json::other_error::create(600, "not a histogram", &j);
  return std::move(*h);
}

json to_json(const Event& e) {
  json details = json::array();
  for (const Field& field : e.details) {
    details.push_back(field.name);
    details.push_back(std::visit([](const auto& v) { return json(v); }, field.value));
  }
  return json::array({e.at.since_start().count_ns(), e.kind, e.subject, std::move(details)});
}
Field field_from(std::string name, const json& j) {
  if (j.is_boolean()) return {std::move(name), j.get<bool>()};
  if (j.is_number_integer()) return {std::move(name), whole<std::int64_t>(j)};
  if (j.is_number_float()) return {std::move(name), j.get<double>()};
  return {std::move(name), j.get<std::string>()};
}
Event event_from(const json& j) {
  Event e{TimePoint::at(Duration::ns(whole<std::int64_t>(j.at(0)))),
          j.at(1).get<std::string>(),
          j.at(2).get<std::string>(),
          {}};
  const json& details = j.at(3);
  for (std::size_t i = 0; i + 1 < details.size(); i += 2) {
    e.details.push_back(field_from(details.at(i).get<std::string>(), details.at(i + 1)));
  }
  return e;
}

bool makes_sense(const Use& use) {
  const auto within = [](const std::vector<double>& values, double most) {
    return std::all_of(values.begin(), values.end(), [&](double v) { return v >= 0 && v <= most; });
  };
  return within(use.share, 1) && (use.alive.empty() || use.alive.size() == use.share.size()) &&
         within(use.alive, static_cast<double>(use.members) * (1 + 1e-9));
}

}  // namespace

std::string serialise(const ReplicationResult& result) {
  json j = {{"metrics", json::array()},   {"invariants", json::array()}, {"latency", json::array()},
            {"durations", json::array()}, {"columns", json::array()},    {"journal", json::array()}};
  for (const auto& m : result.metrics) j["metrics"].push_back(to_json(m));
  for (const auto& i : result.invariants) {
    j["invariants"].push_back(json::array({i.name, i.holds, i.checked, i.detail}));
  }
  for (const auto& l : result.latency) j["latency"].push_back(json::array({l.name, to_json(l.histogram)}));
  for (const auto& d : result.durations) {
    json published = json::array();
    for (const auto& p : d.published) published.push_back(json::array({p.source, p.ms, p.share}));
    j["durations"].push_back(json::array({d.name, to_json(d.histogram), std::move(published)}));
  }
  for (const auto& c : result.series.columns) {
    j["columns"].push_back(json::array({c.name, c.counter, pack(c.values)}));
  }
  j["uses"] = json::array();
  for (const auto& u : result.uses)
    j["uses"].push_back(
        json::array({u.id, u.name, u.duty == Duty::holds, u.link, u.members, pack(u.share), pack(u.alive)}));
  j["slot_ns"] = result.series.slot.count_ns();
  j["rows"] = result.series.rows;
  for (const auto& e : result.journal) j["journal"].push_back(to_json(e));
  j["journal_left_out"] = result.journal_left_out;
  j["events"] = result.events;
  j["simulated_s"] = result.simulated_s;
  j["measured_s"] = result.measured_s;
  std::string bytes;
  json::to_cbor(j, bytes);
  return bytes;
}

std::optional<ReplicationResult> deserialise(std::string_view bytes) {
  try {
    const json j = json::from_cbor(bytes);  // told not to throw, it still does for an array of 2^60 elements
    ReplicationResult result;
    for (const json& m : j.at("metrics")) result.metrics.push_back(metric_from(m));
    for (const json& i : j.at("invariants")) {
      result.invariants.push_back({i.at(0).get<std::string>(), i.at(1).get<bool>(),
                                   whole<std::int64_t>(i.at(2)), i.at(3).get<std::string>()});
    }
    for (const json& l : j.at("latency")) {
      result.latency.push_back({l.at(0).get<std::string>(), histogram_from(l.at(1))});
    }
    for (const json& d : j.at("durations")) {
      result.durations.push_back({d.at(0).get<std::string>(), histogram_from(d.at(1)), {}});
      for (const json& p : d.at(2))
        result.durations.back().published.push_back(
            {p.at(0).get<std::string>(), p.at(1).get<double>(), p.at(2).get<double>()});
    }
    result.series.slot = Duration::ns(whole<std::int64_t>(j.at("slot_ns")));
    result.series.rows = whole<std::size_t>(j.at("rows"));
    for (const json& c : j.at("columns")) {
      result.series.columns.push_back(
          {c.at(0).get<std::string>(), c.at(1).get<bool>(), unpack<double>(c.at(2))});
      if (result.series.columns.back().values.size() != result.series.rows) return std::nullopt;
    }
    for (const json& u : j.at("uses")) {
      result.uses.push_back({u.at(0).get<std::string>(), u.at(1).get<std::string>(),
                             u.at(2).get<bool>() ? Duty::holds : Duty::serves, u.at(3).get<bool>(),
                             whole<std::int64_t>(u.at(4), 1), unpack<double>(u.at(5)),
                             unpack<double>(u.at(6))});
      if (!makes_sense(result.uses.back())) return std::nullopt;
    }
    for (const json& e : j.at("journal")) result.journal.push_back(event_from(e));
    result.journal_left_out = whole<std::int64_t>(j.at("journal_left_out"));
    result.events = whole<std::int64_t>(j.at("events"));
    result.simulated_s = j.at("simulated_s").get<double>();
    result.measured_s = j.at("measured_s").get<double>();
    return result;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace headroom::metrics
