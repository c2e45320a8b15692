#include "sim/report/table.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>

#include "sim/report/answer.h"
#include "sim/report/paint.h"
#include "sim/report/progress.h"
#include "sim/report/verdicts.h"
#include "tests/report/sample.h"

namespace headroom::report {
namespace {

TEST_CASE("the table answers the question first, with numbers and objectives") {
  const std::string text = table(sample_run(), "results/rack-down", false);
  CAPTURE(text);
  CHECK_THAT(text, Catch::Contains("rack-down") && Catch::Contains("Does one region hold"));
  CHECK_THAT(text, Catch::Contains("no: yield 99.") && Catch::Contains("misses ≥ 99.9 %"));
  CHECK_THAT(text,
             Catch::Contains("processing: 20 of 40 workers, 99.5 % busy in the worst minute (from 40 s on)"));
  CHECK_THAT(text, Catch::Contains("busiest link") && Catch::Contains("nic host/lb-1, 21 % busy"));
  CHECK_THAT(text, Catch::Contains("2 of 2 hold") && !Catch::Contains("not settled"));
  CHECK_THAT(text, Catch::Contains("rejected 0.") && Catch::Contains("results/rack-down"));
  CHECK_THAT(text, Catch::Contains("95 % intervals from the batches of 3 replications, pooled"));
  CHECK_THAT(text, !Catch::Contains("\x1b"));
  CHECK(std::count(text.begin(), text.end(), '\n') < 25);
  CHECK_THAT(table(sample_run(), "", true), Catch::Contains("\x1b[1;31mno: "));
}

TEST_CASE("whether yield came back is told, if it can be told") {
  Run run = sample_run();
  const auto set = [&](const std::string& name, const std::vector<std::optional<double>>& values) {
    std::erase_if(run.result.metrics, [&](const auto& metric) { return metric.name == name; });
    double sum = 0, count = 0;
    for (const auto& value : values)
      if (value) sum += *value, ++count;
    run.result.metrics.push_back(
        {name, count > 0 ? std::optional(sum / count) : std::nullopt, std::nullopt, values, std::nullopt});
  };
  const auto none = std::nullopt;
  set("heal_watched_s", {200.0, 200.0, 200.0});
  set("heal_starting", {0.0, 0.0, 0.0});
  set("heal_s", {3.0, 3.0, 3.0});
  CHECK(healed(run) == "yes: yield was back 3 s after the last fault");
  set("heal_s", {none, none, none});
  CHECK(healed(run) == "no: yield was not back within 3 min 20 s after the last fault");
  // Hosts that boot still: nobody knows.
  set("heal_starting", {2.0, 2.0, 2.0});
  CHECK(
      healed(run) ==
      "cannot be told: some of what had failed was still booting when the window ended, 3 min 20 s after the "
      "last fault");
  set("heal_starting", {2.0, 0.0, 0.0});
  CHECK_THAT(healed(run),
             Catch::StartsWith("no: yield was not back within 3 min 20 s after the last fault (in 1 of "
                               "3 replications some of what"));
  // Back in spite of it.
  set("heal_s", {3.0, 3.0, 3.0});
  CHECK(healed(run) == "yes: yield was back 3 s after the last fault");
  set("heal_s", {none, 3.0, 3.0});
  CHECK(healed(run) ==
        "in 2 of 3 replications, where yield was back 3 s after the last fault; else it cannot be told: some "
        "of "
        "what had failed was still booting when the window ended");
  set("heal_starting", {0.0, 0.0, 0.0});
  CHECK_THAT(healed(run), Catch::EndsWith("else not within 3 min 20 s after the last fault"));
  set("heal_watched_s", {none, none, none});
  CHECK_THAT(healed(run), Catch::StartsWith("cannot be told: the window has too little time"));
}

TEST_CASE("nothing from outside can steer the terminal, or pass for colour") {
  Run run = sample_run();
  run.question = "Does\x1b[2J it\xc2\x9b hold?\nYes.";
  run.result.invariants[0].holds = false;
  run.result.invariants[0].detail =
      "\xff"
      "1;31mred\x1b[0m";
  for (const bool colours : {false, true}) {
    const std::string text = table(run, "out\x1b[2J", colours);
    CHECK_THAT(text, Catch::Contains("Does\\x1b[2J it\\x9b hold? Yes.") && Catch::Contains("out\\x1b[2J") &&
                         Catch::Contains("\\xff1;31mred\\x1b[0m") && !Catch::Contains("\x1b[2J"));
  }
}

TEST_CASE("columns are aligned") {
  const std::string text = table(sample_run(), "", false);
  std::size_t spread = 0;
  int found = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    const std::string line = text.substr(begin, end - begin);
    const std::size_t at = line.find("±");
    if (at != std::string::npos) {
      if (found++ == 0) spread = columns(line.substr(0, at));
      CHECK(columns(line.substr(0, at)) == spread);
    }
    begin = end + 1;
  }
  CHECK(found > 5);
}

TEST_CASE("yes, no, too close, and nothing to say") {
  Run run = sample_run();
  run.slo = metrics::evaluate({{"yield", 0.5, metrics::Better::higher}}, run.result);
  CHECK(answer(run).kind == Answer::Kind::yes);
  CHECK_THAT(answer(run).text, Catch::StartsWith("yes: yield ") && Catch::Contains("objective ≥ 50 %"));

  run.slo =
      metrics::evaluate({{"yield", *run.result.find("yield")->mean, metrics::Better::higher}}, run.result);
  CHECK_THAT(answer(run).text,
             Catch::StartsWith("cannot be told: ") && Catch::Contains("too close to be sure"));
  CHECK(answer(run).kind == Answer::Kind::open);

  // One that is surely missed is enough, whatever cannot be told of the others.
  run.slo = metrics::evaluate({{"yield", *run.result.find("yield")->mean, metrics::Better::higher},
                               {"latency.p50_ms", 0.1, metrics::Better::lower}},
                              run.result);
  CHECK(answer(run).kind == Answer::Kind::no);
  CHECK_THAT(answer(run).text, Catch::StartsWith("no: "));

  run.slo = metrics::evaluate({{"uptime", 0.5, metrics::Better::higher}}, run.result);
  CHECK(answer(run).kind == Answer::Kind::open);

  run.slo = metrics::evaluate(
      {{"yield", 0.5, metrics::Better::higher}, {"uptime", 0.5, metrics::Better::higher}}, run.result);
  CHECK(answer(run).kind == Answer::Kind::open);
  CHECK_THAT(answer(run).text, Catch::Contains("uptime was not observed"));

  run.slo.clear();
  CHECK(answer(run).kind == Answer::Kind::open);
}

TEST_CASE("a run that has not settled meets nothing for sure, and says why") {
  Run run = sample_run();
  run.settled =
      metrics::Settled{false, "api is full, and what waits for it grows: this load is not sustained"};
  run.slo = metrics::evaluate({{"yield", 0.5, metrics::Better::higher}}, run.result, true);
  CHECK(run.slo.front().met);
  CHECK_FALSE(run.slo.front().sure);
  CHECK(answer(run).kind == Answer::Kind::open);
  CHECK_THAT(answer(run).text, Catch::StartsWith("cannot be told: api is full"));
  CHECK_THAT(table(run, "", false), Catch::Contains("not settled  api is full"));
  CHECK(doubt(run, run.slo.front()) == run.settled->why);
  // What is missed in it by more than chance is missed.
  run.slo = metrics::evaluate({{"yield", 0.9999, metrics::Better::higher}}, run.result, true);
  CHECK(answer(run).kind == Answer::Kind::no);
}

TEST_CASE("what limits, in words") {
  CHECK(limit_text({"api", 0.99997, "2 of 3", 10}) == "api: 2 of 3 servers, 100 % busy");
  CHECK(limit_text({"processing", 0.78, "40 of 40", 34}) == "processing, 78 % busy");
  CHECK(limit_text({"auth", 1, "0 of 2", 10}) == "auth: 0 of 2 hosts alive");
  CHECK(limit_text({"queue.capacity", 0.934, "1 of 1", 0}) == "queue.capacity, 93.4 % full");
  CHECK(limit_text({"disk host/queue-1", 0.5, "1 of 1", 0}) == "disk host/queue-1, 50 % busy");
}

TEST_CASE("what must not be overlooked is said loudly") {
  Run run = sample_run();
  run.partial = true;
  run.result.invariants[0].holds = false;
  run.result.invariants[0].detail = "job 7\x1b[2J is gone";
  const std::string text = table(run, "", false);
  CHECK_THAT(text, Catch::Contains("VIOLATED") && Catch::Contains("job 7\\x1b[2J is gone") &&
                       Catch::Contains("PARTIAL"));
  CHECK_THAT(text, !Catch::Contains("\x1b"));
}

TEST_CASE("the progress line says how far, how fast and how long") {
  CHECK(progress_line("baseline", 0.25, 120, 6) ==
        "baseline  [######------------------]  25 %  5 x real time  0:18 left");
  CHECK(progress_line("x", 0, 100, 0) == "x  [------------------------]   0 %");
  CHECK_THAT(progress_line("x", 0.5, 1e6, 7200), Catch::EndsWith("2:00:00 left"));
  CHECK_THAT(progress_line("x", 7, 10, 1), Catch::Contains("100 %"));
  CHECK(plain_progress_line("baseline", 0.25, 120, 6) ==
        "headroom: baseline: 25 % done  5 x real time  0:18 left");
}

/// What is written to stderr meanwhile, which is no terminal then.
template <class F>
std::string on_stderr(F act) {
  std::fflush(stderr);
  std::FILE* file = std::tmpfile();
  const int kept = dup(STDERR_FILENO);
  dup2(fileno(file), STDERR_FILENO);
  act();
  std::fflush(stderr);
  dup2(kept, STDERR_FILENO);
  close(kept);
  std::rewind(file);
  std::string text;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}

TEST_CASE("progress is a plain line now and then where there is no terminal") {
  const auto shown = [](bool wanted, double every_s) {
    return on_stderr([&] {
      Progress progress("x", 0, wanted, every_s);
      progress.show(.25);
      progress.show(.5);
    });
  };
  const std::string lines = shown(true, 0);
  CAPTURE(lines);
  CHECK_THAT(lines, Catch::StartsWith("headroom: x: 25 % done") &&
                        Catch::Contains("\nheadroom: x: 50 % done") && Catch::EndsWith("left\n"));
  CHECK_THAT(lines, !Catch::Contains("\r") && !Catch::Contains("\x1b"));
  CHECK(shown(true, 30) == "");  // a short run says nothing
  CHECK(shown(false, 0) == "");
}

}  // namespace
}  // namespace headroom::report
