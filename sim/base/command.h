#pragma once

#include <string>
#include <vector>

namespace headroom {

/// Another program that is to be run, without a shell.
struct Command {
  std::vector<std::string> words;  ///< the program, looked for in PATH, and its arguments
  std::string folder;              ///< to run in; empty: the current one
  int seconds = 60;                ///< it is killed after that
  /// It does something that must be known: signals that come meanwhile (see interrupt.h), also those that a
  /// terminal sends to all that it runs, do not stop it. Otherwise the first one kills it.
  bool undisturbed = false;
};

/// How it ended, and the first 1 MB of what it printed.
struct CommandEnd {
  enum class How {
    exited,
    killed,       ///< by a signal
    absent,       ///< there is no such program in PATH, or it may not be run
    not_started,  ///< no process or no pipe could be had
    late,
    interrupted
  };
  How how = How::not_started;
  int status = 0;  ///< exit status, or the number of the signal
  std::string output;
  std::string errors;
  bool good() const { return how == How::exited && status == 0; }
};

/// Runs a program, with nothing to read, to its end.
CommandEnd run_command(const Command& command);

}  // namespace headroom
