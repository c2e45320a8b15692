#include "sim/faults/dns.h"

#include "sim/config/units.h"

namespace headroom::faults {
namespace {

class NoNames final : public Effect {
 public:
  NoNames(Service& service, double probability) : service_(service), probability_(probability) {}
  void begin() override { change_ = service_.fail_names(probability_); }
  std::string struck() const override { return std::string(kClientsName); }

 private:
  Service& service_;
  double probability_;
  Change change_;
};

}  // namespace

void Dns::check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
  if (!names.workload.connects)
    complaints.add(path,
                   "connections are open for ever, so no name is ever looked up, expected "
                   "workload.connections with it");
}

std::string Dns::subject() const {
  return config::print(probability);
}

std::unique_ptr<Effect> Dns::strike(Hardware& hardware, Engine&) const {
  return std::make_unique<NoNames>(hardware.service(), probability.value);
}

}  // namespace headroom::faults
