#pragma once

#include <functional>
#include <list>
#include <utility>

namespace headroom::world {

/// Something that was altered, and is as before once this is destroyed; empty: nothing was. What was altered
/// must live until then.
class [[nodiscard]] Alteration {
 public:
  Alteration() = default;
  explicit Alteration(std::function<void()> undo) : undo_(std::move(undo)) {}
  Alteration(Alteration&& other) noexcept : undo_(std::exchange(other.undo_, nullptr)) {}
  Alteration& operator=(Alteration&& other) noexcept {
    std::swap(undo_, other.undo_);
    return *this;
  }
  ~Alteration() {
    if (undo_) undo_();
  }

 private:
  std::function<void()> undo_;
};

/// The ways in which each T that comes by is altered at the moment. They are applied in the order in which
/// they came, and each goes when its Alteration does.
template <class T>
class Alterable {
 public:
  using Alter = std::function<void(T&)>;
  Alterable() = default;
  Alterable(const Alterable&) = delete;
  Alterable& operator=(const Alterable&) = delete;

  Alteration add(Alter alter) {
    const auto place = all_.insert(all_.end(), std::move(alter));
    return Alteration([this, place] { all_.erase(place); });
  }
  bool empty() const { return all_.empty(); }
  void apply(T& to) const {
    for (const Alter& alter : all_) alter(to);
  }

 private:
  std::list<Alter> all_;
};

}  // namespace headroom::world
