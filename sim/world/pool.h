#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace headroom::world {

/// Free lists by size class for coroutine frames and messages: what lives a few simulated milliseconds and is
/// made a hundred thousand times a second. Memory is bounded by the largest number alive at once. A
/// simulation runs in one thread (one process per replication), so there are no locks. Cells begin at cache
/// lines and lie on large pages, because what is simulated is touched once per event, and not in the caches
/// by then. Under AddressSanitizer the general allocator is used, so that a use after the end is found.
class Pool {
 public:
  static void* allocate(std::size_t size) {
#ifndef __SANITIZE_ADDRESS__
    const std::size_t c = size_class(size);
    if (c < kClasses) {
      if (Cell* cell = free_[c]; cell != nullptr) {
        free_[c] = cell->next;
        return cell;
      }
      return refill(c);
    }
#endif
    return ::operator new(size);
  }
  static void release(void* p, [[maybe_unused]] std::size_t size) {
#ifndef __SANITIZE_ADDRESS__
    const std::size_t c = size_class(size);
    if (c < kClasses) {
      free_[c] = new (p) Cell{free_[c]};
      return;
    }
#endif
    ::operator delete(p);
  }

 private:
  struct Cell {
    Cell* next;
  };
  static constexpr std::size_t kGrain = 64;
  static constexpr std::size_t kClasses = 32;  // up to 2 KiB
  static constexpr std::size_t kCellsPerBlock = 64;
  static std::size_t size_class(std::size_t size) { return (size + kGrain - 1) / kGrain - 1; }
  static void* refill(std::size_t c) {
    const std::size_t size = (c + 1) * kGrain;
    if (left_ < size * kCellsPerBlock) {
      chunk_ = static_cast<std::byte*>(::operator new(kChunk, std::align_val_t{kChunk}));
      left_ = kChunk;                          // kept until the process ends
      madvise(chunk_, kChunk, MADV_HUGEPAGE);  // a wish, and no matter if it is not granted
    }
    std::byte* block = chunk_ + (kChunk - left_);
    left_ -= size * kCellsPerBlock;
    for (std::size_t i = 1; i < kCellsPerBlock; ++i) free_[c] = new (block + i * size) Cell{free_[c]};
    return block;
  }
  static constexpr std::size_t kChunk = std::size_t{2} << 20;  // a large page
  inline static Cell* free_[kClasses] = {};
  inline static std::byte* chunk_ = nullptr;
  inline static std::size_t left_ = 0;  // of chunk_
};

/// Base class that makes `new` and `delete` of a type use the pool.
struct Pooled {
  static void* operator new(std::size_t size) { return Pool::allocate(size); }
  static void operator delete(void* p, std::size_t size) { Pool::release(p, size); }
};

}  // namespace headroom::world
