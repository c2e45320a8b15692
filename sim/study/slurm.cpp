#include "sim/study/slurm.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <map>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "sim/base/command.h"
#include "sim/base/interrupt.h"
#include "sim/config/diagnostics.h"
#include "sim/config/units.h"
#include "sim/study/work.h"

namespace headroom::study {
namespace {

namespace fs = std::filesystem;
using report::Problem;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

/// How long a file that a task wrote may need to be seen here after the task has left the queue.
constexpr Seconds kFilesArrive{5};
/// After how long with nothing running a person wants to know why.
constexpr Seconds kPatience{15};
/// How long a cancelled array may need to end: its processes are given KillWait (30 s) by default.
constexpr Seconds kCancelled{90};
/// A controller that is busy, or restarted, is asked again.
constexpr int kCommandSeconds = 100;
constexpr std::size_t kLogLines = 15;
constexpr std::size_t kLogsShown = 3;
constexpr std::size_t kFailuresShown = 10;

constexpr const char* kFolder = "slurm.d";
constexpr const char* kJobs = "jobs";

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
  return lines;
}

std::string in_shell_quotes(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

/// "1-3,7" of ascending numbers.
std::string ranges(const std::vector<int>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(numbers[i]);
    if (last > i) text += "-" + std::to_string(numbers[last]);
    i = last + 1;
  }
  return text;
}

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

/// Why a command gave no answer. Slurm's own words, if it said any.
Problem problem_of(const std::string& program, const CommandEnd& end) {
  if (end.how == CommandEnd::How::absent)
    return {program +
            " was not found: `--executor slurm` needs Slurm's commands in PATH (any other scheduler can run "
            "`--shard I/N` and then `headroom merge`)"};
  if (end.how == CommandEnd::How::not_started) return {"cannot start " + program + ": no process"};
  if (end.how == CommandEnd::How::late)
    return {program + " did not answer within " + std::to_string(kCommandSeconds) + " s"};
  const std::string words = trimmed(end.errors + end.output);
  return {program + " failed" + (words.empty() ? "" : ":\n" + words)};
}

/// The value behind "NAME=" or "NAME   = " in what scontrol prints.
std::string field(const std::string& text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    if (at > 0 && text[at - 1] != ' ' && text[at - 1] != '\n') continue;
    std::size_t begin = text.find_first_not_of(' ', at + name.size());
    if (begin == std::string::npos || text[begin] != '=') continue;
    begin = text.find_first_not_of(' ', begin + 1);
    if (begin == std::string::npos) return "";
    return text.substr(begin, std::min(text.find_first_of(" \n", begin), text.size()) - begin);
  }
  return "";
}

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    names.insert(it->path().filename().string());
  return names;
}

/// States in which a task does nothing any more, and will not.
bool over(const std::string& state) {
  static const std::set<std::string, std::less<>> states = {
      "BOOT_FAIL", "CANCELLED",     "COMPLETED", "DEADLINE", "FAILED",
      "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED",  "TIMEOUT"};
  return states.contains(state);
}

class Arrays {
 public:
  Arrays(const SlurmOptions& options, const std::vector<Wanted>& replications, KeptReplications& kept,
         const std::function<void(double)>& progress)
      : options_(options), replications_(replications), kept_(kept), progress_(progress) {}

  Executed run() {
    const DeferInterrupts defer;
    for (const Wanted& one : replications_) {
      if (one.kept) continue;
      wanted_.push_back(&one);
      keys_.insert(one.key);
    }
    if (wanted_.empty()) return std::move(executed_);
    executed_.problem = prepare();
    if (!executed_.problem && interruptions() == 0) executed_.problem = submit(open_parts());
    executed_.refused = executed_.problem.has_value();
    while (!executed_.problem && !open_parts().empty() && interruptions() == 0 && !cancelled_by_others_) {
      rest();
      look();
    }
    executed_.interrupted = interruptions() > 0 || cancelled_by_others_;
    if (executed_.interrupted) {
      executed_.problem.reset();  // a question that was cut short
      cancel();
    }
    if (failures_ > kFailuresShown)
      executed_.failures.push_back("and " + counted(failures_ - kFailuresShown, "more task") +
                                   " failed; their logs are in " + folder_.string());
    take_back();
    return std::move(executed_);
  }

