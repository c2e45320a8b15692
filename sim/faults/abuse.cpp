#include "sim/faults/abuse.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sim/config/units.h"

namespace headroom::faults {
namespace {

constexpr std::size_t kMostNames = 3;

/// n different ones of `all`, in ascending order (Floyd's algorithm: Bentley and Floyd, CACM 30(9), 1987).
std::vector<std::uint64_t> sample(std::uint64_t n, std::uint64_t all, Engine& draw) {
  std::set<std::uint64_t> chosen;
  for (std::uint64_t last = all - n; last < all; ++last)
    if (!chosen.insert(uniform_below(draw, last + 1)).second) chosen.insert(last);
  return {chosen.begin(), chosen.end()};
}

class Abusers final : public Effect {
 public:
  Abusers(Service& service, std::vector<std::uint64_t> users, Rate rate, StreamKey key)
      : service_(service), users_(std::move(users)), rate_(rate), key_(key) {}
  void begin() override { change_ = service_.abuse(users_, rate_, key_); }
  std::string struck() const override {
    std::string text;
    const std::size_t shown = std::min(users_.size(), kMostNames);
    for (std::size_t i = 0; i < shown; ++i)
      text += (i == 0 ? "user " : ", user ") + std::to_string(users_[i]);
    if (users_.size() > shown) text += " and " + std::to_string(users_.size() - shown) + " more";
    return text;
  }

 private:
  Service& service_;
  std::vector<std::uint64_t> users_;
  Rate rate_;
  StreamKey key_;
  Change change_;
};

}  // namespace

void Abuse::check_targets(const std::string& path, const Names& names, Complaints& complaints) const {
  if (users > names.workload.users)
    complaints.add(path + ".users", "there are not so many users, expected at most " +
                                        std::to_string(names.workload.users) + " (workload.users)");
}

std::string Abuse::subject() const {
  return std::to_string(users) + (users == 1 ? " user, " : " users, ") + config::print(rate);
}

std::unique_ptr<Effect> Abuse::strike(Hardware& hardware, Engine& draw) const {
  Service& service = hardware.service();
  auto chosen = sample(static_cast<std::uint64_t>(users), service.users(), draw);
  return std::make_unique<Abusers>(service, std::move(chosen), rate, StreamKey(draw()));
}

}  // namespace headroom::faults
