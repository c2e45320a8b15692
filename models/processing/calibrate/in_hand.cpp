#include "models/processing/calibrate/in_hand.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <new>

namespace headroom::processing::calibrate {
namespace {

/// One thread's; more threads than notes share some, which costs nothing but a name.
using Note = std::array<char, 4001>;
constexpr std::size_t kNotes = 256;
using Notes = std::array<Note, kNotes>;

Notes* shared = nullptr;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): of the process

char* note_of_this_thread() {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t number = threads++ % kNotes;
  return shared == nullptr ? nullptr : (*shared)[number].data();
}

}  // namespace

InHand::InHand() {
  void* memory =
      mmap(nullptr, sizeof(Notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  shared = static_cast<Notes*>(memory);  // zeros: nothing is noted
}

InHand::~InHand() {
  munmap(shared, sizeof(Notes));
  shared = nullptr;
}

std::vector<std::string> InHand::names() const {
  std::vector<std::string> names;
  for (const Note& note : *shared)
    if (note[0] != 0 && std::find(names.begin(), names.end(), note.data()) == names.end())
      names.emplace_back(note.data());
  return names;
}

void InHand::clear() {
  for (Note& note : *shared) note[0] = 0;
}

Holding::Holding(const std::string& name) : note_(note_of_this_thread()) {
  if (note_ == nullptr) return;
  const std::size_t length = std::min(name.size(), Note().size() - 1);
  std::memcpy(note_, name.data(), length);
  note_[length] = 0;  // NOLINT(cppcoreguidelines-pro-bounds-pointer-arithmetic)
}

Holding::~Holding() {
  if (note_ != nullptr) *note_ = 0;
}

}  // namespace headroom::processing::calibrate
