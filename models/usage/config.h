#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "models/usage/store_config.h"
#include "sim/base/describe.h"
#include "sim/base/pace.h"
#include "sim/base/units.h"

namespace headroom::usage {

/// Usage records are gathered on each API server and shipped in batches.
struct AggregatorConfig {
  Duration flush_every = Duration::s(10);
  std::int64_t max_records = 10'000;
  bool journal = false;
  template <class V>
  static void describe(V& v) {
    v.optional("flush_every", &AggregatorConfig::flush_every, "a batch is shipped at least this often",
               recurring());
    v.optional("max_records", &AggregatorConfig::max_records, "a batch is shipped when it has this many",
               at_least(1));
    v.optional("journal", &AggregatorConfig::journal,
               "records are on the host's disk before their conversion is answered for, and survive a crash "
               "there; false: they are in memory only");
  }
};

/// So that a job that was done or metered twice is billed once.
struct IdempotencyConfig {
  Duration retention = Duration::s(86'400);
  template <class V>
  static void describe(V& v) {
    v.optional("retention", &IdempotencyConfig::retention,
               "how long the key of a job (request and rendition) is remembered after it was billed",
               positive());
  }
};

/// What use costs. A core of a 32-core machine at 1.16 USD/h costs 0.00001 USD per second; traffic out of a
/// region 0.09 USD per gigabyte.
struct PriceConfig {
  Money cpu_second{20'000};
  Money gigabyte{90'000'000};
  template <class V>
  static void describe(V& v) {
    v.optional("cpu_second", &PriceConfig::cpu_second, "of a second of CPU", not_negative());
    v.optional("gigabyte", &PriceConfig::gigabyte, "of a gigabyte (10^9 B) of images", not_negative());
  }
};

enum class Invoices { total, per_user };

/// Map tasks that take longer than others do, by chance (a bad disk, a busy neighbour).
struct StragglerConfig {
  Share probability{.05};
  double slowdown = 10;
  template <class V>
  static void describe(V& v) {
    v.optional("probability", &StragglerConfig::probability, "share of map tasks that are slow",
               between(0, 1));
    v.optional("slowdown", &StragglerConfig::slowdown, "how many times as much CPU they need", at_least(1));
  }
};

/// The batch that computes the bill from the store's shards.
struct BillingConfig {
  Duration every = Duration::s(300);
  Duration delay = Duration::s(15);
  std::optional<Ref> hosts;
  Invoices invoices = Invoices::total;
  Duration cpu_per_record = Duration::us(1);
  bool backup_tasks = true;
  std::optional<StragglerConfig> stragglers;
  PriceConfig price;
  template <class V>
  static void describe(V& v) {
    v.optional("every", &BillingConfig::every, "length of a billing period", recurring());
    v.optional(
        "delay", &BillingConfig::delay,
        "time from a period's end to the computing of its bill, for records that are still on their way",
        not_negative());
    v.optional("hosts", &BillingConfig::hosts, "host group on which map tasks run; default: the store's");
    v.optional("invoices", &BillingConfig::invoices, "one per period, or one per period and user");
    v.optional("cpu_per_record", &BillingConfig::cpu_per_record, "CPU of a map task per record",
               not_negative());
    v.optional("backup_tasks", &BillingConfig::backup_tasks,
               "a map task that takes twice as long as the others is started a second time");
    v.optional("stragglers", &BillingConfig::stragglers, "map tasks that are slow by chance; default: none");
    v.optional("price", &BillingConfig::price, "what use costs");
  }
};

/// The bill is replayed when the run is over.
struct ReplayAtEnd {
  static constexpr std::string_view tag = "at_end";
  template <class V>
  static void describe(V&) {}
};
/// The bill is replayed at a date.
struct ReplayAt {
  static constexpr std::string_view tag = "at";
  Duration date;
  template <class V>
  static void describe(V& v) {
    v.value(&ReplayAt::date, "counted from the start of the simulation", not_negative());
  }
};

/// Raw records, kept for ever in a place that is always there.
struct ColdStorageConfig {
  Duration ship_every = Duration::s(3600);
  Duration latency = Duration::ms(50);
  std::optional<std::variant<ReplayAtEnd, ReplayAt>> replay;
  template <class V>
  static void describe(V& v) {
    v.optional("ship_every", &ColdStorageConfig::ship_every,
               "each API server ships its raw records this often", recurring());
    v.optional("latency", &ColdStorageConfig::latency, "time of one shipment, or of reading them all",
               not_negative());
    v.optional("replay", &ColdStorageConfig::replay,
               "when the bill is computed anew from raw records; default: never");
  }
};

/// Users ask what they have used so far.
struct UsageReportConfig {
  Duration every = Duration::s(10);
  Duration timeout = Duration::s(1);
  template <class V>
  static void describe(V& v) {
    v.optional("every", &UsageReportConfig::every, "time between two reports", recurring());
    v.optional("timeout", &UsageReportConfig::timeout,
               "how long a report waits for a shard; it is answered from those that are there", positive());
  }
};

/// Metering of every conversion: CPU time and bytes, from the API servers to the bill.
struct UsageConfig {
  AggregatorConfig aggregator;
  StoreConfig store;
  std::optional<IdempotencyConfig> idempotency;
  BillingConfig billing;
  std::optional<ColdStorageConfig> cold_storage;
  std::optional<UsageReportConfig> report;
  Bytes record_bytes{64};
  template <class V>
  static void describe(V& v) {
    v.optional("aggregator", &UsageConfig::aggregator, "on each API server");
    v.required("store", &UsageConfig::store, "where batches are kept until they are billed");
    v.optional("idempotency", &UsageConfig::idempotency,
               "keys that keep a job from being billed twice; default: none");
    v.optional("billing", &UsageConfig::billing, "the batch that computes the bill");
    v.optional("cold_storage", &UsageConfig::cold_storage,
               "raw records, for compliance and for repair; default: none");
    v.optional("report", &UsageConfig::report,
               "what users are told of their use so far; default: nobody asks");
    v.optional("record_bytes", &UsageConfig::record_bytes, "size of a usage record", positive());
  }
};

}  // namespace headroom::usage

namespace headroom {
template <>
struct enum_names<usage::Invoices> {
  static constexpr std::string_view names[] = {"total", "per_user"};
};
}  // namespace headroom
