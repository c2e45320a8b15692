#include "sim/world/processor.h"

namespace headroom::world {
namespace {

// Beyond this the work clock would lose whole nanoseconds; a processor that is busy that long starts it anew.
constexpr double kLongClock = 0x1p50;

}  // namespace

VirtualTimeProcessor::VirtualTimeProcessor(Scheduler& scheduler, int cores, double speed)
    : Processor(cores), scheduler_(scheduler), speed_(speed), rate_(speed) {
  HEADROOM_CHECK(cores >= 1 && speed > 0, "a processor without cores or speed");
}

VirtualTimeProcessor::~VirtualTimeProcessor() {
  for (const JobHeap::Entry& entry : heap_.entries()) detach(*entry.item);
}

void VirtualTimeProcessor::start(Job& job, Duration work) {
  HEADROOM_CHECK(!job.running() && work > Duration(), "a job that runs already, or is no work");
  advance();
  attach(job, *this);
  heap_.push(job, clock_ + static_cast<double>(work.count_ns()));
  update_rate();
  plan();
}

void VirtualTimeProcessor::withdraw(Job& job) {
  advance();
  heap_.remove(job);
  detach(job);
  update_rate();
  plan();
}

void VirtualTimeProcessor::set_share(double share) {
  HEADROOM_CHECK(share >= 0, "a negative share");
  advance();
  share_ = share;
  update_rate();
  plan();
}

void VirtualTimeProcessor::set_contention(std::vector<double> rate) {
  for (double r : rate) HEADROOM_CHECK(r > 0, "a contention curve that stops a core");
  advance();
  contention_ = std::move(rate);
  update_rate();
  plan();
}

Duration VirtualTimeProcessor::busy_time() const {
  return busy_time_ + (scheduler_.now() - updated_) * static_cast<std::int64_t>(busy());
}

// Brings the work clock to now.
void VirtualTimeProcessor::advance() {
  const TimePoint now = scheduler_.now();
  if (heap_.empty()) {
    clock_ = 0;
  } else if (now != updated_) {
    const Duration passed = now - updated_;
    clock_ += static_cast<double>(passed.count_ns()) * rate_;
    busy_time_ += passed * static_cast<std::int64_t>(busy());
    if (clock_ > kLongClock) {
      heap_.set_back(clock_);
      clock_ = 0;
    }
  }
  updated_ = now;
}

void VirtualTimeProcessor::update_rate() {
  const std::size_t n = heap_.size();
  rate_ = speed_ * share_;
  if (n == 0) return;
  const auto c = static_cast<std::size_t>(cores());
  if (!contention_.empty()) {
    const std::size_t busy_cores = n < c ? n : c;
    rate_ *= busy_cores <= contention_.size() ? contention_[busy_cores - 1] : contention_.back();
  }
  if (n > c) rate_ *= static_cast<double>(c) / static_cast<double>(n);
}

// Schedules the end of the job that is first to finish, if the rates stay as they are.
void VirtualTimeProcessor::plan() {
  if (firing_) return;  // done once at the end
  if (heap_.empty() || rate_ <= 0) {
    cancel();
    return;
  }
  scheduler_.schedule_in(*this, time_to_mark(heap_.front().mark - clock_, rate_));
}

void VirtualTimeProcessor::fire() {
  advance();
  // The first of the heap is done by definition, whatever rounding says; with it whatever the clock has
  // passed.
  if (clock_ < heap_.front().mark) clock_ = heap_.front().mark;
  firing_ = true;
  do {
    Job& job = *heap_.front().item;
    heap_.remove(job);
    detach(job);
    update_rate();
    finish(job);
  } while (!heap_.empty() && heap_.front().mark <= clock_);
  firing_ = false;
  plan();
}

}  // namespace headroom::world