 private:
  struct Task {
    std::vector<std::string> keys;          ///< of its replications
    std::string job;                        ///< the array that it is, or was, in
    int sent = 0;                           ///< how often
    bool open = true;                       ///< it is not known yet what became of it
    std::optional<int> status;              ///< from its file
    std::string state;                      ///< in the queue; empty: it is not in it
    std::string reason;                     ///< for the state
    std::optional<Clock::time_point> gone;  ///< since when it has been over
  };

  // --- what is sent ---

  std::optional<Problem> prepare() {
    if (const CommandEnd end = ask({"sbatch", "--version"}); !end.good()) return problem_of("sbatch", end);
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    if (error) return Problem{"cannot tell which program this is: " + error.message()};
    folder_ = fs::absolute(kept_.folder()) / kFolder;
    if (auto problem = nobody_is_at_work()) return problem;
    const auto most = most_tasks();
    if (const auto* problem = std::get_if<Problem>(&most)) return *problem;
    int parts = static_cast<int>(std::min<std::size_t>(wanted_.size(), kMostParts));
    if (options_.tasks > 0) parts = std::min(parts, options_.tasks);
    of_ = std::min(parts, std::get<int>(most));
    for (std::size_t n = 0; n < wanted_.size(); ++n)
      tasks_[static_cast<int>(n % static_cast<std::size_t>(of_)) + 1].keys.push_back(wanted_[n]->key);
    fs::remove_all(folder_, error);  // what an earlier one left
    ours_ = true;
    fs::create_directory(folder_, error);
    if (error) return Problem{"cannot make folder " + folder_.string() + ": " + error.message()};
    const auto work = put_work(folder_, wanted_);
    if (const auto* problem = std::get_if<Problem>(&work)) return *problem;
    return write_script(program, std::get<fs::path>(work));
  }

  std::optional<Problem> write_script(const fs::path& program, const fs::path& work) {
    std::string text =
        "#!/bin/sh\n"
        "# A task of a job array: one part of what `headroom --executor slurm` was asked for.\n" +
        in_shell_quotes(program.string()) + " part " + in_shell_quotes(work.string()) +
        " --shard \"$SLURM_ARRAY_TASK_ID/" + std::to_string(of_) + "\" --out " +
        in_shell_quotes(fs::absolute(options_.target).string()) +
        " --jobs \"${SLURM_CPUS_ON_NODE:-1}\"\n"
        "status=$?\n"
        "echo \"$status\" > " +
        in_shell_quotes((folder_ / "exit.").string()) +
        "\"${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\"\n"
        "exit \"$status\"\n";
    return report::write_file(script(), text);
  }
  fs::path script() const { return folder_ / "part.sh"; }
  fs::path exit_file(int part) const {
    return folder_ / ("exit." + tasks_.at(part).job + "_" + std::to_string(part));
  }
  fs::path log(int part) const {
    return folder_ / (tasks_.at(part).job + "_" + std::to_string(part) + ".log");
  }

  /// The highest index that an array may have.
  std::variant<int, Problem> most_tasks() const {
    const CommandEnd end = ask({"scontrol", "show", "config"});
    if (!end.good()) return problem_of("scontrol", end);
    const auto size = config::parse_integer(field(end.output, "MaxArraySize"));
    if (!size || *size < 2) return Problem{"this Slurm runs no job arrays (its MaxArraySize is below 2)"};
    return static_cast<int>(std::min<std::int64_t>(*size - 1, kMostParts));
  }

  /// An array of a sweep that was killed may still wait, or run where no lock tells.
  std::optional<Problem> nobody_is_at_work() {
    const auto text = report::read_file(folder_ / kJobs);
    if (std::holds_alternative<Problem>(text)) return std::nullopt;
    for (const std::string& job : lines_of(std::get<std::string>(text))) {
      const CommandEnd end = ask({"squeue", "--noheader", "--jobs=" + job});
      if (end.how == CommandEnd::How::absent) return problem_of("squeue", end);
      if (end.good() && !trimmed(end.output).empty())
        return Problem{"Slurm job " + job + ", which was sent earlier, is still at work on " +
                       options_.target.string() + ": wait for it, or end it with `scancel " + job + "`"};
    }
    return std::nullopt;
  }

