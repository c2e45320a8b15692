#pragma once

#include <string>
#include <vector>

/// Which images are being converted, for whoever has to say afterwards what a process died of.
namespace headroom::processing::calibrate {

/// Memory that a process shares with those that it forks, in which each of their threads notes the image that
/// libvips is at work on. It outlives them. One at a time; without it nothing is noted.
class InHand {
 public:
  /// Throws std::bad_alloc if there is no memory to share.
  InHand();
  ~InHand();
  InHand(const InHand&) = delete;
  InHand& operator=(const InHand&) = delete;

  /// The names noted and not taken back, each once: of a process that died, what it was converting. Names
  /// longer than 4000 bytes are cut.
  std::vector<std::string> names() const;
  void clear();
};

/// Notes an image's name for as long as this lives.
class Holding {
 public:
  explicit Holding(const std::string& name);
  ~Holding();
  Holding(const Holding&) = delete;
  Holding& operator=(const Holding&) = delete;

 private:
  char* note_ = nullptr;
};

}  // namespace headroom::processing::calibrate
