#include "models/usage/store_node.h"

#include <algorithm>
#include <iterator>

#include "models/calls/defect.h"

namespace headroom::usage {
namespace {

/// Most copies handed over in one round, to each host: a host that returns is not drowned.
constexpr int kMostPerRound = 1000;
/// Most shards whose digests are looked into in one comparison.
constexpr int kMostShards = 4;
/// A key, or a root with its shard, in a message.
constexpr std::int64_t kKeyBytes = 24;

Bytes size_of(const std::vector<ItemPtr>& items) {
  Bytes size = calls::kControl;
  for (const ItemPtr& item : items) size += item->size;
  return size;
}

Bytes size_of_keys(std::size_t keys) {
  return calls::kControl + Bytes(static_cast<std::int64_t>(keys) * kKeyBytes);
}

struct ByKey {
  bool operator()(const ItemPtr& a, const ItemPtr& b) const { return a->key < b->key; }
};

}  // namespace

/// A write under way, as long as anybody is waited for.
struct StoreNode::Writing {
  Writing(StoreNode& n, ItemPtr i)
      : node(n),
        id(++n.operations_),
        item(std::move(i)),
        books(n.cluster_.preference[static_cast<std::size_t>(item->key.shard)], n.cluster_.homes,
              n.cluster_.write_quorum, n.cluster_.config.sloppy_quorum) {
    node.writings_.emplace(id, this);
  }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;
  ~Writing() { node.writings_.erase(id); }
  StoreNode& node;
  std::uint64_t id;
  ItemPtr item;
  WriteQuorum books;
  bool answered = false;
  world::Condition progress;
};

/// A read under way, as long as anybody is waited for.
struct StoreNode::Reading {
  Reading(StoreNode& n, const Query& query)
      : node(n), id(++n.operations_), books(n.cluster_.homes_of(query.shard), n.cluster_.read_quorum) {
    node.readings_.emplace(id, this);
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() { node.readings_.erase(id); }
  StoreNode& node;
  std::uint64_t id;
  ReadQuorum books;
  std::vector<ItemPtr> found;                 ///< by anybody, in the order of keys
  std::vector<std::vector<ItemPtr>> answers;  ///< in the order of `books.who_answered()`
  bool answered = false;
  world::Condition progress;
};

StoreNode::StoreNode(world::Host& host, Cluster& cluster, int number)
    : Process(host),
      cluster_(cluster),
      number_(number),
      operations_(cluster.members[number].slot->starts() << 40),
      suspicion_(static_cast<std::size_t>(cluster.members.size())) {
  scope().spawn(care(this));
  if (cluster_.config.anti_entropy && !cluster_.partners[static_cast<std::size_t>(number)].empty())
    scope().spawn(compare_regularly(this, *cluster_.config.anti_entropy));
}

/// A message to another host, or to itself; nobody learns if it is lost. `law`: in place of the network's
/// delay.
template <class Deliver>
void StoreNode::tell(int host_number, Bytes size, const Law& law, Deliver deliver) {
  struct NobodyLearns {
    void operator()(Failure) const {}
  };
  world::ProcessSlot& slot = *cluster_.members[host_number].slot;
  std::optional<Duration> takes;
  if (law) takes = law->sample(engine());
  cluster_.world.network().send({host().id(), slot.host().id()}, size,
                                std::make_unique<calls::ProcessMessage<StoreNode, Deliver, NobodyLearns>>(
                                    slot, std::move(deliver), NobodyLearns()),
                                takes);
}

// The coordinator.

bool StoreNode::errs() {
  return defect().errs() && calls::errs(*this, ++operations_, number_);
}

world::Task<> StoreNode::coordinate_write(StoreNode* self, ItemPtr item, std::unique_ptr<Sink<Stored>> sink) {
  const auto believed_up = [self](int host) { return self->up(host); };
  const TimePoint began = self->now();
  TimePoint asked = began;
  Writing writing(*self, std::move(item));
  self->send(writing, writing.books.begin(believed_up));
  while (true) {
    for (const int home : writing.books.take_unserved())
      self->scope().spawn(keep_hint(self, home, writing.item));
    if (!writing.answered && (writing.books.reached() || writing.books.impossible()))
      self->finish(writing, *sink, began);
    if (writing.books.settled()) co_return;
    const bool timely =
        co_await writing.progress.wait(self->host().scheduler(), asked + self->cluster_.config.timeout);
    if (timely) continue;
    self->suspect(writing.books.waiting(), asked);
    asked = self->now();
    self->send(writing, writing.books.give_up(believed_up));
  }
}

void StoreNode::send(const Writing& writing, const std::vector<WriteQuorum::Copy>& copies) {
  for (const WriteQuorum::Copy& to : copies)
    tell(to.host, writing.item->size, cluster_.config.latency.write,
         [from = number_, copy = Copy{writing.item, to.stands_in_for, Cause::put, writing.id}](StoreNode& n) {
           n.copy_arrived(from, copy);
         });
}

void StoreNode::finish(Writing& writing, Sink<Stored>& sink, TimePoint began) {
  const int batch = cluster_.window.batch(began);
  writing.answered = true;
  cluster_.books.writes.add(batch);
  if (!writing.books.reached()) return sink.answer(Failure::unreachable, calls::kControl);
  cluster_.books.writes_acknowledged.add(batch);
  cluster_.books.write_ns.record(batch, now() - began);
  const ItemKey& key = writing.item->key;
  if (cluster_.watch != nullptr && key.period != kProbePeriod && cluster_.wanted(key))
    cluster_.watch->acknowledged(key);
  sink.answer(Stored{}, calls::kControl);
}

void StoreNode::acknowledged(std::uint64_t operation, int from) {
  const auto found = writings_.find(operation);
  if (found == writings_.end()) return;
  Writing& writing = *found->second;
  writing.books.acknowledged(from);
  if ((writing.books.reached() && !writing.answered) || writing.books.settled())
    writing.progress.notify_one();
}

world::Task<> StoreNode::coordinate_read(StoreNode* self, Query query, std::unique_ptr<Sink<Found>> sink) {
  const TimePoint began = self->now();
  const int batch = self->cluster_.window.batch(began);
  Reading reading(*self, query);
  for (const int host : reading.books.begin([self](int h) { return self->up(h); }))
    self->tell(host, calls::kControl, self->cluster_.config.latency.read,
               [from = self->number_, operation = reading.id, query](StoreNode& n) {
                 n.question_arrived(from, operation, query);
               });
  self->cluster_.books.reads.add(batch);
  while (!reading.books.settled()) {
    const bool timely =
        co_await reading.progress.wait(self->host().scheduler(), began + self->cluster_.config.timeout);
    if (!timely) {
      self->suspect(reading.books.waiting(), began);
      reading.books.give_up();
    }
    if (!reading.answered && reading.books.reached()) {
      reading.answered = true;
      self->cluster_.books.reads_answered.add(batch);
      self->cluster_.books.read_ns.record(batch, self->now() - began);
      const Bytes size = size_of(reading.found);
      sink->answer(Found{reading.found, reading.books.who_answered()}, size);
    }
  }
  if (!reading.answered) sink->answer(Failure::unreachable, calls::kControl);
  if (self->cluster_.config.read_repair) self->repair(reading);
}

void StoreNode::responded(std::uint64_t operation, int from, std::vector<ItemPtr> items) {
  const auto found = readings_.find(operation);
  if (found == readings_.end()) return;
  Reading& reading = *found->second;
  if (!reading.books.answered(from)) return;
  if (reading.found.empty()) {
    reading.found = items;
  } else {
    std::vector<ItemPtr> both;
    std::set_union(reading.found.begin(), reading.found.end(), items.begin(), items.end(),
                   std::back_inserter(both), ByKey());
    reading.found = std::move(both);
  }
  reading.answers.push_back(std::move(items));
  if ((reading.books.reached() && !reading.answered) || reading.books.settled())
    reading.progress.notify_one();
}

void StoreNode::repair(const Reading& reading) {
  for (std::size_t i = 0; i < reading.answers.size(); ++i) {
    if (reading.answers[i].size() == reading.found.size()) continue;
    std::vector<ItemPtr> missing;
    std::set_difference(reading.found.begin(), reading.found.end(), reading.answers[i].begin(),
                        reading.answers[i].end(), std::back_inserter(missing), ByKey());
    for (const ItemPtr& item : missing) give(reading.books.who_answered()[i], item, Cause::read_repair);
  }
}

// A replica, or who stands in for one.

void StoreNode::copy_arrived(int from, Copy copy) {
  heard(from);
  if (cluster_.config.latency.write)
    kept(from, copy);
  else
    scope().spawn(keep(this, from, std::move(copy)));
}

world::Task<> StoreNode::keep(StoreNode* self, int from, Copy copy) {
  const bool known = copy.stands_in_for < 0 && self->disk().has(copy.item->key);
  if (!known) {
    co_await self->host().disk().write(copy.item->size);
    co_await self->host().disk().fsync();
  }
  self->kept(from, copy);
}

// It is durable: from here on a crash does not take it away.
void StoreNode::kept(int from, const Copy& copy) {
  if (copy.stands_in_for >= 0) {
    hint_kept(copy.stands_in_for, copy.item);
  } else if (cluster_.wanted(copy.item->key)) {
    const bool news = disk().add(copy.item);
    StoreBooks& books = cluster_.books;
    if (news && copy.cause == Cause::hint) books.hints_delivered.add(cluster_.batch());
    if (news && copy.cause == Cause::read_repair) books.read_repairs.add(cluster_.batch());
    if (news && copy.cause == Cause::anti_entropy) books.anti_entropy_repairs.add(cluster_.batch());
    if (copy.item->key.period == kProbePeriod) cluster_.probes->written(copy.item->key, number_, copy.cause);
  }
  if (copy.cause == Cause::put)
    tell(from, calls::kControl, cluster_.config.latency.ack,
         [operation = copy.operation, me = number_](StoreNode& n) {
           n.heard(me);
           n.acknowledged(operation, me);
         });
  if (copy.cause == Cause::hint)
    tell(from, calls::kControl, cluster_.config.latency.ack,
         [key = copy.item->key, me = number_](StoreNode& n) {
           n.heard(me);
           n.disk().remove_hint(me, key);
         });
}

world::Task<> StoreNode::keep_hint(StoreNode* self, int home, ItemPtr item) {
  if (!self->cluster_.config.latency.write) {
    co_await self->host().disk().write(item->size);
    co_await self->host().disk().fsync();
  }
  self->hint_kept(home, item);
}

void StoreNode::hint_kept(int home, const ItemPtr& item) {
  if (!cluster_.wanted(item->key)) return;
  disk().add_hint(home, item, now() + cluster_.config.hint_ttl);
  cluster_.books.hints_stored.add(cluster_.batch());
  trouble_.notify_one();
}

void StoreNode::question_arrived(int from, std::uint64_t operation, const Query& query) {
  heard(from);
  if (query.period == kProbePeriod) cluster_.probes->asked(*query.id, number_);
  std::vector<ItemPtr> items = disk().find(query);
  const Bytes size = size_of(items);
  tell(from, size, cluster_.config.latency.respond,
       [operation, me = number_, found = std::move(items)](StoreNode& n) mutable {
         n.heard(me);
         n.responded(operation, me, std::move(found));
       });
}

// Care for others: hints, and comparing.

void StoreNode::heard(int from) {
  if (suspicion_.heard(from, now())) returned_.notify_one();
}

void StoreNode::suspect(const std::vector<int>& hosts, TimePoint since) {
  for (const int h : hosts)
    if (suspicion_.silent(h, since))
      cluster_.journal.record(now(), "suspected", "host/" + cluster_.members[h].slot->host().name(),
                              {{"by", host().name()}});
  if (suspicion_.any()) trouble_.notify_one();
}

/// Costs nothing while nobody is suspected and no hint is kept.
world::Task<> StoreNode::care(StoreNode* self) {
  world::Scheduler& scheduler = self->host().scheduler();
  while (true) {
    if (!self->suspicion_.any() && self->disk().hints().empty()) co_await self->trouble_.wait(scheduler);
    co_await self->returned_.wait(scheduler, self->now() + self->cluster_.config.hint_every);
    self->care_round();
  }
}

void StoreNode::care_round() {
  for (int host = 0; host < cluster_.members.size(); ++host)
    if (!up(host))
      tell(host, calls::kControl, std::nullopt, [from = number_](StoreNode& n) {
        n.heard(from);
        n.tell(from, calls::kControl, std::nullopt, [me = n.number_](StoreNode& asked) { asked.heard(me); });
      });
  const std::vector<ItemKey> expired = disk().expire_hints(now());
  cluster_.books.hints_expired.add(cluster_.batch(), static_cast<std::int64_t>(expired.size()));
  if (cluster_.watch != nullptr)
    for (const ItemKey& key : expired)
      if (key.period != kProbePeriod) cluster_.watch->hint_given_up(key);
  int target = -1;
  int handed_over = 0;
  for (const auto& [address, hint] : disk().hints()) {
    if (address.first != target) handed_over = 0;
    target = address.first;
    if (up(target) && ++handed_over <= kMostPerRound) give(target, hint.item, Cause::hint);
  }
}

void StoreNode::give(int to, const ItemPtr& item, Cause cause) {
  tell(to, item->size, cluster_.config.latency.write,
       [from = number_, copy = Copy{item, -1, cause, 0}](StoreNode& n) { n.copy_arrived(from, copy); });
}

world::Task<> StoreNode::compare_regularly(StoreNode* self, Duration every) {
  co_await self->sleep(every * uniform01(self->engine()));
  const std::vector<int>& partners = self->cluster_.partners[static_cast<std::size_t>(self->number_)];
  while (true) {
    co_await self->sleep(every);
    const int partner = partners[self->next_partner_++ % partners.size()];
    std::vector<std::pair<int, std::uint64_t>> roots;
    for (int shard = 0; shard < static_cast<int>(self->cluster_.config.shards); ++shard) {
      const auto homes = self->cluster_.homes_of(shard);
      const auto is_home = [&](int h) { return std::find(homes.begin(), homes.end(), h) != homes.end(); };
      if (is_home(self->number_) && is_home(partner))
        roots.emplace_back(shard, self->disk().digest(shard).root());
    }
    const Bytes size = size_of_keys(roots.size());
    self->tell(partner, size, std::nullopt, [from = self->number_, roots = std::move(roots)](StoreNode& n) {
      n.compare_roots(from, roots);
    });
  }
}

void StoreNode::compare_roots(int from, const std::vector<std::pair<int, std::uint64_t>>& roots) {
  heard(from);
  int different = 0;
  for (const auto& [shard, root] : roots) {
    const Digest& mine = disk().digest(shard);
    if (mine.root() == root || ++different > kMostShards) continue;
    tell(
        from, Bytes(sizeof(Digest::Leaves)), std::nullopt,
        [me = number_, s = shard, leaves = mine.leaves()](StoreNode& n) { n.compare_leaves(me, s, leaves); });
  }
}

void StoreNode::compare_leaves(int from, int shard, const Digest::Leaves& leaves) {
  heard(from);
  const Digest::Leaves& mine = disk().digest(shard).leaves();
  std::vector<bool> different(Digest::kLeaves);
  for (std::size_t i = 0; i < leaves.size(); ++i) different[i] = mine[i] != leaves[i];
  std::vector<ItemKey> keys;
  for (const ItemPtr& item : disk().in_leaves(shard, different)) keys.push_back(item->key);
  const Bytes size = size_of_keys(keys.size());
  tell(from, size, std::nullopt,
       [me = number_, shard, different = std::move(different), keys = std::move(keys)](StoreNode& n) {
         n.compare_keys(me, shard, different, keys);
       });
}

// Both give what the other one lacks.
void StoreNode::compare_keys(int from, int shard, const std::vector<bool>& leaves,
                             const std::vector<ItemKey>& keys) {
  heard(from);
  int given = 0;
  for (const ItemPtr& item : disk().in_leaves(shard, leaves))
    if (!std::binary_search(keys.begin(), keys.end(), item->key) && ++given <= kMostPerRound)
      give(from, item, Cause::anti_entropy);
  std::vector<ItemKey> wanted;
  for (const ItemKey& key : keys)
    if (!disk().has(key) && wanted.size() < kMostPerRound) wanted.push_back(key);
  if (wanted.empty()) return;
  const Bytes size = size_of_keys(wanted.size());
  tell(from, size, std::nullopt,
       [me = number_, wanted = std::move(wanted)](StoreNode& n) { n.send_wanted(me, wanted); });
}

void StoreNode::send_wanted(int from, const std::vector<ItemKey>& keys) {
  heard(from);
  for (const ItemKey& key : keys)
    for (const ItemPtr& item : disk().find({key.shard, key.period, key.id}))
      give(from, item, Cause::anti_entropy);
}

}  // namespace headroom::usage
