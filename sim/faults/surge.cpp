#include "sim/faults/surge.h"

#include <fmt/format.h>

namespace headroom::faults {
namespace {

class MoreLoad final : public Effect {
 public:
  MoreLoad(Service& service, const Surge& surge, StreamKey key)
      : service_(service), surge_(surge), key_(key) {}
  void begin() override { change_ = service_.surge(surge_.factor, surge_.ramp, key_); }
  std::string struck() const override { return std::string(kClientsName); }

 private:
  Service& service_;
  Surge surge_;
  StreamKey key_;
  Change change_;
};

}  // namespace

void Surge::check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
  if (!names.workload.has_rate)
    complaints.add(path,
                   "these arrivals have no rate that could grow, expected workload.arrivals: poisson, "
                   "constant, bursts or profile with it");
}

std::string Surge::subject() const {
  return fmt::format("x{:g}", factor);
}

std::unique_ptr<Effect> Surge::strike(Hardware& hardware, Engine& draw) const {
  return std::make_unique<MoreLoad>(hardware.service(), *this, StreamKey(draw()));
}

}  // namespace headroom::faults
