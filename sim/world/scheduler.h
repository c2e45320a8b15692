#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/base/units.h"

namespace headroom::world {

class Scheduler;

/// Something that happens once at a date. It lives in whoever waits for it (a coroutine frame, a processor…)
/// and takes itself off the schedule when it is destroyed, so a crash leaves nothing behind that could fire.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  virtual ~Event() { cancel(); }
  bool pending() const { return place_ != kIdle; }
  /// Takes it off the schedule; nothing if it is not on it.
  inline void cancel();

 protected:
  /// Called by the scheduler's root at the event's date; the event is no longer pending then, and may be
  /// scheduled again or destroyed inside the call.
  virtual void fire() = 0;

 private:
  friend class Scheduler;
  static constexpr std::uint32_t kIdle = 0xffffffff;
  static constexpr std::uint32_t kReady = 0xfffffffe;
  Scheduler* scheduler_ = nullptr;
  Event* next_ = nullptr;  // in the ready list
  Event* previous_ = nullptr;
  std::uint32_t place_ = kIdle;  // kReady, or its slot
};

/// The clock and everything that will happen, ordered by (date, sequence number), and the list of what is due
/// now, first come first served. World drives it.
///
/// What happens soon is in a 4-ary heap; what is further away (most of it time-outs, which are nearly all
/// taken off again) is in buckets of a few milliseconds each, unsorted, and comes into the heap when it is
/// its bucket's turn. Where an event is, is kept in a table beside them, not in the events, which lie all
/// over the memory. What happens mostly makes something else happen: the place of an event that is run, the
/// first of the heap, is kept for the next one that is scheduled, and one that is moved sinks or rises from
/// where it is.
///
/// Only this class's root calls `fire`, and so resumes or destroys coroutine frames: nobody is resumed from
/// inside somebody else's call.
class Scheduler {
 public:
  Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  /// Events must not outlive their scheduler while pending.
  ~Scheduler() { HEADROOM_CHECK(heap_.empty() && ready_head_ == nullptr, "events outlive their scheduler"); }

  /// The date of the event that is being run.
  TimePoint now() const { return now_; }
  /// The same, also later on.
  const TimePoint& clock() const { return now_; }

  /// Puts the event on the schedule (moves it if it is there); a date that has passed means now, after all
  /// that is due now already.
  void schedule(Event& event, TimePoint date) {
    if (event.place_ < Event::kReady && event.scheduler_ == this && moved(event.place_, date)) return;
    event.cancel();
    event.scheduler_ = this;
    if (date <= now_) {
      append_ready(event);
      return;
    }
    if (date == TimePoint::never()) return;
    const std::uint32_t slot = new_slot(event);
    event.place_ = slot;
    slots_[slot].sequence = sequence_++;
    if (heap_.size() < kSmallHeap || !put_far({date, slot})) push({date, slot});
  }
  void schedule_in(Event& event, Duration delay) { schedule(event, now_ + delay); }
  /// Due now, after all that is due now already.
  void post(Event& event) {
    event.cancel();
    event.scheduler_ = this;
    append_ready(event);
  }

  bool idle() const { return heap_.empty() && ready_head_ == nullptr; }
  /// The date of what comes next; `never` if nothing does.
  TimePoint next_date() const {
    if (ready_head_ != nullptr) return now_;
    return heap_.empty() ? TimePoint::never() : heap_.front().date;
  }
  /// Runs everything that happens at the next date, that which it causes at the same date included.
  void run_next_instant() {
    if (ready_head_ == nullptr && !heap_.empty()) {
      now_ = heap_.front().date;
      new_instant();
    }
    take_due();
    while (ready_head_ != nullptr) {
      if (fired_ == ask_at_) [[unlikely]] {
        fill_vacancy();
        ask();
      }
      Event& event = *ready_head_;
      unlink_ready(event);
      ++fired_;
      event.fire();
    }
    fill_vacancy();
  }
  /// Moves the clock to a date at which something outside (a network flow) ends. Never backwards, and never
  /// past what comes next.
  void advance_to(TimePoint date) {
    if (date <= now_) return;
    const TimePoint next = next_date();
    now_ = date < next ? date : next;
    new_instant();
  }
  /// How many events were run.
  std::uint64_t fired() const { return fired_; }
  /// `ask` is called whenever so many events have been run at one instant, and so many more, and so on, from
  /// between two of them. It may throw, to end a run whose time does not advance.
  void when_crowded(std::uint64_t events, std::function<void()> ask) {
    crowd_ = events;
    ask_ = std::move(ask);
    new_instant();
  }

