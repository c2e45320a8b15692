#include "models/usage/batch_log.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "sim/base/check.h"

namespace headroom::usage {
namespace {

constexpr int kBatchesPerHostBits = 40;

}  // namespace

BatchLog::BatchLog(int host, Bytes record_bytes, bool journalled, bool keep_raw,
                   std::function<int(const Record&)> shard_of)
    : id_base_(static_cast<std::uint64_t>(host) << kBatchesPerHostBits),
      record_bytes_(record_bytes),
      journalled_(journalled),
      keep_raw_(keep_raw),
      shard_of_(std::move(shard_of)) {}

void BatchLog::append(Record record) {
  tail_.push_back(std::move(record));
  ++end_;
  if (!journalled_) safe_ = end_;
}

void BatchLog::cut() {
  if (open() == 0) return;
  cut_records_ = tail_.size();
  cuts_.push_back({cut_records_, end_++});
  if (!journalled_) make_safe(end_);
}

void BatchLog::make_safe(std::uint64_t position) {
  HEADROOM_CHECK(position >= safe_ && position <= end_, "a journal grows, and holds what was written");
  safe_ = position;
  form();
}

void BatchLog::form() {
  std::size_t begin = 0;
  while (!cuts_.empty() && cuts_.front().position < safe_) {
    const Cut cut = cuts_.front();
    cuts_.pop_front();
    std::map<int, std::vector<Record>> by_shard;
    for (std::size_t i = begin; i < cut.records; ++i)
      by_shard[shard_of_(tail_[i])].push_back(std::move(tail_[i]));
    for (auto& [shard, records] : by_shard) {
      const ItemKey key{shard, 0, id_base_ + ++batches_};
      const Bytes size(static_cast<std::int64_t>(records.size()) * record_bytes_.count());
      auto item = std::make_shared<const Item>(Item{key, size, std::move(records)});
      formed_.push_back(item);
      if (keep_raw_) raw_.push_back(item);
      unconfirmed_.emplace(key, std::move(item));
    }
    tail_begin_ = cut.position + 1;
    begin = cut.records;
  }
  if (begin == 0) return;
  tail_.erase(tail_.begin(), tail_.begin() + static_cast<std::ptrdiff_t>(begin));
  for (Cut& cut : cuts_) cut.records -= begin;
  cut_records_ -= begin;
}

void BatchLog::crash() {
  formed_.clear();
  cuts_.clear();
  cut_records_ = 0;
  if (journalled_) {
    // What is safe are records only: had the next cut been safe, it would have formed batches.
    tail_.resize(std::min(tail_.size(), static_cast<std::size_t>(safe_ - tail_begin_)));
  } else {
    tail_.clear();
    unconfirmed_.clear();
    raw_.clear();
  }
  tail_begin_ = safe_ - tail_.size();
  end_ = safe_;
}

}  // namespace headroom::usage
