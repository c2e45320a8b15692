#include "models/auth/cache.h"

namespace headroom::auth {

TtlCache::TtlCache(Times times, std::int64_t entries)
    : times_(times), capacity_(static_cast<std::size_t>(entries)) {}

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

std::optional<bool> TtlCache::find(Credentials who, TimePoint expired_by) {
  const auto found = index_.find(who.user);
  if (found == index_.end()) return std::nullopt;
  const Entry& e = entries_[found->second];
  if (e.account != who.account || e.expires <= expired_by) return std::nullopt;
  unlink(found->second);
  link_newest(found->second);
  return e.accepted;
}

std::optional<bool> TtlCache::hit(Credentials who, TimePoint now) {
  return find(who, now);
}

std::optional<bool> TtlCache::stale(Credentials who, TimePoint now) {
  return find(who, now - times_.stale_for);
}

void TtlCache::put(Credentials who, bool accepted, TimePoint now) {
  const Duration ttl = accepted ? times_.ttl : times_.negative_ttl;
  if (ttl == Duration()) return invalidate(who.user);
  std::uint32_t i = kNone;
  if (const auto found = index_.find(who.user); found != index_.end()) {
    i = found->second;
    unlink(i);
  } else if (index_.size() == capacity_) {
    i = oldest_;
    unlink(i);
    index_.erase(entries_[i].user);
    index_.emplace(who.user, i);
  } else {
    i = free_;
    if (i == kNone) {
      i = static_cast<std::uint32_t>(entries_.size());
      entries_.push_back({});
    } else {
      free_ = entries_[i].older;
    }
    index_.emplace(who.user, i);
  }
  Entry& e = entries_[i];
  e.user = who.user;
  e.expires = now + ttl;
  e.account = who.account;
  e.accepted = accepted;
  link_newest(i);
}

void TtlCache::invalidate(std::uint64_t user) {
  const auto found = index_.find(user);
  if (found == index_.end()) return;
  unlink(found->second);
  entries_[found->second].older = free_;
  free_ = found->second;
  index_.erase(found);
}

void TtlCache::clear() {
  index_.clear();
  entries_.clear();
  newest_ = oldest_ = free_ = kNone;
}

}  // namespace headroom::auth
