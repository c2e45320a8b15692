#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/report/temporary_folder.h"

namespace headroom::cli_test {

/// A real Slurm of one node with four cores: its daemons run as this user, in a folder of their own, on free
/// ports, with a key of their own, and end with this object. Debian's slurmctld, slurmd, slurm-client, munge.
class Slurm {
 public:
  Slurm();
  Slurm(const Slurm&) = delete;
  Slurm& operator=(const Slurm&) = delete;
  ~Slurm();

  /// Why there is none; empty if it works.
  const std::string& absent() const { return absent_; }
  /// What its commands need to find it: "SLURM_CONF=…".
  std::string environment() const;
  /// What a command prints, without the line break at the end: {"squeue", "--noheader"}.
  std::string ask(const std::vector<std::string>& words) const;

 private:
  void start();
  void launch(const std::vector<std::string>& words, const std::string& log);

  report::TemporaryFolder folder_;
  std::string absent_;
  std::vector<pid_t> daemons_;
};

}  // namespace headroom::cli_test
