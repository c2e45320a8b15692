#include "sim/world/host.h"

#include "sim/world/world.h"

namespace headroom::world {

ProcessSlot::ProcessSlot(Host& host, std::function<std::unique_ptr<Process>(Host&)> make)
    : host_(host), make_(std::move(make)) {}

ProcessSlot::~ProcessSlot() {
  destroy_now();
}

Duration ProcessSlot::lived() const {
  return lived_ + (process_ != nullptr ? host_.scheduler().now() - began_ : Duration());
}

void ProcessSlot::kill() {
  host_.scheduler().post(kill_);
}

void ProcessSlot::start() {
  host_.scheduler().post(start_);
}

void ProcessSlot::disable() {
  enabled_ = false;
  kill();
}

void ProcessSlot::enable() {
  enabled_ = true;
  start();
}

void ProcessSlot::destroy_now() {
  if (process_ == nullptr) return;
  lived_ = lived();
  const std::unique_ptr<Process> dying = std::move(process_);  // `get` is nullptr for whoever asks meanwhile
  dying->scope().clear();
}

void ProcessSlot::start_now() {
  if (process_ != nullptr || !enabled_ || !host_.up()) return;
  ++starts_;
  began_ = host_.scheduler().now();
  process_ = make_(host_);
  process_->slot_ = this;
}

Host::Host(World& world, const Topology::Member& member, std::unique_ptr<Processor> processor,
           Engine disk_engine)
    : world_(world),
      scheduler_(world.scheduler()),
      member_(member),
      processor_(std::move(processor)),
      disk_(scheduler_, member.config->disk.bandwidth, member.config->disk.fsync, disk_engine) {}

ProcessSlot& Host::install(std::function<std::unique_ptr<Process>(Host&)> make) {
  slots_.push_back(std::make_unique<ProcessSlot>(*this, std::move(make)));
  slots_.back()->start();
  return *slots_.back();
}

void Host::crash() {
  scheduler_.post(crash_);
}

void Host::boot() {
  scheduler_.post(boot_);
}

void Host::crash_now() {
  if (!up_) return;
  up_ = false;
  // The network first: what dies with the power says no good-bye.
  world_.network().host_changed(id(), up_, boots_);
  for (std::size_t i = slots_.size(); i > 0; --i) slots_[i - 1]->destroy_now();
  for (const auto& listener : listeners_) listener(*this);
}

void Host::boot_now() {
  if (up_) return;
  up_ = true;
  ++boots_;
  world_.network().host_changed(id(), up_, boots_);
  for (const auto& listener : listeners_) listener(*this);
  for (const auto& slot : slots_) slot->start_now();
}

TimePoint Host::local_time() const {
  const TimePoint now = scheduler_.now();
  return now + clock_offset_ + (now - clock_set_) * clock_drift_;
}

void Host::set_clock(Duration offset, double drift) {
  clock_offset_ = offset;
  clock_drift_ = drift;
  clock_set_ = scheduler_.now();
}

}  // namespace headroom::world