  /// Sends these tasks as one array.
  std::optional<Problem> submit(const std::vector<int>& parts) {
    if (!kept_.use(KeptReplications::Use::part))
      return Problem{"another sweep is at work on " + options_.target.string()};
    std::string logs = (folder_ / "").string();
    for (std::size_t at = 0; (at = logs.find('%', at)) != std::string::npos; at += 2) logs.insert(at, "%");
    Command command;
    command.words = {"sbatch", "--job-name=headroom"};
    command.words.insert(command.words.end(), options_.sbatch.begin(), options_.sbatch.end());
    for (const std::string& word :
         {std::string("--parsable"), "--array=" + ranges(parts), "--output=" + logs + "%A_%a.log",
          std::string("--open-mode=append"), script().string()})
      command.words.push_back(word);
    command.seconds = kCommandSeconds;
    command.undisturbed = true;  // what it has sent must be known
    const CommandEnd end = run_command(command);
    if (!end.good()) return problem_of("sbatch", end);
    // "JOB" or "JOB;CLUSTER"
    const std::string answer = trimmed(end.output);
    const std::size_t semicolon = answer.find(';');
    const std::string job = answer.substr(0, semicolon);
    if (job.empty() || job.find_first_not_of("0123456789") != std::string::npos)
      return Problem{"sbatch did not say a job's number but " + config::quote(answer)};
    if (semicolon != std::string::npos) cluster_ = answer.substr(semicolon + 1);
    jobs_ += job + "\n";
    for (const int part : parts) {
      Task& task = tasks_.at(part);
      task.job = job;
      ++task.sent;
      task.status.reset();
      task.state = "PENDING";
      task.gone.reset();
    }
    sent_ = Clock::now();
    say("Slurm job " + job + ": an array of " + counted(parts.size(), "task"));
    return report::write_file(folder_ / kJobs, jobs_);
  }

  // --- what becomes of it ---

  std::vector<int> open_parts() const {
    std::vector<int> parts;
    for (const auto& [part, task] : tasks_)
      if (task.open) parts.push_back(part);
    return parts;
  }

