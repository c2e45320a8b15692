#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/world/processor.h"
#include "sim/world/simgrid_fluid.h"

namespace headroom::world {

/// The oracle for VirtualTimeProcessor: the same sharing, solved by SimGrid. Far slower (see SimGrid's Exec),
/// so it serves tests only. Shares must be among those announced; there is no contention curve.
class SimgridProcessor final : public Processor {
 public:
  /// `shares`: those that `set_share` will be given, the first of them in force.
  SimgridProcessor(Scheduler& scheduler, SimgridFluid& fluid, const std::string& name, int cores,
                   double speed, const std::vector<double>& shares);
  ~SimgridProcessor() override;

  void start(Job& job, Duration work) override;
  int jobs() const override { return static_cast<int>(running_.size()); }
  void set_share(double share) override;
  double share() const override { return share_; }
  void set_contention(std::vector<double> rate) override;
  Duration busy_time() const override;

 private:
  class Running;
  void withdraw(Job& job) override;
  void account();
  std::unique_ptr<Running> take(Job& job);

  Scheduler& scheduler_;
  SimgridFluid& fluid_;
  SimgridFluid::Cpu cpu_;
  double share_;
  TimePoint updated_;
  Duration busy_time_;
  std::vector<std::unique_ptr<Running>> running_;
};

}  // namespace headroom::world
