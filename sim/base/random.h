#pragma once

#include <cstdint>
#include <pcg_random.hpp>
#include <string_view>

namespace headroom {

/// The generator behind every draw: PCG XSL-RR 128/64 (O'Neill 2014, HMC-CS-2014-0905).
using Engine = pcg64_oneseq;

/// Names a random stream: a seed and the path of what draws from it. Two streams with different paths are
/// independent; adding a stream changes no other one. Streams are derived, not handed out in order, so the
/// order in which components are built does not matter.
class StreamKey {
 public:
  explicit StreamKey(std::uint64_t seed) : hash_(mix(seed ^ 0x9e3779b97f4a7c15ULL)) {}

  /// The stream of a part: `key / "workload" / "arrivals"`.
  StreamKey operator/(std::string_view name) const {
    std::uint64_t h = hash_ ^ 0xcbf29ce484222325ULL;  // FNV-1a over the name, then mixed
    for (char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return StreamKey(mix(h), Raw{});
  }

  /// An engine for draws in sequence (a machine's own randomness).
  Engine engine() const { return make(hash_); }

  /// The engine for what is drawn about request (or job, record) number `n`: the same whatever server handles
  /// it and in whatever order, so that policies can be compared on the same requests (common random numbers).
  Engine engine_for(std::uint64_t n) const { return make(mix(hash_ + n * 0x9e3779b97f4a7c15ULL)); }

  std::uint64_t hash() const { return hash_; }

 private:
  struct Raw {};
  StreamKey(std::uint64_t hash, Raw) : hash_(hash) {}
  /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection that spreads every input bit.
  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  static Engine make(std::uint64_t h) {
    return Engine(pcg_extras::pcg128_t(mix(h ^ 0xd1b54a32d192ed03ULL)) << 64 | h);
  }
  std::uint64_t hash_;
};

/// A uniform draw in [0, 1) with 53 random bits.
inline double uniform01(Engine& engine) {
  return static_cast<double>(engine() >> 11) * 0x1.0p-53;
}

/// A uniform integer in [0, n), n ≥ 1, without bias (Lemire 2019, multiply-shift with rejection).
inline std::uint64_t uniform_below(Engine& engine, std::uint64_t n) {
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(engine()) * n;
  if (static_cast<std::uint64_t>(product) < n) {
    const std::uint64_t threshold = (0 - n) % n;
    while (static_cast<std::uint64_t>(product) < threshold) product = static_cast<Wide>(engine()) * n;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

}  // namespace headroom
