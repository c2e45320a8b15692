#include "sim/world/fluid.h"

#include <algorithm>
#include <functional>
#include <memory>

#include "sim/base/check.h"
#include "sim/world/pool.h"
#include "sim/world/virtual_time.h"

namespace headroom::world {
namespace {

// Beyond this many bytes a clock would lose what matters of one; it starts anew.
constexpr double kLongClock = 0x1p40;

double ns(Duration d) {
  return static_cast<double>(d.count_ns());
}

struct Bundle;
struct LinkState;
using Round = std::uint64_t;  // the number of a settlement

}  // namespace

struct Fluid::Flow : Pooled {
  Bundle* bundle = nullptr;
  double begin = 0;  // of the bundle's clock when it started
  double bytes = 0;
  Event* when_done = nullptr;
  Flow** handle = nullptr;
  std::uint32_t place = 0;  // in the bundle's heap
  std::uint64_t turn = 0;
};

namespace {

using Flow = Fluid::Flow;

// Links of a path.
struct Links {
  LinkState* items[Fluid::kLongestPath];
  std::size_t size = 0;
  LinkState** begin() { return items; }
  LinkState** end() { return items + size; }
  LinkState* const* begin() const { return items; }
  LinkState* const* end() const { return items + size; }
};

/// All live flows over one path.
struct Bundle {
  Links path;
  std::uint32_t crossing[Fluid::kLongestPath]{};  // its place among the bundles of each link of the path
  LinkState* guard = nullptr;                     // the narrowest link of the path
  Links binding;                                  // those of the path that can bind; its guard is one
  LinkState* bottleneck = nullptr;                // one of them
  std::uint32_t place = 0;                        // in its bottleneck's heap
  std::uint64_t turn = 0;
  MarkHeap<Flow, &Flow::place, &Flow::turn> flows;  // marks on the bundle's clock
  double begins = 0;                                // the sum of the flows' `begin`
  double ahead = 0;                                 // its clock minus its bottleneck's
  Round found = 0, settled = 0;
  double count() const { return static_cast<double>(flows.size()); }
  /// Its first flow's mark on its bottleneck's clock.
  double mark() const { return flows.front().mark - ahead; }
};

struct Crossing {
  Bundle* bundle;
  std::uint32_t hop;  // the link's place in the bundle's path
};

struct Guard {
  const LinkState* link;
  std::uint32_t bundles;
};

struct LinkState final : Event {
  LinkState(std::function<void(LinkState&)>& when_due, double its_bandwidth)
      : due(when_due), bandwidth(its_bandwidth) {}
  ~LinkState() override = default;
  void fire() override { due(*this); }
  double capacity() const { return bandwidth * share; }

  std::function<void(LinkState&)>& due;
  double bandwidth;  // bytes per ns
  double share = 1;
  double passed = 0;      // bytes, by flows that ended
  std::size_t flows = 0;  // live ones that cross it
  std::vector<Crossing> bundles;

  // Whether it can bind. It can if it is a guard, or if the guards of the bundles that cross it have together
  // more bandwidth than it has.
  std::vector<Guard> guards;
  double demand = 0;        // the sum of the guards' bandwidths
  std::size_t guarded = 0;  // bundles whose guard it is
  bool can_bind = false;
  std::size_t ties = 0;  // if it can: bundles over it that cross another link that can

  // As the bottleneck of bundles.
  double level = 0;  // bytes per ns, of every flow
  double clock = 0;  // bytes that a flow which was there from the start has received
  TimePoint updated;
  MarkHeap<Bundle, &Bundle::place, &Bundle::turn> attached;  // marks on the clock

