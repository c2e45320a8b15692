#include "sim/world/disk.h"

#include <algorithm>
#include <cmath>

namespace headroom::world {

Disk::Disk(Scheduler& scheduler, Bandwidth bandwidth, Distribution<Duration> fsync, Engine engine)
    : scheduler_(scheduler), bandwidth_(bandwidth), fsync_(std::move(fsync)), engine_(engine) {}

Disk::~Disk() {
  HEADROOM_CHECK(head_ == nullptr, "a disk dies before the processes that wait for it");
}

Disk::Operation Disk::write(Bytes bytes) {
  return Operation(
      *this, Duration::from_seconds(static_cast<double>(bytes.count()) / bandwidth_.bytes_per_second), true);
}

Disk::Operation Disk::fsync() {
  return Operation(*this, fsync_.sample(engine_), false);
}

void Disk::set_share(double share) {
  HEADROOM_CHECK(share >= 0, "a negative share");
  advance();
  share_ = share;
  plan();
}

void Disk::append(Operation& operation) {
  operation.queued_ = true;
  operation.previous_ = tail_;
  (tail_ != nullptr ? tail_->next_ : head_) = &operation;
  tail_ = &operation;
  if (++operations_ > 1) return;
  left_ = static_cast<double>(operation.work_.count_ns());
  updated_ = scheduler_.now();
  plan();
}

void Disk::unlink(Operation& operation) {
  const bool was_first = head_ == &operation;
  if (was_first) advance();
  (operation.previous_ != nullptr ? operation.previous_->next_ : head_) = operation.next_;
  (operation.next_ != nullptr ? operation.next_->previous_ : tail_) = operation.previous_;
  operation.queued_ = false;
  --operations_;
  if (!was_first) return;
  if (head_ != nullptr) left_ = static_cast<double>(head_->work_.count_ns());
  plan();
}

void Disk::finish_first() {
  Operation& operation = *head_;
  unlink(operation);
  operation.handle_.resume();
}

// Brings what is left of the first operation, and the time that it took, up to date.
void Disk::advance() {
  if (head_ != nullptr) {
    left_ -= static_cast<double>(since().count_ns()) * share_;
    busy_ += since();
    if (transfers()) writing_ += since();
  }
  updated_ = scheduler_.now();
}

void Disk::plan() {
  if (head_ == nullptr || share_ <= 0) {
    done_.cancel();
    return;
  }
  constexpr double kForever = 4e18;  // 127 years
  const double ns = std::min(left_ / share_, kForever);
  scheduler_.schedule_in(done_, ns > 0 ? Duration::from_ns(std::ceil(ns - 1e-6)) : Duration());
}

}  // namespace headroom::world
