#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/units.h"
#include "sim/metrics/histogram.h"
#include "sim/metrics/metric_info.h"

namespace headroom::metrics {

/// Of the durations that begin in a slot these quantiles are told, in four columns.
inline constexpr std::array kSlotQuantiles = {0.5, 0.95, 0.99, 0.999};
using QuantileInfos = std::array<SeriesInfo, kSlotQuantiles.size()>;

/// A finished time series: one row per slot, one column per name.
struct SeriesTable {
  /// A counter's value is what happened in the slot; anything else is an average or a quantile over it.
  struct Column {
    std::string name;
    bool counter = false;
    std::vector<double> values;  ///< one per row; NaN where there is none
  };
  Duration slot;
  std::size_t rows = 0;
  std::vector<Column> columns;
  /// Null if there is no column of that name.
  const Column* find(std::string_view name) const;
};

/// Records what happens over the whole run (warm-up, window, drain) in slots of equal length: 1 s, or as much
/// longer (2, 5, 10, 20 … s) as keeps the longest possible run within `max_rows`. Columns are made once, when
/// models are built, by the constants that describe them (metric_info.h): to ask for one name twice is an
/// error. The references stay valid as long as the series does.
class Series {
 public:
  /// What happens beyond `longest_run` is counted in the last slot.
  explicit Series(Duration longest_run, std::size_t max_rows = 20'000);
  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;

  Duration slot_length() const { return Duration::ns(width_); }
  std::size_t slot(TimePoint t) const {
    const std::int64_t ns = t.since_start().count_ns();
    if (static_cast<std::uint64_t>(ns - asked_begin_) < static_cast<std::uint64_t>(width_)) return asked_;
    auto s = static_cast<std::int64_t>(static_cast<double>(ns) * inverse_);
    s -= ns < s * width_;
    s += ns >= (s + 1) * width_;
    asked_begin_ = s * width_;
    return asked_ = std::min(static_cast<std::size_t>(s), rows_ - 1);
  }

  /// Adds up what is given for each slot.
  class Counter {
   public:
    /// `t` may be any instant, in any order (requests count under their intended send time).
    void add(TimePoint t, std::int64_t x = 1) { sums_[series_.slot(t)] += x; }

   private:
    friend class Series;
    Counter(const Series& series, std::string name, double scale);
    const Series& series_;
    std::string name_;
    double scale_;
    std::vector<std::int64_t> sums_;
  };

  /// The time average over each slot of a whole number that holds over time. Time must not go backwards.
  class Level {
   public:
    void add(TimePoint now, std::int64_t delta) { set(now, level_ + delta); }
    void set(TimePoint now, std::int64_t level) {
      advance(now);
      level_ = level;
    }
    std::int64_t level() const { return level_; }

   private:
    friend class Series;
    Level(const Series& series, std::string name, double scale, std::int64_t level);
    void advance(TimePoint now) {
      HEADROOM_CHECK(now >= last_, "time goes forward");
      while (now >= slot_end_) next_slot();
      integrals_[slot_] += level_ * (now - last_).count_ns();
      last_ = now;
    }
    void next_slot();
    const Series& series_;
    std::string name_;
    double scale_;
    std::int64_t level_;
    TimePoint last_;
    std::size_t slot_ = 0;
    TimePoint slot_end_;
    std::vector<std::int64_t> integrals_;
  };

  /// The quantiles, in milliseconds, of durations that are known only later: a slot is open while something
  /// that began in it has not ended, and keeps a histogram only that long, so memory grows with what is in
  /// flight, not with the run.
  class Quantiles {
   public:
    /// Something begins at `t`. Slots must not go backwards from one call to the next.
    void open(TimePoint t) {
      const std::size_t s = series_.slot(t);
      if (s != newest_) go_to(s);
      ++slots_[s].open;
    }
    /// What began at `t` has ended and took this long.
    void record(TimePoint t, Duration took) {
      Slot& slot = slots_[series_.slot(t)];
      slot.histogram ? slot.histogram->record(took) : first(slot).record(took);
      end(slot);
    }
    /// What began at `t` has ended without a duration (it failed).
    void close(TimePoint t) { end(slots_[series_.slot(t)]); }
    /// Histograms in existence now, recycled ones included.
    std::size_t histograms() const { return made_; }

   private:
    friend class Series;
    struct Slot {
      std::int64_t open = 0;
      std::unique_ptr<Histogram> histogram;  // null before the first record and after the slot is done
    };
    Quantiles(const Series& series, const QuantileInfos& infos);
    void go_to(std::size_t slot);
    Histogram& first(Slot& slot);
    void end(Slot& slot) {
      HEADROOM_CHECK(slot.open > 0, "what ends has begun");
      if (--slot.open == 0 && &slot != &slots_[newest_]) collapse(slot);
    }
    void collapse(Slot& slot);
    const Series& series_;
    std::array<std::string, kSlotQuantiles.size()> names_;
    std::size_t newest_ = 0;
    std::size_t made_ = 0;
    std::vector<Slot> slots_;
    std::vector<std::vector<double>> columns_;  // one per quantile
    std::vector<std::unique_ptr<Histogram>> spare_;
  };

  /// `scale` turns what is counted into what is reported (nanoseconds to seconds, busy slots to a share).
  Counter& counter(const SeriesName& series, double scale = 1);
  Level& level(const SeriesName& series, double scale = 1, std::int64_t initial = 0);
  Quantiles& quantiles(const QuantileInfos& infos);

  /// The table, columns in the order in which they were made. Call once, when the run is over.
  SeriesTable finish(TimePoint end);

 private:
  enum class Kind { counter, level, quantiles };
  struct Entry {
    Kind kind;
    std::size_t index;
  };
  /// Of a column that is to be made.
  std::string unique(const SeriesName& series);

  std::int64_t width_;
  double inverse_;
  std::size_t rows_;
  // The slot that was asked for last: nearly always it is the next one, too.
  mutable std::int64_t asked_begin_ = 0;
  mutable std::size_t asked_ = 0;
  std::vector<Entry> order_;
  std::vector<std::unique_ptr<Counter>> counters_;
  std::vector<std::unique_ptr<Level>> levels_;
  std::vector<std::unique_ptr<Quantiles>> quantiles_;
  std::set<std::string> names_;  ///< of all columns
};

}  // namespace headroom::metrics
