#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

/// Runs the real executable as a person does.
namespace headroom::cli_test {

/// The root of the repository: where the shipped scenarios are.
std::filesystem::path root();
/// A small scenario, as text: 8 cores, 64 requests/s of 100 ms; `more` is put behind it.
std::string small_scenario(const std::string& more = "run: {warmup: 1s, duration: 20s}\n");
void write_file(const std::filesystem::path& path, const std::string& text);
std::string read_file(const std::filesystem::path& path);
/// Names of all files below a folder, hidden ones too, sorted.
std::vector<std::string> files_in(const std::filesystem::path& folder);

struct Options {
  std::filesystem::path folder;               ///< to run in; default: the current one
  std::vector<std::string> environment = {};  ///< NAME=VALUE, in addition to what there is
  std::string standard_output = {};  ///< a file to write to, such as /dev/full, in place of being read
  std::string program = HEADROOM_EXECUTABLE;
  bool terminal = false;  ///< standard output and error are a terminal; both end up in `out`
};

struct Finished {
  int status = -1;  ///< exit status; −1 if it was killed by a signal
  std::string out, err;
};

/// A run of the program. Killed, with all its children, if it outlives a minute or this object.
class Program {
 public:
  explicit Program(const std::vector<std::string>& arguments, const Options& options = {});
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  pid_t pid() const { return pid_; }
  /// Its living children, in ascending order of process number.
  std::vector<pid_t> children() const;
  Finished wait();

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  int terminal_ = -1;
};

Finished run(const std::vector<std::string>& arguments, const Options& options = {});

/// All files below a result folder, with their bytes, but those that may differ between two runs of one
/// scenario.
std::map<std::string, std::string> bytes_in(const std::filesystem::path& folder);
/// Until it is so, for at most 50 s; whether it is.
bool wait_for(const std::function<bool()>& condition);

}  // namespace headroom::cli_test
