#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "models/auth/standby.h"
#include "models/auth/update_log.h"

/// What decides in the auth planes, without a world.
namespace headroom::auth {
namespace {

TimePoint at(int ms) {
  return TimePoint::at(Duration::ms(ms));
}

// --- the log of changes -----------------------------------------------------------------------------------

/// All accounts as one who has seen the log so far keeps them: user → account → valid.
using Accounts = std::map<std::uint64_t, std::map<std::uint32_t, bool>>;

std::uint32_t newest(const Accounts& accounts, std::uint64_t user) {
  const auto found = accounts.find(user);
  return found == accounts.end() ? 0 : found->second.rbegin()->first;
}

void apply(Accounts& accounts, std::uint64_t user, Change change) {
  auto& of_user = accounts[user];
  of_user.emplace(0, true);
  if (change == Change::new_user) of_user.emplace(of_user.rbegin()->first + 1, true);
  if (change == Change::revocation) of_user.rbegin()->second = false;
}

bool accepts(const Accounts& accounts, Credentials who) {
  const auto found = accounts.find(who.user);
  if (found == accounts.end()) return who.account == 0;
  const auto account = found->second.find(who.account);
  return account != found->second.end() && account->second;
}

TEST_CASE("every position of the log knows what a copy knows that was made there") {
  CHECK(rc::check([] {
    const auto steps = *rc::gen::container<std::vector<int>>(60, rc::gen::inRange(0, 1000));
    UpdateLog log;
    std::vector<Accounts> copies(1);
    std::vector<std::map<std::uint64_t, std::uint64_t>> latest(1);
    for (const int step : steps) {
      const auto user = static_cast<std::uint64_t>(step % 5);
      const auto change = static_cast<Change>(step / 5 % 3);
      copies.push_back(copies.back());
      latest.push_back(latest.back());
      apply(copies.back(), user, change);
      RC_ASSERT(log.append(user, change, at(step)) == copies.size() - 1);
      latest.back()[user] = log.last();
      RC_ASSERT(log.at(log.last()).user == user);
    }
    for (std::uint64_t user = 0; user < 6; ++user) {
      RC_ASSERT(log.credentials(user).account == newest(copies.back(), user));
      for (std::uint64_t p = 0; p < copies.size(); ++p) {
        for (std::uint32_t account = 0; account <= newest(copies.back(), user); ++account)
          RC_ASSERT(log.valid({user, account}, p) == accepts(copies[p], {user, account}));
        RC_ASSERT(log.last_change(user, p) == (latest[p].contains(user) ? latest[p].at(user) : 0));
      }
    }
  }));
}

TEST_CASE("a subscriber applies each change once, in order, whatever is repeated or late") {
  CHECK(rc::check([] {
    // The sender goes on from what was acknowledged; what it sent before may arrive again at any time.
    const auto steps = *rc::gen::container<std::vector<int>>(80, rc::gen::inRange(0, 1000));
    Subscription subscription;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> sent;
    std::uint64_t last = 0;
    std::uint64_t applied = 0;
    for (const int step : steps) {
      last += static_cast<std::uint64_t>(step % 3);
      sent.emplace_back(subscription.position(), last);
      const auto [from, to] = sent[static_cast<std::size_t>(step / 3) % sent.size()];
      const auto received = subscription.receive(from, to);
      RC_ASSERT_FALSE(received.gap);
      if (received.first <= to) {
        RC_ASSERT(received.first == applied + 1);
        applied = to;
      }
      RC_ASSERT(subscription.position() == applied);
    }
  }));
}

TEST_CASE("a subscriber that is born late notices what it has not heard of") {
  Subscription subscription;
  const auto received = subscription.receive(7, 9);
  CHECK(received.gap);
  CHECK(received.first == 8);
  CHECK(subscription.position() == 9);
  CHECK_FALSE(subscription.receive(9, 10).gap);
}

// --- who is active ----------------------------------------------------------------------------------------

/// Hosts that poll each other every 100 ms, and a fault now and then.
class Cluster {
 public:
  Cluster(int members, StandbyMember::Times times) : times_(times) {
    for (int m = 0; m < members; ++m) {
      members_.emplace_back(StandbyMember(m, members, times, false, TimePoint()));
      cut_off_.push_back(false);
    }
  }
  void crash(int m) { members_[static_cast<std::size_t>(m)].reset(); }
  void boot(int m) { members_[static_cast<std::size_t>(m)].emplace(m, size(), times_, true, at(now_)); }
  void cut_off(int m, bool so) { cut_off_[static_cast<std::size_t>(m)] = so; }
  bool up(int m) const { return members_[static_cast<std::size_t>(m)].has_value(); }
  void run(int ms) {
    for (const int end = now_ + ms; now_ < end; now_ += 100) {
      for (int a = 0; a < size(); ++a)
        for (int b = 0; b < size(); ++b)
          if (a != b && up(a) && up(b) && !apart(a, b)) member(a).heard(b, member(b).role(), at(now_));
      for (int m = 0; m < size(); ++m)
        if (up(m)) member(m).tick(at(now_));
    }
  }
  std::vector<int> active() {
    std::vector<int> who;
    for (int m = 0; m < size(); ++m)
      if (up(m) && member(m).role() == Role::active) who.push_back(m);
    return who;
  }
  int size() const { return static_cast<int>(members_.size()); }