  // Of the settlement that is going on.
  Round found = 0;
  double left = 0;            // bandwidth that is not given away
  std::size_t unsettled = 0;  // flows
  bool touched = false;
};

}  // namespace

class Fluid::Impl {
 public:
  explicit Impl(Scheduler& its_scheduler)
      : scheduler_(its_scheduler), due_([this](LinkState& link) { finish(link); }) {}
  ~Impl() {
    for (const std::unique_ptr<Bundle>& bundle : bundles_)
      for (const auto& entry : bundle->flows.entries()) delete entry.item;
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Link add_link(double bandwidth) {
    links_.push_back(std::make_unique<LinkState>(due_, bandwidth));
    return static_cast<Link>(links_.size() - 1);
  }

  void start(const Path& path, double bytes, Event& when_done, Flow*& handle) {
    HEADROOM_CHECK(path.size > 0 && bytes > 0, "a flow over no link, or of no bytes");
    Links way;
    for (std::size_t i = 0; i < path.size; ++i) way.items[way.size++] = links_[path.links[i]].get();
    Bundle* bundle = find(way);
    const bool opened = bundle == nullptr;
    if (opened) bundle = &open(way);
    LinkState& bottleneck = *bundle->bottleneck;
    advance(bottleneck);
    if (opened) bundle->ahead = -bottleneck.clock;
    shorten_clock(*bundle);
    auto* flow = new Flow;
    flow->bundle = bundle;
    flow->begin = bottleneck.clock + bundle->ahead;
    flow->bytes = bytes;
    flow->when_done = &when_done;
    flow->handle = &handle;
    handle = flow;
    bundle->begins += flow->begin;
    bundle->flows.push(*flow, flow->begin + bytes);
    if (opened)
      bottleneck.attached.push(*bundle, bundle->mark());
    else
      bottleneck.attached.move(*bundle, bundle->mark());
    for (LinkState* link : way) ++link->flows;
    ++live_;
    ++started_;
    changed(*bundle->guard);
    settle();
  }

  void cancel(Flow& flow) {
    Bundle& bundle = *flow.bundle;
    advance(*bundle.bottleneck);
    end(flow, std::min(flow.bytes, bundle.bottleneck->clock + bundle.ahead - flow.begin));
    settle();
  }

  void set_share(Link at, double share) {
    LinkState& link = *links_[at];
    link.share = share;
    changed(link);
    update_can_bind(link);
    settle();
  }

  std::vector<double> bytes_passed() const {
    std::vector<double> passed;
    passed.reserve(links_.size());
    for (const std::unique_ptr<LinkState>& link : links_) {
      double bytes = link->passed;
      for (const Crossing& crossing : link->bundles) {
        const Bundle& bundle = *crossing.bundle;
        bytes += (clock_now(*bundle.bottleneck) + bundle.ahead) * bundle.count() - bundle.begins;
      }
      passed.push_back(bytes);
    }
    return passed;
  }

  std::size_t live() const { return live_; }
  std::uint64_t started() const { return started_; }

 private:
  struct Fill {
    double share;  // of each flow that is not settled, at least
    LinkState* link;
    std::size_t turn;  // first come first served among equals
  };

  // The first flow of those whose bottleneck the link is has all its bytes, and others may at the same
  // instant.
  void finish(LinkState& link) {
    advance(link);
    // The first has by definition, whatever rounding says.
    if (link.clock < link.attached.front().mark) link.clock = link.attached.front().mark;
    do {
      Flow& flow = *link.attached.front().item->flows.front().item;
      scheduler_.post(*flow.when_done);
      end(flow, flow.bytes);
    } while (!link.attached.empty() && link.attached.front().mark <= link.clock);
    settle();
  }

  // Takes a flow off, after so many bytes; its bottleneck's clock is at now.
  void end(Flow& flow, double bytes) {
    Bundle& bundle = *flow.bundle;
    LinkState& bottleneck = *bundle.bottleneck;
    for (LinkState* link : bundle.path) {
      link->passed += bytes;
      --link->flows;
    }
    changed(*bundle.guard);
    touch(bottleneck);
    bundle.begins -= flow.begin;
    bundle.flows.remove(flow);
    if (bundle.flows.empty()) {
      bottleneck.attached.remove(bundle);
      close(bundle);
    } else {
      bottleneck.attached.move(bundle, bundle.mark());
    }
    *flow.handle = nullptr;
    delete &flow;
    --live_;
  }

  // Brings the link's clock to now.
  void advance(LinkState& link) const {
    const TimePoint now = scheduler_.now();
    if (link.attached.empty()) {
      link.clock = 0;
    } else if (now != link.updated) {
      link.clock += ns(now - link.updated) * link.level;
      if (link.clock > kLongClock) {
        for (const auto& entry : link.attached.entries()) entry.item->ahead += link.clock;
        link.attached.set_back(link.clock);
        link.clock = 0;
      }
    }
    link.updated = now;
  }
  // What it would show now. An end is due at a whole nanosecond, and until then the clock does not pass its
  // mark.
  double clock_now(const LinkState& link) const {
    const double clock = link.clock + ns(scheduler_.now() - link.updated) * link.level;
    return std::max(link.clock, std::min(clock, link.attached.front().mark));
  }
  // A bundle that is busy for long starts its clock anew, too.
  static void shorten_clock(Bundle& bundle) {
    const double clock = bundle.bottleneck->clock + bundle.ahead;
    if (clock <= kLongClock) return;
    for (const auto& entry : bundle.flows.entries()) entry.item->begin -= clock;
    bundle.flows.set_back(clock);
    bundle.begins -= clock * bundle.count();
    bundle.ahead -= clock;
  }

  static Bundle* find(const Links& path) {
    const LinkState* rarest = path.items[0];
    for (const LinkState* link : path)
      if (link->bundles.size() < rarest->bundles.size()) rarest = link;
    for (const Crossing& crossing : rarest->bundles)
      if (std::equal(path.begin(), path.end(), crossing.bundle->path.begin(), crossing.bundle->path.end()))
        return crossing.bundle;
    return nullptr;
  }

  // A new bundle, noted on its links. Its guard is its bottleneck until it is settled.
  Bundle& open(const Links& path) {
    if (spare_.empty()) {
      bundles_.push_back(std::make_unique<Bundle>());
      spare_.push_back(bundles_.back().get());
    }
    Bundle& bundle = *spare_.back();
    spare_.pop_back();
    bundle.path = path;
    bundle.begins = 0;
    // The narrowest link; of equals the one that has carried most, because more bundles will share it as a
    // guard.
    bundle.guard = path.items[0];
    for (LinkState* link : path)
      if (link->bandwidth < bundle.guard->bandwidth ||
          (link->bandwidth == bundle.guard->bandwidth && link->passed > bundle.guard->passed))
        bundle.guard = link;
    ++bundle.guard->guarded;
    bundle.bottleneck = bundle.guard;
    for (std::uint32_t hop = 0; hop < path.size; ++hop) {
      LinkState& link = *path.items[hop];
      bundle.crossing[hop] = static_cast<std::uint32_t>(link.bundles.size());
      link.bundles.push_back({&bundle, hop});
      if (const auto guard = find_guard(link, bundle.guard); guard != link.guards.end()) {
        ++guard->bundles;
      } else {
        link.guards.push_back({bundle.guard, 1});
        link.demand += bundle.guard->bandwidth;
      }
      if (link.can_bind)
        tie(bundle, link);
      else
        update_can_bind(link);
    }
    return bundle;
  }

  void close(Bundle& bundle) {
    for (LinkState* link : bundle.binding) changed(*link);  // what it was joined to may be so no longer
    while (bundle.binding.size > 0) untie(bundle, *bundle.binding.items[0]);
    --bundle.guard->guarded;
    for (std::size_t hop = 0; hop < bundle.path.size; ++hop) {
      LinkState& link = *bundle.path.items[hop];
      const Crossing last = link.bundles.back();
      link.bundles[bundle.crossing[hop]] = last;
      last.bundle->crossing[last.hop] = bundle.crossing[hop];
      link.bundles.pop_back();
      const auto guard = find_guard(link, bundle.guard);
      if (--guard->bundles == 0) {
        *guard = link.guards.back();
        link.guards.pop_back();
        link.demand = link.guards.empty() ? 0 : link.demand - bundle.guard->bandwidth;
      }
      update_can_bind(link);
    }
    spare_.push_back(&bundle);
  }

  static std::vector<Guard>::iterator find_guard(LinkState& link, const LinkState* guard) {
    return std::find_if(link.guards.begin(), link.guards.end(),
                        [&](const Guard& g) { return g.link == guard; });
  }

  static void update_can_bind(LinkState& link) {
    const bool can = link.guarded > 0 || link.demand > link.capacity();
    if (can == link.can_bind) return;
    link.can_bind = can;
    for (const Crossing& crossing : link.bundles) {
      if (can)
        tie(*crossing.bundle, link);
      else
        untie(*crossing.bundle, link);
    }
  }
  // The link is one of those of the bundle's path that can bind.
  static void tie(Bundle& bundle, LinkState& link) {
    Links& binding = bundle.binding;
    if (binding.size == 1) ++binding.items[0]->ties;
    if (binding.size >= 1) ++link.ties;
    binding.items[binding.size++] = &link;
  }
  static void untie(Bundle& bundle, LinkState& link) {
    Links& binding = bundle.binding;
    *std::find(binding.begin(), binding.end(), &link) = binding.items[binding.size - 1];
    --binding.size;
    if (binding.size >= 1) --link.ties;
    if (binding.size == 1) --binding.items[0]->ties;
  }

  // What the next settlement begins at.
  void changed(LinkState& link) {
    if (seeds_.empty() || seeds_.back() != &link) seeds_.push_back(&link);
  }
  // The date of its next end may have changed.
  void touch(LinkState& link) {
    if (link.touched) return;
    link.touched = true;
    touched_.push_back(&link);
  }

  // Gives each flow that is joined to what has changed its max-min fair rate.
  void settle() {
    if (LinkState& only = *seeds_.front(); seeds_.size() == 1 && only.can_bind && only.ties == 0) {
      // It shares no flow with another link that can bind, and was the bottleneck of all its bundles before.
      set_level(only, only.capacity() / static_cast<double>(only.flows));
    } else {
      fill();
    }
    seeds_.clear();
    for (LinkState* link : touched_) {
      link->touched = false;
      plan(*link);
    }
    touched_.clear();
  }

  // Progressive filling.
  void fill() {
    ++round_;
    joined_.clear();
    fillable_.clear();
    for (LinkState* seed : seeds_) reach(*seed);
    for (std::size_t b = 0; b < joined_.size(); ++b)
      for (LinkState* link : joined_[b]->binding) reach(*link);

    const auto later = [](const Fill& a, const Fill& b) {
      return a.share > b.share || (a.share == b.share && a.turn > b.turn);
    };
    std::make_heap(fillable_.begin(), fillable_.end(), later);
    double level = 0;
    std::size_t unsettled = joined_.size();
    while (unsettled > 0) {
      std::pop_heap(fillable_.begin(), fillable_.end(), later);
      Fill next = fillable_.back();
      fillable_.pop_back();
      LinkState& link = *next.link;
      if (link.unsettled == 0) continue;
      // Flows that are settled leave more to each of those that are not: the heap has lower bounds.
      const double share = link.left / static_cast<double>(link.unsettled);
      if (share > next.share) {
        next.share = share;
        fillable_.push_back(next);
        std::push_heap(fillable_.begin(), fillable_.end(), later);
        continue;
      }
      level = std::max(level, share);  // it never falls, but for rounding
      unsettled -= settle_at(link, level);
    }
  }

  void reach(LinkState& link) {
    if (link.found == round_) return;
    link.found = round_;
    if (link.can_bind) {
      link.left = link.capacity();
      link.unsettled = link.flows;
      fillable_.push_back({link.left / static_cast<double>(link.flows), &link, fillable_.size()});
    }
    for (const Crossing& crossing : link.bundles)
      if (crossing.bundle->found != round_) {
        crossing.bundle->found = round_;
        joined_.push_back(crossing.bundle);
      }
  }

  // The link is the bottleneck of all bundles over it that are not settled. Returns their number.
  std::size_t settle_at(LinkState& link, double level) {
    set_level(link, level);
    std::size_t n = 0;
    for (const Crossing& crossing : link.bundles) {
      Bundle& bundle = *crossing.bundle;
      if (bundle.settled == round_) continue;
      bundle.settled = round_;
      ++n;
      for (LinkState* other : bundle.binding) {
        other->left -= level * bundle.count();
        other->unsettled -= bundle.flows.size();
      }
      if (bundle.bottleneck != &link) attach(bundle, link);
    }
    return n;
  }

  void set_level(LinkState& link, double level) {
    advance(link);
    link.level = level;
    touch(link);
  }

  // Another bottleneck for a bundle; the link's clock is at now.
  void attach(Bundle& bundle, LinkState& link) {
    LinkState& before = *bundle.bottleneck;
    advance(before);
    touch(before);
    const double clock = before.clock + bundle.ahead;
    before.attached.remove(bundle);
    bundle.bottleneck = &link;
    bundle.ahead = clock - link.clock;
    link.attached.push(bundle, bundle.mark());
  }

  // Schedules the end of the flow that is first to finish, if the levels stay as they are.
  void plan(LinkState& link) {
    if (link.attached.empty())
      link.cancel();
    else
      scheduler_.schedule_in(link, time_to_mark(link.attached.front().mark - link.clock, link.level));
  }

  Scheduler& scheduler_;
  std::function<void(LinkState&)> due_;
  std::vector<std::unique_ptr<LinkState>> links_;
  std::vector<std::unique_ptr<Bundle>> bundles_;
  std::vector<Bundle*> spare_;  // those of them without flows
  std::size_t live_ = 0;
  std::uint64_t started_ = 0;
  // Of the settlement that is going on.
  Round round_ = 0;
  std::vector<LinkState*> seeds_;
  std::vector<LinkState*> touched_;
  std::vector<Bundle*> joined_;
  std::vector<Fill> fillable_;
};

Fluid::Fluid(Scheduler& scheduler) : impl_(std::make_unique<Impl>(scheduler)) {}
Fluid::~Fluid() = default;

Fluid::Link Fluid::add_link(Bandwidth bandwidth) {
  return impl_->add_link(bandwidth.bytes_per_second / 1e9);
}

void Fluid::set_share(Link link, double share) {
  HEADROOM_CHECK(share > 0 && share <= 1, "a share of bandwidth outside (0, 1]");
  impl_->set_share(link, share);
}

std::vector<double> Fluid::bytes_passed() const {
  return impl_->bytes_passed();
}

void Fluid::start(const Path& path, Bytes bytes, Event& when_done, Flow*& handle) {
  impl_->start(path, static_cast<double>(bytes.count()), when_done, handle);
}

void Fluid::cancel(Flow*& handle) {
  impl_->cancel(*handle);
}

std::size_t Fluid::live() const {
  return impl_->live();
}
std::uint64_t Fluid::started() const {
  return impl_->started();
}

}  // namespace headroom::world