  /// Not so often that Slurm or the file system feels it, and not so rarely that it costs a tenth.
  void rest() const {
    const double so_far = Seconds(Clock::now() - begin_).count();
    const Seconds pause(std::clamp(so_far / 10, 0.3, 10.0));
    const auto until = Clock::now() + pause;
    while (Clock::now() < until && interruptions() == 0) usleep(50'000);
  }

  void look() {
    look_at_folder();
    // Those that are through need no queue to say so.
    for (const int part : open_parts())
      if (tasks_.at(part).status == 0 && complete(tasks_.at(part))) tasks_.at(part).open = false;
    if (open_parts().empty() || !look_at_queue()) return;
    std::vector<int> again;
    std::vector<int> cancelled;
    for (const int part : open_parts()) {
      Task& task = tasks_.at(part);
      if (!task.state.empty() && !over(task.state)) continue;
      if (!task.gone) task.gone = Clock::now();
      // No word from it, or not all of its results: they may be on their way.
      const bool word_may_come =
          task.status ? *task.status == 0
                      : task.state.empty() || task.state == "COMPLETED" || task.state == "FAILED";
      if (word_may_come && !complete(task) && Clock::now() - *task.gone < kFilesArrive) continue;
      if (complete(task))
        task.open = false;
      else if (task.state == "CANCELLED")
        cancelled.push_back(part);
      else
        (task.sent < 2 ? again : given_up_).push_back(part);
    }
    judge_cancelled(cancelled, again);
    if (!again.empty()) send_again(again);
    give_up();
    say_what_it_waits_for();
  }

  /// A person who cancels an array does not want it again; one who cancels a task of it, or Slurm itself,
  /// may.
  void judge_cancelled(const std::vector<int>& cancelled, std::vector<int>& again) {
    if (cancelled.empty()) return;
    bool running = false;
    bool ending = false;
    for (const int part : open_parts()) {
      const std::string& state = tasks_.at(part).state;
      ending = ending || state == "COMPLETING";
      running = running || (!state.empty() && state != "COMPLETING" && !over(state));
    }
    if (!running && ending) return;  // the rest of the array may be going the same way
    if (!running && again.empty()) {
      cancelled_by_others_ = true;
      say("Slurm job " + tasks_.at(cancelled.front()).job + " was cancelled");
      return;
    }
    for (const int part : cancelled) (tasks_.at(part).sent < 2 ? again : given_up_).push_back(part);
    std::sort(again.begin(), again.end());
  }

  void send_again(const std::vector<int>& parts) {
    for (std::size_t i = 0; i < std::min(parts.size(), kLogsShown); ++i)
      say("task " + name_in_queue(parts[i]) + " " + how_it_ended(parts[i]) + "; it is sent again");
    if (parts.size() > kLogsShown) say("so are " + counted(parts.size() - kLogsShown, "more task"));
    if (const auto problem = submit(parts)) {
      say("it could not be sent again: " + problem->message);
      given_up_.insert(given_up_.end(), parts.begin(), parts.end());
    }
  }

  bool complete(const Task& task) const {
    return std::all_of(task.keys.begin(), task.keys.end(), [&](const auto& key) { return kept_.has(key); });
  }

  /// Exit codes of tasks, and how many replications have come.
  void look_at_folder() {
    std::size_t come = 0;
    for (const std::string& name : names_in(kept_.folder())) come += keys_.contains(name) ? 1 : 0;
    const std::set<std::string> exits = names_in(folder_);
    for (const int part : open_parts()) {
      const fs::path file = exit_file(part);
      if (!exits.contains(file.filename().string())) continue;
      const auto text = report::read_file(file);
      const auto* number = std::get_if<std::string>(&text);
      // It may be empty for a moment.
      if (const auto status = number != nullptr ? config::parse_integer(trimmed(*number)) : std::nullopt)
        tasks_.at(part).status = static_cast<int>(*status);
    }
    if (progress_) progress_(static_cast<double>(come) / static_cast<double>(wanted_.size()));
  }

  /// States of all that is open; false if Slurm does not answer just now.
  bool look_at_queue() {
    std::map<std::string, std::vector<int>> jobs;
    for (const int part : open_parts()) jobs[tasks_.at(part).job].push_back(part);
    for (const auto& [job, parts] : jobs) {
      const CommandEnd end =
          ask({"squeue", "--noheader", "--array", "--states=all", "--jobs=" + job, "--format=%K|%T|%r"});
      // It forgets jobs some minutes after their end (MinJobAge).
      const bool forgotten = !end.good() && end.errors.find("Invalid job id") != std::string::npos;
      if (!end.good() && !forgotten) {
        if (interruptions() == 0 && !said_silent_)
          say(problem_of("squeue", end).message + "\nit is asked again");
        said_silent_ = true;
        return false;
      }
      said_silent_ = false;
      for (const int part : parts) tasks_.at(part).state.clear();
      for (const std::string& line : lines_of(end.output)) {
        const std::size_t first = line.find('|');
        const std::size_t second = line.find('|', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        const auto part = config::parse_integer(trimmed(line.substr(0, first)));
        const auto task = part ? tasks_.find(static_cast<int>(*part)) : tasks_.end();
        if (task == tasks_.end() || task->second.job != job) continue;
        task->second.state = line.substr(first + 1, second - first - 1);
        task->second.reason = trimmed(line.substr(second + 1));
      }
    }
    return true;
  }

  /// "17_3"
  std::string name_in_queue(int part) const { return tasks_.at(part).job + "_" + std::to_string(part); }

  /// "was killed by signal 9 (Killed)", "ended as TIMEOUT (TimeLimit)"
  std::string how_it_ended(int part) const {
    const Task& task = tasks_.at(part);
    constexpr int kShellSignal = 128;
    if (task.status && *task.status > kShellSignal)
      return "was killed by signal " + std::to_string(*task.status - kShellSignal) + " (" +
             strsignal(*task.status - kShellSignal) + ")";
    if (task.status && *task.status != 0) return "ended with status " + std::to_string(*task.status);
    if (task.status)
      return "ended well, but its results are not there: does every node run this very program, and see " +
             folder_.string() + "?";
    std::string state = task.state;
    std::string why = task.reason == "None" ? "" : task.reason;
    std::string code;
    if (!state.empty()) {
      code = field(ask({"scontrol", "--oneliner", "show", "job", name_in_queue(part)}).output, "ExitCode");
    } else {
      // Only accounting remembers it.
      const CommandEnd end = ask({"sacct", "--noheader", "--parsable2", "--allocations",
                                  "--format=State,ExitCode", "--jobs=" + name_in_queue(part)});
      const std::string line = end.good() ? trimmed(end.output) : "";
      const std::size_t bar = line.find('|');
      state = line.substr(0, bar);
      if (bar != std::string::npos) code = line.substr(bar + 1);
    }
    if (state.empty()) return "left the queue without a word";
    if (!code.empty() && code != "0:0") why += (why.empty() ? "" : ", ") + std::string("exit code ") + code;
    return "ended as " + state + (why.empty() ? "" : " (" + why + ")");
  }

  /// What has failed twice becomes a failure, the first ones with their logs.
  void give_up() {
    for (const int part : given_up_) {
      Task& task = tasks_.at(part);
      task.open = false;
      leave();
      if (++failures_ > kFailuresShown) continue;
      std::string text = "task " + name_in_queue(part) + " (part " + Shard{part, of_}.name() + ") " +
                         how_it_ended(part) + (task.sent > 1 ? ", sent for the second time" : "");
      if (failures_ <= kLogsShown) text += end_of_log(part);
      executed_.failures.push_back(std::move(text));
    }
    given_up_.clear();
  }

  std::string end_of_log(int part) const {
    const auto text = report::read_file(log(part));
    if (const auto* problem = std::get_if<Problem>(&text)) return "; it has no log: " + problem->message;
    const std::vector<std::string> lines = lines_of(std::get<std::string>(text));
    if (lines.empty()) return "; its log " + log(part).string() + " is empty";
    std::string shown = "; its log " + log(part).string() + " ends:";
    for (std::size_t i = lines.size() > kLogLines ? lines.size() - kLogLines : 0; i < lines.size(); ++i)
      shown += "\n  " + lines[i];
    return shown;
  }

  void say_what_it_waits_for() {
    std::string reason;
    for (const int part : open_parts()) {
      const Task& task = tasks_.at(part);
      if (task.state != "PENDING") return;
      reason = task.reason;
    }
    if (reason.empty() || reason == "None" || reason == said_reason_ || Clock::now() - sent_ < kPatience)
      return;
    said_reason_ = reason;
    say("nothing runs yet; Slurm's reason: " + reason);
  }

  // --- how it ends ---

  /// Leaves no job behind, or says which.
  void cancel() {
    std::set<std::string> jobs;
    for (const int part : open_parts())
      if (tasks_.at(part).sent > 0) jobs.insert(tasks_.at(part).job);
    if (jobs.empty()) return;
    Command command;
    command.words = {"scancel"};
    add_cluster(command.words);
    command.words.insert(command.words.end(), jobs.begin(), jobs.end());
    command.seconds = kCommandSeconds;
    command.undisturbed = true;
    const CommandEnd end = run_command(command);
    const int signals = interruptions();
    const auto deadline = Clock::now() + kCancelled;
    std::string left = "x";
    while (!left.empty() && Clock::now() < deadline && interruptions() == signals) {
      left.clear();
      for (const std::string& job : jobs) {
        Command look;
        look.words = {"squeue", "--noheader", "--jobs=" + job};
        add_cluster(look.words);
        look.seconds = kCommandSeconds;
        const CommandEnd there = run_command(look);
        const bool forgotten = there.errors.find("Invalid job id") != std::string::npos;
        if (!forgotten && (!there.good() || !trimmed(there.output).empty()))
          left += (left.empty() ? "" : " ") + job;
      }
      if (!left.empty()) usleep(200'000);
    }
    if (left.empty()) return;
    if (!end.good()) say(problem_of("scancel", end).message);
    say("jobs may still be in the queue: `scancel " + left + "` ends them");
    leave();
  }

  /// The tasks are over: the result is this process's alone again.
  void take_back() {
    constexpr int kTries = 40;
    for (int tries = 0; !kept_.use(KeptReplications::Use::whole); ++tries) {
      if (tries == kTries) {
        executed_.problem = Problem{"another sweep is at work on " + options_.target.string() +
                                    "; the same command completes the result when it has ended"};
        return;
      }
      usleep(50'000);
    }
    if (!ours_) return;
    executed_.effort = effort_of_parts(folder_);
    std::error_code ignored;
    if (!left_) fs::remove_all(folder_, ignored);
  }

  /// There is something in the folder that is needed yet: logs, or the numbers of jobs that may run.
  void leave() {
    left_ = true;
    kept_.leave();
  }

  void add_cluster(std::vector<std::string>& words) const {
    if (!cluster_.empty()) words.push_back("--clusters=" + cluster_);
  }

  /// A question to Slurm. A signal ends it: there is something else to do then.
  CommandEnd ask(std::vector<std::string> words) const {
    Command command;
    if (!cluster_.empty()) words.insert(words.begin() + 1, "--clusters=" + cluster_);
    command.words = std::move(words);
    command.seconds = kCommandSeconds;
    return run_command(command);
  }

  void say(const std::string& text) const {
    if (options_.say) options_.say(text);
  }

  const SlurmOptions& options_;
  const std::vector<Wanted>& replications_;
  KeptReplications& kept_;
  const std::function<void(double)>& progress_;
  std::vector<const Wanted*> wanted_;  ///< that are to be computed
  std::set<std::string> keys_;         ///< of those
  fs::path folder_;                    ///< of what the tasks read and say
  int of_ = 1;
  std::map<int, Task> tasks_;  ///< by part
  std::vector<int> given_up_;
  std::size_t failures_ = 0;
  std::string jobs_;     ///< all that were sent, a line each
  std::string cluster_;  ///< where they are, if sbatch says
  std::string said_reason_;
  bool said_silent_ = false;
  bool cancelled_by_others_ = false;
  bool ours_ = false;  ///< what is in the folder
  bool left_ = false;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point sent_ = begin_;
  Executed executed_;
};

}  // namespace

std::optional<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> words;
  std::optional<std::string> word;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      if (word) words.push_back(std::move(*word));
      word.reset();
      continue;
    }
    if (!word) word.emplace();
    if (c == '\\' && quote != '\'' && i + 1 < line.size())
      *word += line[++i];
    else if (c == quote)
      quote = 0;
    else if (quote == 0 && (c == '"' || c == '\''))
      quote = c;
    else
      *word += c;
  }
  if (quote != 0) return std::nullopt;
  if (word) words.push_back(std::move(*word));
  return words;
}

std::optional<Problem> wrong_sbatch_options(const std::vector<std::string>& words) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kOurs = {{{"--array", "-a"},
                                                                                   {"--output", "-o"},
                                                                                   {"--error", "-e"},
                                                                                   {"--wait", "-W"},
                                                                                   {"--wrap", ""},
                                                                                   {"--test-only", ""},
                                                                                   {"--help", "-h"},
                                                                                   {"--version", "-V"}}};
  for (const std::string& word : words) {
    const std::string_view name = std::string_view(word).substr(0, word.find('='));
    for (const auto& [longer, shorter] : kOurs)
      if (name == longer || (!shorter.empty() && name.starts_with(shorter)))
        return Problem{
            "--slurm: " + std::string(longer) +
            " is said to sbatch by headroom itself, or leaves nothing to run; expected options such "
            "as --partition=long --time=1:00:00"};
  }
  return std::nullopt;
}

Executor on_slurm(SlurmOptions options) {
  return [options = std::move(options)](const std::vector<Wanted>& replications, KeptReplications& kept,
                                        const std::function<void(double)>& progress) {
    return Arrays(options, replications, kept, progress).run();
  };
}

}  // namespace headroom::study
