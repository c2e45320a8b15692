#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "models/calls/retry_config.h"
#include "sim/base/describe.h"
#include "sim/base/distribution.h"
#include "sim/base/pace.h"
#include "sim/base/units.h"

namespace headroom::client {

/// Requests at independent exponential intervals: many users who know nothing of each other.
struct Poisson {
  static constexpr std::string_view tag = "poisson";
  Rate rate;
  template <class V>
  static void describe(V& v) {
    v.value(&Poisson::rate, "mean rate of a Poisson process", frequency());
  }
};

/// Requests at equal intervals.
struct Constant {
  static constexpr std::string_view tag = "constant";
  Rate rate;
  template <class V>
  static void describe(V& v) {
    v.value(&Constant::rate, "rate of requests at equal intervals", frequency());
  }
};

/// A two-state Markov-modulated Poisson process: the rate alternates between calm and burst, the time in each
/// state is exponential. Begins calm.
struct Bursts {
  static constexpr std::string_view tag = "bursts";
  Rate calm;
  Rate burst;
  Duration mean_calm;
  Duration mean_burst;
  template <class V>
  static void describe(V& v) {
    v.required("calm", &Bursts::calm, "rate between bursts", between(0, kMostFrequent));
    v.required("burst", &Bursts::burst, "rate in a burst", frequency());
    v.required("mean_calm", &Bursts::mean_calm, "mean time between bursts (exponential)", recurring());
    v.required("mean_burst", &Bursts::mean_burst, "mean length of a burst (exponential)", recurring());
  }
};

/// A point of a rate that changes over time.
struct ProfilePoint {
  Duration at;
  Rate rate;
  template <class V>
  static void describe(V& v) {
    v.required("at", &ProfilePoint::at, "time since the start of the simulation (or of the period)",
               not_negative());
    v.required("rate", &ProfilePoint::rate, "rate at that time", between(0, kMostFrequent));
  }
};

/// A day: mean + (peak − mean)·cos(2π (t − peak_at)/period).
struct Diurnal {
  Rate mean;
  Rate peak;
  Duration period = Duration::s(86'400);
  Duration peak_at = Duration::s(14 * 3'600);
  template <class V>
  static void describe(V& v) {
    v.required("mean", &Diurnal::mean, "mean rate over the period", frequency());
    v.required("peak", &Diurnal::peak, "highest rate, at most twice the mean", frequency());
    v.optional("period", &Diurnal::period, "length of the day", recurring());
    v.optional("peak_at", &Diurnal::peak_at, "time of the peak in the day", not_negative());
  }
  static void check(const Diurnal& d, Complaints& complaints) {
    if (d.peak.per_second < d.mean.per_second)
      complaints.add("peak", "the highest rate is below the mean, expected the mean to twice the mean");
    if (d.peak.per_second > 2 * d.mean.per_second)
      complaints.add("peak",
                     "the peak is above twice the mean, so the rate of this day (a cosine) would be negative "
                     "at night, expected at most twice the mean; a sharper peak is written as points, for "
                     "example profile: {points: [{at: 0h, rate: 2/s}, {at: 12h, rate: 10/s}, {at: 14h, rate: "
                     "50/s}, {at: 18h, rate: 10/s}], repeat: 1d}");
  }
};

enum class Between { linear, step };

/// A Poisson process whose rate follows a profile.
struct Profile {
  static constexpr std::string_view tag = "profile";
  std::optional<std::vector<ProfilePoint>> points;
  std::optional<Diurnal> diurnal;
  Between between = Between::linear;
  std::optional<Duration> repeat;
  template <class V>
  static void describe(V& v) {
    v.optional("points", &Profile::points, "rates at given times, in ascending order");
    v.optional("diurnal", &Profile::diurnal, "a day, in place of points");
    v.one_of("points", "diurnal");
    v.optional("between", &Profile::between, "the rate between two points");
    v.optional("repeat", &Profile::repeat, "begin again after this time (default: keep the last rate)",
               recurring());
  }
  static void check(const Profile& p, Complaints& complaints);
};

/// A fixed number of users, each of whom thinks, sends a request, and waits for its outcome.
struct Closed {
  static constexpr std::string_view tag = "closed";
  std::int64_t users = 1;
  Distribution<Duration> think_time;
  template <class V>
  static void describe(V& v) {
    v.required("users", &Closed::users, "how many users", between(1, 1e7));
    v.required("think_time", &Closed::think_time, "time between an answer and the next request");
  }
};

/// One recorded request.
struct TraceRow {
  Duration at;
  std::optional<Bytes> image_bytes;
  std::optional<std::int64_t> user;
  std::optional<std::int64_t> pixels = std::nullopt;
  template <class V>
  static void describe(V& v) {
    v.required("at", &TraceRow::at, "time since the start of the simulation", not_negative());
    v.optional("image_bytes", &TraceRow::image_bytes, "size of the image (default: drawn)", positive());
    v.optional("user", &TraceRow::user, "number of the user (default: drawn)", not_negative());
    v.optional("pixels", &TraceRow::pixels,
               "pixels of the image (default: drawn; a cost profile asks for them)", between(1, 1e12));
  }
};

/// Recorded requests, in ascending order of time. Written as the name of a CSV file or as a list.
struct Trace {
  static constexpr std::string_view tag = "trace";
  std::vector<TraceRow> rows;
  template <class V>
  static void describe(V& v) {
    v.value(&Trace::rows, "recorded requests");
  }
  static void check(const Trace& t, Complaints& complaints);
};

/// No requests: what is studied does not come from clients.
struct NoArrivals {
  static constexpr std::string_view tag = "none";
  template <class V>
  static void describe(V&) {}
};

using Arrivals = std::variant<Poisson, Constant, Bursts, Profile, Closed, Trace, NoArrivals>;

/// Whether they are an open loop with a rate (which may be 0 now and then).
inline bool has_rate(const Arrivals& a) {
  return !std::holds_alternative<Closed>(a) && !std::holds_alternative<Trace>(a) &&
         !std::holds_alternative<NoArrivals>(a);
}

/// Every user sends the same share of requests.
struct UniformPopularity {
  static constexpr std::string_view tag = "uniform";
  template <class V>
  static void describe(V&) {}
};
/// User k (from 1) sends a share of requests proportional to k^−exponent.
struct Zipf {
  static constexpr std::string_view tag = "zipf";
  double exponent = 1;
  template <class V>
  static void describe(V& v) {
    v.value(&Zipf::exponent, "exponent of Zipf's law", between(0, 10));
  }
};
using Popularity = std::variant<UniformPopularity, Zipf>;

/// New connections cost a TCP and a TLS 1.3 handshake (a round trip each) and CPU on the server that ends
/// TLS: the balancer's hosts, or the API's without them.
struct Connections {
  Share reuse{0.95};
  Duration tls_cpu = Duration::ms(1);
  template <class V>
  static void describe(V& v) {
    v.optional("reuse", &Connections::reuse, "share of requests on a connection that is open already");
    v.optional("tls_cpu", &Connections::tls_cpu, "CPU of a TLS handshake on the server", not_negative());
  }
};

/// How images are encoded; decides how many pixels their bytes are.
enum class Format { jpeg, png, webp, avif, progressive_jpeg };

/// Who asks, how often, and for what (SPEC §3).
struct WorkloadConfig {
  std::int64_t users = 1;
  Popularity popularity;
  Arrivals arrivals;
  std::optional<Distribution<Bytes>> image_bytes;
  std::optional<Format> format;  ///< none: jpeg
  Share rendition_bytes{0.2};
  std::int64_t renditions = 1;
  std::optional<Connections> connections;
  std::optional<Duration> deadline;
  std::optional<Duration> attempt_timeout;
  std::optional<calls::RetryConfig> retry;
  std::optional<Duration> probe;
  template <class V>
  static void describe(V& v) {
    v.optional("users", &WorkloadConfig::users, "how many different users there are", between(1, 1e8));
    v.optional("popularity", &WorkloadConfig::popularity, "which users send how much");
    v.required("arrivals", &WorkloadConfig::arrivals, "when requests are sent");
    v.optional("image_bytes", &WorkloadConfig::image_bytes,
               "size of an image; without it images have no bytes");
    v.optional("format", &WorkloadConfig::format,
               "how images are encoded (default: jpeg); a cost profile turns bytes into pixels by it");
    v.optional("rendition_bytes", &WorkloadConfig::rendition_bytes,
               "size of an answer's image as a share of the input");
    v.optional("renditions", &WorkloadConfig::renditions,
               "sizes asked for in one request; each is one resize job", between(1, 1000));
    v.optional("connections", &WorkloadConfig::connections,
               "cost of new connections; without it connections are open for ever");
    v.optional("deadline", &WorkloadConfig::deadline,
               "for the whole request; an answer after this is a failure (default: clients wait for ever)",
               positive());
    v.optional("attempt_timeout", &WorkloadConfig::attempt_timeout,
               "for one attempt; another one may follow, and an answer that comes after all still counts "
               "(default: none)",
               positive());
    v.optional("retry", &WorkloadConfig::retry,
               "what failed or timed out is tried again (default: it is not)");
    v.optional("probe", &WorkloadConfig::probe, "interval of a synthetic probe that measures uptime",
               recurring());
  }
};

}  // namespace headroom::client

namespace headroom {
template <>
struct enum_names<client::Format> {
  static constexpr std::string_view names[] = {"jpeg", "png", "webp", "avif", "progressive_jpeg"};
};
template <>
struct enum_names<client::Between> {
  static constexpr std::string_view names[] = {"linear", "step"};
};
}  // namespace headroom
