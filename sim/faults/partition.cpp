#include "sim/faults/partition.h"

#include <utility>

namespace headroom::faults {
namespace {

class Cut final : public Effect {
 public:
  Cut(Hardware& hardware, world::Impairment impairment)
      : hardware_(hardware), impairment_(std::move(impairment)) {}
  ~Cut() override { hardware_.world().network().remove(id_); }
  void begin() override { id_ = hardware_.world().network().add(impairment_); }
  std::string struck() const override {
    return names_of(hardware_.world(), impairment_.a) + " | " + names_of(hardware_.world(), impairment_.b);
  }

 private:
  Hardware& hardware_;
  world::Impairment impairment_;
  std::uint64_t id_ = 0;
};

}  // namespace

void Partition::check(const Partition& partition, Complaints& complaints) {
  if (partition.between.size() != 2)
    complaints.add("between", "expected the two sides [A, B], got " +
                                  std::to_string(partition.between.size()) +
                                  "; a side of several targets is a list: [[A1, A2], B]");
}

void Partition::check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
  for (std::size_t i = 0; i < between.size(); ++i)
    check_target(between[i], path + ".between." + std::to_string(i), tag, Strikes::hosts_and_clients, names,
                 complaints);
}

std::string Partition::subject() const {
  const std::string_view arrow = direction == Direction::both      ? " | "
                                 : direction == Direction::forward ? " -> "
                                                                   : " <- ";
  return to_text(between[0]).append(arrow) + to_text(between[1]);
}

std::unique_ptr<Effect> Partition::strike(Hardware& hardware, Engine& draw) const {
  world::Impairment impairment;
  impairment.a = hardware.hosts(between[0], draw);
  impairment.b = hardware.hosts(between[1], draw);
  impairment.forward = direction != Direction::backward;
  impairment.backward = direction != Direction::forward;
  impairment.blocked = true;
  return std::make_unique<Cut>(hardware, std::move(impairment));
}

}  // namespace headroom::faults
