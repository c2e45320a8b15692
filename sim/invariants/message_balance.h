#pragma once

#include <cstdint>
#include <string>

namespace headroom::invariants {

/// Checks that no message vanishes, doubles or is forgotten: what senders sent is what receivers received,
/// what was lost, what was refused, and what is in flight. Each is counted on its own where it happens; what
/// is in flight is looked at one by one at the end, so that a message that vanished without a word, or ended
/// twice, is missing or too many on one side. What is in flight must still have something that will end it;
/// that may take long (a flow over a link without bandwidth stands still, and is not overdue).
struct MessageBalance {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
  std::uint64_t refused = 0;
  std::uint64_t under_way = 0;
  std::uint64_t stranded = 0;  ///< in flight, and nothing will ever end them

  bool holds() const { return stranded == 0 && sent == received + lost + refused + under_way; }
  std::string detail() const {
    if (holds()) return "";
    return std::to_string(sent) + " sent, " + std::to_string(received) + " received, " +
           std::to_string(lost) + " lost, " + std::to_string(refused) + " refused, " +
           std::to_string(under_way) + " under way, " + std::to_string(stranded) + " stranded";
  }
};

}  // namespace headroom::invariants