 private:
  friend class Event;
  struct Entry {
    TimePoint date;
    std::uint32_t slot;
  };

  /// Where a scheduled event is.
  struct Slot {
    Event* event;
    std::uint64_t sequence;
    std::uint32_t index;   ///< in the heap, or in its bucket; of a free slot: the next free one
    std::uint32_t bucket;  ///< kNear: in the heap
  };
  static constexpr std::uint32_t kNear = 0xffffffff;
  static constexpr int kBucketBits = 22;               ///< 4.2 ms
  static constexpr std::uint64_t kBuckets = 1U << 12;  ///< 17 s ahead; what is further away is in the heap
  static constexpr std::size_t kSmallHeap = 64;        ///< smaller ones are not worth the trouble

  static std::uint64_t bucket_of(TimePoint date) {
    return static_cast<std::uint64_t>(date.since_start().count_ns()) >> kBucketBits;
  }
  void new_instant() { ask_at_ = fired_ + crowd_; }
  void ask() {
    new_instant();
    if (ask_) ask_();
  }
  std::uint32_t new_slot(Event& event) {
    if (free_slot_ == kNear) {
      slots_.push_back({&event, 0, 0, kNear});
      return static_cast<std::uint32_t>(slots_.size() - 1);
    }
    const std::uint32_t slot = free_slot_;
    free_slot_ = slots_[slot].index;
    slots_[slot].event = &event;
    return slot;
  }
  void free(std::uint32_t slot) {
    slots_[slot].event->place_ = Event::kIdle;
    slots_[slot].index = free_slot_;
    free_slot_ = slot;
  }

  bool before(const Entry& a, const Entry& b) const {
    if (a.date == b.date) [[unlikely]]
      return slots_[a.slot].sequence < slots_[b.slot].sequence;
    return a.date < b.date;
  }
  /// Gives an event of the heap another date and another turn, if that date is near as well.
  bool moved(std::uint32_t slot, TimePoint date) {
    Slot& at = slots_[slot];
    if (at.bucket != kNear || date <= now_ || date == TimePoint::never()) return false;
    if (heap_.size() >= kSmallHeap && bucket_of(date) >= near_end_ >> kBucketBits) return false;
    at.sequence = sequence_++;
    sift(at.index, {date, slot});
    refill();
    return true;
  }

  /// Whether it is far enough away.
  bool put_far(const Entry& entry) {
    if (far_ == 0) near_end_ = (bucket_of(now_) + 1) << kBucketBits;
    const std::uint64_t number = bucket_of(entry.date);
    const std::uint64_t near = near_end_ >> kBucketBits;
    if (bucket_of(heap_.front().date) >= near || number < near || number >= near + kBuckets) return false;
    const std::uint64_t bucket = number % kBuckets;
    std::vector<Entry>& entries = buckets_[bucket];
    slots_[entry.slot].bucket = static_cast<std::uint32_t>(bucket);
    slots_[entry.slot].index = static_cast<std::uint32_t>(entries.size());
    entries.push_back(entry);
    ++far_;
    return true;
  }
  void remove_far(const Slot& slot) {
    std::vector<Entry>& entries = buckets_[slot.bucket];
    entries[slot.index] = entries.back();
    slots_[entries.back().slot].index = slot.index;
    entries.pop_back();
    --far_;
  }
  /// Buckets come into the heap until its first is the first of all.
  void refill() {
    while (far_ > 0 && (heap_.empty() || bucket_of(heap_.front().date) >= near_end_ >> kBucketBits)) {
      std::vector<Entry>& entries = buckets_[(near_end_ >> kBucketBits) % kBuckets];
      near_end_ += std::uint64_t{1} << kBucketBits;
      far_ -= entries.size();
      for (const Entry& entry : entries) push(entry);
      entries.clear();
    }
  }

