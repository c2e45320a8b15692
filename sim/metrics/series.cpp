#include "sim/metrics/series.h"

#include <limits>
#include <utility>

namespace headroom::metrics {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::int64_t slots_needed(std::int64_t length, std::int64_t width) {
  return (length + width - 1) / width;
}

/// 1, 2, 5, 10, 20, 50 … seconds, in nanoseconds: the first with which the run fits.
std::int64_t width_for(std::int64_t length, std::size_t max_rows) {
  std::int64_t power = 1'000'000'000;
  while (true) {
    for (const std::int64_t factor : {1, 2, 5}) {
      if (slots_needed(length, factor * power) <= static_cast<std::int64_t>(max_rows)) return factor * power;
    }
    power *= 10;
  }
}

}  // namespace

const SeriesTable::Column* SeriesTable::find(std::string_view name) const {
  for (const Column& column : columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

Series::Series(Duration longest_run, std::size_t max_rows)
    : width_(width_for(longest_run.count_ns(), max_rows)),
      inverse_(1.0 / static_cast<double>(width_)),
      rows_(
          static_cast<std::size_t>(std::max<std::int64_t>(1, slots_needed(longest_run.count_ns(), width_)))) {
}

Series::Counter::Counter(const Series& series, std::string name, double scale)
    : series_(series), name_(std::move(name)), scale_(scale), sums_(series.rows_) {}

Series::Level::Level(const Series& series, std::string name, double scale, std::int64_t level)
    : series_(series),
      name_(std::move(name)),
      scale_(scale),
      level_(level),
      slot_end_(series.rows_ == 1 ? TimePoint::never() : TimePoint::at(Duration::ns(series.width_))),
      integrals_(series.rows_) {}

void Series::Level::next_slot() {
  integrals_[slot_] += level_ * (slot_end_ - last_).count_ns();
  last_ = slot_end_;
  ++slot_;
  slot_end_ = slot_ + 1 == series_.rows_ ? TimePoint::never() : slot_end_ + Duration::ns(series_.width_);
}

Series::Quantiles::Quantiles(const Series& series, const QuantileInfos& infos)
    : series_(series),
      slots_(series.rows_),
      columns_(kSlotQuantiles.size(), std::vector<double>(series.rows_, kNone)) {
  for (std::size_t k = 0; k < infos.size(); ++k) names_[k] = infos[k].name;
}

void Series::Quantiles::go_to(std::size_t slot) {
  HEADROOM_CHECK(slot > newest_, "slots open in order");
  Slot& over = slots_[std::exchange(newest_, slot)];
  if (over.open == 0) collapse(over);
}

Histogram& Series::Quantiles::first(Slot& slot) {
  if (spare_.empty()) {
    slot.histogram = std::make_unique<Histogram>();
    ++made_;
  } else {
    slot.histogram = std::move(spare_.back());
    spare_.pop_back();
  }
  return *slot.histogram;
}

void Series::Quantiles::collapse(Slot& slot) {
  if (!slot.histogram) return;
  const auto row = static_cast<std::size_t>(&slot - slots_.data());
  for (std::size_t k = 0; k < kSlotQuantiles.size(); ++k) {
    columns_[k][row] = slot.histogram->quantile(kSlotQuantiles[k]).value_or(kNone) / 1e6;
  }
  slot.histogram->clear();
  spare_.push_back(std::move(slot.histogram));
}

std::string Series::unique(const SeriesName& series) {
  HEADROOM_CHECK(names_.insert(series.name()).second, "a column of the time series is made once");
  return series.name();
}

Series::Counter& Series::counter(const SeriesName& series, double scale) {
  order_.push_back({Kind::counter, counters_.size()});
  counters_.push_back(std::unique_ptr<Counter>(new Counter(*this, unique(series), scale)));
  return *counters_.back();
}

Series::Level& Series::level(const SeriesName& series, double scale, std::int64_t initial) {
  order_.push_back({Kind::level, levels_.size()});
  levels_.push_back(std::unique_ptr<Level>(new Level(*this, unique(series), scale, initial)));
  return *levels_.back();
}

Series::Quantiles& Series::quantiles(const QuantileInfos& infos) {
  for (const SeriesInfo& info : infos) unique(info);
  order_.push_back({Kind::quantiles, quantiles_.size()});
  quantiles_.push_back(std::unique_ptr<Quantiles>(new Quantiles(*this, infos)));
  return *quantiles_.back();
}

SeriesTable Series::finish(TimePoint end) {
  SeriesTable table;
  table.slot = slot_length();
  const std::int64_t length = end.since_start().count_ns();
  table.rows = std::min(rows_, static_cast<std::size_t>(slots_needed(length, width_)));
  for (const Entry& entry : order_) {
    if (entry.kind == Kind::counter) {
      const Counter& counter = *counters_[entry.index];
      SeriesTable::Column column{counter.name_, true, {}};
      for (std::size_t row = 0; row < table.rows; ++row) {
        column.values.push_back(static_cast<double>(counter.sums_[row]) * counter.scale_);
      }
      table.columns.push_back(std::move(column));
    } else if (entry.kind == Kind::level) {
      Level& level = *levels_[entry.index];
      level.advance(end);
      SeriesTable::Column column{level.name_, false, {}};
      for (std::size_t row = 0; row < table.rows; ++row) {
        // The last slot lasts until the end of the run.
        const std::int64_t lasted =
            row + 1 == table.rows ? length - static_cast<std::int64_t>(row) * width_ : width_;
        column.values.push_back(static_cast<double>(level.integrals_[row]) / static_cast<double>(lasted) *
                                level.scale_);
      }
      table.columns.push_back(std::move(column));
    } else {
      Quantiles& quantiles = *quantiles_[entry.index];
      for (auto& slot : quantiles.slots_) quantiles.collapse(slot);
      for (std::size_t k = 0; k < kSlotQuantiles.size(); ++k) {
        const auto& values = quantiles.columns_[k];
        table.columns.push_back({quantiles.names_[k],
                                 false,
                                 {values.begin(), values.begin() + static_cast<std::ptrdiff_t>(table.rows)}});
      }
    }
  }
  return table;
}

}  // namespace headroom::metrics
