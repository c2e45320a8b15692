#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "models/usage/item.h"
#include "sim/base/units.h"

namespace headroom::usage {

/// The records of one API host on their way to the store: a tail that grows, cut into batches, each of which
/// is kept until the store has acknowledged it. With a journal it is what stands on the host's disk, and
/// outlives the process; without one it is the process's memory.
///
/// A journal is a sequence of records and cuts. A batch is formed when the cut that ends it is on disk, so
/// that after a crash the same batches are found there, under the same keys, and may be put into the store
/// once more.
class BatchLog {
 public:
  /// `host` counts the API hosts; `shard_of` says where a record belongs: a cut makes one batch for each
  /// shard that has records. `keep_raw`: batches go to cold storage, too.
  BatchLog(int host, Bytes record_bytes, bool journalled, bool keep_raw,
           std::function<int(const Record&)> shard_of);

  void append(Record record);
  /// Ends the batches that are being filled; nothing if they are empty.
  void cut();
  /// Records since the last cut.
  std::int64_t open() const { return static_cast<std::int64_t>(tail_.size() - cut_records_); }
  bool journalled() const { return journalled_; }
  Bytes record_bytes() const { return record_bytes_; }

  /// How much was appended, in records and cuts; and how much of that is safe. Without a journal nothing
  /// waits.
  std::uint64_t end() const { return end_; }
  std::uint64_t safe() const { return safe_; }
  /// What was appended before `position` is on disk.
  void make_safe(std::uint64_t position);

  /// Batches formed since the last call: to be shipped.
  std::vector<ItemPtr> take_formed() { return std::exchange(formed_, {}); }
  /// The store has acknowledged a batch. Whether it was the first to say so.
  bool confirm(const ItemKey& key) { return unconfirmed_.erase(key) > 0; }
  /// Batches that are not known to be in the store.
  const std::map<ItemKey, ItemPtr>& unconfirmed() const { return unconfirmed_; }
  /// What was formed since the last call: to be kept in cold storage.
  std::vector<ItemPtr> take_raw() { return std::exchange(raw_, {}); }
  /// Nothing is left that the store does not have.
  bool empty() const { return tail_.empty() && unconfirmed_.empty(); }

  /// The process dies: what was not safe is gone, and without a journal nothing was.
  void crash();

 private:
  struct Cut {
    std::size_t records;  ///< of the tail, up to it
    std::uint64_t position;
  };
  void form();

  std::uint64_t id_base_;
  Bytes record_bytes_;
  bool journalled_;
  bool keep_raw_;
  std::function<int(const Record&)> shard_of_;
  std::vector<Record> tail_;
  std::uint64_t tail_begin_ = 0;  ///< position of its first record
  std::deque<Cut> cuts_;          ///< not formed yet
  std::size_t cut_records_ = 0;   ///< records of the tail before the last cut
  std::uint64_t end_ = 0;
  std::uint64_t safe_ = 0;
  std::uint64_t batches_ = 0;
  std::vector<ItemPtr> formed_;
  std::map<ItemKey, ItemPtr> unconfirmed_;
  std::vector<ItemPtr> raw_;
};

}  // namespace headroom::usage