  void put(std::size_t i, const Entry& entry) {
    heap_[i] = entry;
    slots_[entry.slot].index = static_cast<std::uint32_t>(i);
  }
  void push(const Entry& entry) {
    slots_[entry.slot].bucket = kNear;
    if (vacant_) {
      vacant_ = false;
      sift_down(0, entry);
      refill();
      return;
    }
    heap_.push_back(entry);
    sift_up(heap_.size() - 1, entry);
  }
  void sift_up(std::size_t i, Entry entry) {
    while (i > 0) {
      const std::size_t parent = (i - 1) / 4;
      if (!before(entry, heap_[parent])) break;
      put(i, heap_[parent]);
      i = parent;
    }
    put(i, entry);
  }
  void sift_down(std::size_t i, Entry entry) {
    const std::size_t n = heap_.size();
    while (true) {
      const std::size_t first = 4 * i + 1;
      if (first >= n) break;
      const std::size_t last = first + 4 < n ? first + 4 : n;
      std::size_t best = first;
      for (std::size_t c = first + 1; c < last; ++c) best = before(heap_[c], heap_[best]) ? c : best;
      if (!before(heap_[best], entry)) break;
      put(i, heap_[best]);
      i = best;
    }
    put(i, entry);
  }
  void sift(std::size_t i, const Entry& entry) {
    // The place of who is being run may be vacant: its date is now, before that of everybody in the heap.
    if (i > 0 && before(entry, heap_[(i - 1) / 4]))
      sift_up(i, entry);
    else
      sift_down(i, entry);
  }
  /// What is due now becomes ready. The first place of the heap is vacant then.
  void take_due() {
    while (!heap_.empty() && heap_.front().date <= now_) {
      const std::uint32_t slot = heap_.front().slot;
      Event& event = *slots_[slot].event;
      free(slot);
      append_ready(event);
      vacant_ = true;
      bool more = false;
      for (std::size_t i = 1; i < heap_.size() && i <= 4; ++i) more |= heap_[i].date <= now_;
      if (!more) return;
      fill_vacancy();
    }
  }
  void fill_vacancy() {
    if (!std::exchange(vacant_, false)) return;
    remove_at(0);
    refill();
  }
  void remove_at(std::size_t i) {
    const Entry last = heap_.back();
    heap_.pop_back();
    if (i < heap_.size()) sift(i, last);
  }
  void append_ready(Event& event) {
    event.place_ = Event::kReady;
    event.next_ = nullptr;
    event.previous_ = ready_tail_;
    (ready_tail_ != nullptr ? ready_tail_->next_ : ready_head_) = &event;
    ready_tail_ = &event;
  }
  void unlink_ready(Event& event) {
    (event.previous_ != nullptr ? event.previous_->next_ : ready_head_) = event.next_;
    (event.next_ != nullptr ? event.next_->previous_ : ready_tail_) = event.previous_;
    event.place_ = Event::kIdle;
  }
  void remove(Event& event) {
    if (event.place_ == Event::kReady) {
      unlink_ready(event);
      return;
    }
    const Slot slot = slots_[event.place_];
    if (slot.bucket != kNear)
      remove_far(slot);
    else
      remove_at(slot.index);
    free(event.place_);
    refill();
  }

  TimePoint now_;
  std::uint64_t sequence_ = 0;
  std::uint64_t fired_ = 0;
  std::uint64_t crowd_ = std::uint64_t{1} << 62;
  std::uint64_t ask_at_ = crowd_;  // when so many events were run
  std::function<void()> ask_;
  std::vector<Entry> heap_;
  bool vacant_ = false;  // its first place; only while something is run
  std::vector<std::vector<Entry>> buckets_ = std::vector<std::vector<Entry>>(kBuckets);
  std::uint64_t near_end_ = 0;  // ns; all that is in buckets is later, and has its bucket
  std::size_t far_ = 0;         // in buckets; if there are any, the first of the heap is before near_end_
  std::vector<Slot> slots_;
  std::uint32_t free_slot_ = kNear;
  Event* ready_head_ = nullptr;
  Event* ready_tail_ = nullptr;
};

inline void Event::cancel() {
  if (place_ != kIdle) scheduler_->remove(*this);
}

/// An event that calls a function object.
template <class F>
class Callback final : public Event {
 public:
  explicit Callback(F f) : f_(std::move(f)) {}
  ~Callback() override = default;

 private:
  void fire() override { f_(); }
  F f_;
};

}  // namespace headroom::world