 private:
  bool apart(int a, int b) const {
    return cut_off_[static_cast<std::size_t>(a)] || cut_off_[static_cast<std::size_t>(b)];
  }
  StandbyMember& member(int m) { return *members_[static_cast<std::size_t>(m)]; }
  StandbyMember::Times times_;
  std::vector<std::optional<StandbyMember>> members_;
  std::vector<bool> cut_off_;
  int now_ = 0;
};

using Active = std::vector<int>;
constexpr StandbyMember::Times kTimes{Duration::s(1), Duration::s(5)};

TEST_CASE("the next host takes over after the silence and its start, and stays when the first is back") {
  Cluster cluster(3, kTimes);
  cluster.run(1000);
  CHECK(cluster.active() == Active{0});
  cluster.crash(0);
  cluster.run(5500);
  CHECK(cluster.active().empty());
  cluster.run(1000);
  CHECK(cluster.active() == Active{1});
  cluster.boot(0);
  cluster.run(10'000);
  CHECK(cluster.active() == Active{1});
}

TEST_CASE("two that could not see each other are both active, and one after they meet") {
  Cluster cluster(2, kTimes);
  cluster.cut_off(0, true);
  cluster.run(10'000);
  CHECK(cluster.active() == Active{0, 1});
  cluster.cut_off(0, false);
  cluster.run(1000);
  CHECK(cluster.active() == Active{0});
}

TEST_CASE("a host alone is always active") {
  StandbyMember alone(0, 1, kTimes, true, at(0));
  CHECK(alone.role() == Role::active);
}

TEST_CASE("after any faults, once all is healed, exactly one host is active") {
  CHECK(rc::check([] {
    const int hosts = *rc::gen::inRange(2, 5);
    const auto steps = *rc::gen::container<std::vector<int>>(30, rc::gen::inRange(0, 1000));
    Cluster cluster(hosts, kTimes);
    for (const int step : steps) {
      const int m = step % hosts;
      switch (step / 5 % 3) {
        case 0:
          if (cluster.up(m))
            cluster.crash(m);
          else
            cluster.boot(m);
          break;
        case 1:
          cluster.cut_off(m, true);
          break;
        default:
          cluster.cut_off(m, false);
      }
      cluster.run(step / 15 * 100);
    }
    for (int m = 0; m < hosts; ++m) {
      if (!cluster.up(m)) cluster.boot(m);
      cluster.cut_off(m, false);
    }
    cluster.run(hosts * 1000 + 5000 + 1000);
    RC_ASSERT(cluster.active().size() == 1);
    const auto before = cluster.active();
    cluster.run(5000);
    RC_ASSERT(cluster.active() == before);
  }));
}

}  // namespace
}  // namespace headroom::auth
