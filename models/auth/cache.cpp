#include "models/auth/cache.h"

namespace headroom::auth {

TtlCache::TtlCache(Duration ttl, std::int64_t entries)
    : ttl_(ttl), capacity_(static_cast<std::size_t>(entries)) {}

void TtlCache::unlink(std::uint32_t i) {
  Entry& e = entries_[i];
  (e.newer == kNone ? newest_ : entries_[e.newer].older) = e.older;
  (e.older == kNone ? oldest_ : entries_[e.older].newer) = e.newer;
}

void TtlCache::link_newest(std::uint32_t i) {
  Entry& e = entries_[i];
  e.newer = kNone;
  e.older = newest_;
  (newest_ == kNone ? oldest_ : entries_[newest_].newer) = i;
  newest_ = i;
}

bool TtlCache::hit(std::uint64_t user, TimePoint now) {
  const auto found = index_.find(user);
  if (found == index_.end() || entries_[found->second].expires <= now) return false;
  unlink(found->second);
  link_newest(found->second);
  return true;
}

void TtlCache::put(std::uint64_t user, TimePoint now) {
  std::uint32_t i = kNone;
  if (const auto found = index_.find(user); found != index_.end()) {
    i = found->second;
    unlink(i);
  } else if (entries_.size() < capacity_) {
    i = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({});
    index_.emplace(user, i);
  } else {
    i = oldest_;
    unlink(i);
    index_.erase(entries_[i].user);
    index_.emplace(user, i);
  }
  entries_[i].user = user;
  entries_[i].expires = now + ttl_;
  link_newest(i);
}

}  // namespace headroom::auth
