#pragma once

#include <cstdint>
#include <string>

namespace headroom::invariants {

/// Checks that every offered request has exactly one outcome, without trusting whoever counts them: it keeps
/// the sum of a 64-bit hash of the numbers of requests offered, and of those ended. The sums agree only if
/// the same requests ended as were offered, each as often (a false agreement has probability 2^-64). Constant
/// memory, whatever the length of the run.
class RequestLedger {
 public:
  void offered(std::uint64_t number) {
    ++offered_;
    offered_hash_ += hash(number);
  }
  void ended(std::uint64_t number) {
    ++ended_;
    ended_hash_ += hash(number);
  }
  bool holds() const { return offered_ == ended_ && offered_hash_ == ended_hash_; }
  std::int64_t checked() const { return offered_; }
  std::string detail() const {
    if (holds()) return "";
    return std::to_string(offered_) + " offered, " + std::to_string(ended_) +
           (offered_ == ended_ ? " ended, but not the same ones" : " ended");
  }

 private:
  /// Stafford's variant 13 of the MurmurHash3 finaliser: a bijection.
  static std::uint64_t hash(std::uint64_t z) {
    z += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  std::int64_t offered_ = 0;
  std::int64_t ended_ = 0;
  std::uint64_t offered_hash_ = 0;
  std::uint64_t ended_hash_ = 0;
};

}  // namespace headroom::invariants
