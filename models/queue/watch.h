#pragma once

#include <cstdint>

#include "models/calls/job.h"
#include "models/queue/command.h"

namespace headroom::queue {

/// Told what becomes visible of jobs, so that somebody who trusts no member can check what is promised. A
/// group is what agrees on one log: all members, or with `availability_first` each one alone.
class JobWatch {
 public:
  virtual ~JobWatch() = default;
  /// `ticket` names what a session sent, the same each time that it sends it.
  virtual void committed(int group, JobId job, std::uint64_t ticket) = 0;
  /// What was sent needs no job of its own: one with the same key will do, or has done.
  virtual void absorbed(int group, std::uint64_t ticket) = 0;
  /// Its session was told that the queue has it.
  virtual void acknowledged(int group, std::uint64_t ticket) = 0;
  /// It leaves for a worker.
  virtual void delivered(int group, JobId job) = 0;
  /// It is passed over, as it is to be dropped.
  virtual void passed_over(int group, JobId job) = 0;
  /// It was done, dropped or given up; or will, with at most one delivery, never be delivered again.
  virtual void ended(int group, JobId job) = 0;
  /// The result of a job leaves its worker, accepted as the first (exactly_once).
  virtual void released(std::uint64_t key) = 0;
};

/// What a session sent, told from all else that was ever sent.
inline std::uint64_t ticket(const Life& session, std::uint64_t serial) {
  std::uint64_t h = serial * 0x9e3779b97f4a7c15ULL + session.number;
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9ULL + session.host.value;
  h = (h ^ (h >> 27)) * 0x94d049bb133111ebULL;
  return h ^ (h >> 31);
}

}  // namespace headroom::queue
