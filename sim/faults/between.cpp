#include "sim/faults/between.h"

#include <utility>

namespace headroom::faults {
namespace {

class Impaired final : public Effect {
 public:
  Impaired(Hardware& hardware, world::Impairment impairment)
      : hardware_(hardware), impairment_(std::move(impairment)) {}
  ~Impaired() override { hardware_.world().network().remove(id_); }
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

void Sides::check(const Sides& sides, Complaints& complaints) {
  if (sides.between.size() != 2)
    complaints.add("between", "expected the two sides [A, B], got " + std::to_string(sides.between.size()) +
                                  "; a side of several targets is a list: [[A1, A2], B]");
}

void Sides::check_sides(const std::string& path, std::string_view kind, const Names& names,
                        Complaints& complaints) const {
  for (std::size_t i = 0; i < between.size(); ++i)
    check_target(between[i], path + ".between." + std::to_string(i), kind, Strikes::hosts_and_clients, names,
                 complaints);
}

std::string Sides::subject() const {
  const std::string_view arrow = direction == Direction::both      ? " | "
                                 : direction == Direction::forward ? " -> "
                                                                   : " <- ";
  return to_text(between[0]).append(arrow) + to_text(between[1]);
}

std::unique_ptr<Effect> Sides::impair(Hardware& hardware, Engine& draw, world::Impairment impairment) const {
  impairment.a = hardware.hosts(between[0], draw);
  impairment.b = hardware.hosts(between[1], draw);
  impairment.forward = direction != Direction::backward;
  impairment.backward = direction != Direction::forward;
  return std::make_unique<Impaired>(hardware, std::move(impairment));
}

}  // namespace headroom::faults
