#include "sim/world/simgrid_processor.h"

#include <algorithm>

namespace headroom::world {

class SimgridProcessor::Running final : public Event {
 public:
  Running(SimgridProcessor& processor, Job& its_job) : job(&its_job), processor_(processor) {}
  ~Running() override = default;
  Job* job;
  SimgridFluid::Flow* flow = nullptr;

 private:
  void fire() override {
    const std::unique_ptr<Running> self = processor_.take(*job);
    finish(*job);
  }
  SimgridProcessor& processor_;
};

SimgridProcessor::SimgridProcessor(Scheduler& scheduler, SimgridFluid& fluid, const std::string& name,
                                   int cores, double speed, const std::vector<double>& shares)
    : Processor(cores),
      scheduler_(scheduler),
      fluid_(fluid),
      cpu_(fluid.add_cpu(name, cores, speed, shares)),
      share_(shares.empty() ? 1 : shares.front()) {}

SimgridProcessor::~SimgridProcessor() {
  while (!running_.empty()) withdraw(*running_.back()->job);
}

void SimgridProcessor::start(Job& job, Duration work) {
  HEADROOM_CHECK(!job.running() && work > Duration(), "a job that runs already, or is no work");
  account();
  attach(job, *this);
  place(job) = static_cast<std::uint32_t>(running_.size());
  running_.push_back(std::make_unique<Running>(*this, job));
  Running& running = *running_.back();
  fluid_.start_work(cpu_, work, running, running.flow);
}

void SimgridProcessor::withdraw(Job& job) {
  const std::unique_ptr<Running> running = take(job);
  if (running->flow != nullptr) fluid_.cancel(running->flow);
}

void SimgridProcessor::set_share(double share) {
  share_ = share;
  fluid_.set_cpu_share(cpu_, share);
}

void SimgridProcessor::set_contention(std::vector<double> rate) {
  HEADROOM_CHECK(std::all_of(rate.begin(), rate.end(), [](double r) { return r == 1; }),
                 "the oracle knows no contention");
}

Duration SimgridProcessor::busy_time() const {
  return busy_time_ + (scheduler_.now() - updated_) * std::min(jobs(), cores());
}

void SimgridProcessor::account() {
  busy_time_ = busy_time();
  updated_ = scheduler_.now();
}

std::unique_ptr<SimgridProcessor::Running> SimgridProcessor::take(Job& job) {
  account();
  const std::uint32_t at = place(job);
  std::swap(running_[at], running_.back());
  place(*running_[at]->job) = at;
  std::unique_ptr<Running> running = std::move(running_.back());
  running_.pop_back();
  detach(job);
  return running;
}

}  // namespace headroom::world
