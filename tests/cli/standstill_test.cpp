// Nothing stands still or runs away: such a run is refused, or stops and says why.
#include <catch2/catch.hpp>
#include <string>

#include "tests/cli/program.h"
#include "tests/report/temporary_folder.h"

namespace headroom::cli_test {
namespace {

using Catch::Contains;

Finished answer(const std::string& command, const std::string& text) {
  const report::TemporaryFolder folder;
  write_file(folder.path() / "s.yaml", text);
  return run({command, "s.yaml"}, {folder.path()});
}

std::string closed(const std::string& deployment, const std::string& more = "",
                   const std::string& workload = "", const std::string& network = "ideal") {
  return "scenario: s\n"
         "platform: {network: " +
         network +
         ", hosts: {api: {}, worker: {}}}\n"
         "workload: {arrivals: {closed: {users: 2, think_time: 0s}}" +
         workload +
         "}\n"
         "deployment: {" +
         deployment +
         "}\n"
         "run: {duration: 5s}\n" +
         more;
}

void refused(const std::string& text, const std::string& why) {
  INFO(text);
  for (const char* command : {"check", "run"}) {
    const Finished f = answer(command, text);
    CHECK(f.status == 2);
    CHECK(f.err ==
          "s.yaml:3:54: error: " + why +
              ", and the next request would follow at the same instant for ever, expected more than 0s, "
              "or a network with latencies\n");
  }
}

void stops(const std::string& text, const std::string& why) {
  INFO(text);
  CHECK(answer("check", text).status == 0);
  const Finished f = answer("run", text);
  CHECK(f.status == 4);
  CHECK_THAT(f.err, Contains("headroom: error: replication 1 was stopped: time does not advance at ") &&
                        Contains(" s, because " + why));
}

}  // namespace

TEST_CASE("closed users whose requests take no time are refused where that can be told") {
  refused(closed("processing: {hosts: worker, service_time: 10ms, max_waiting: 0}"),
          "2 users find 1 places (processing.slots and max_waiting): who is rejected waits for nothing");
  refused(closed("api: {hosts: api, max_in_flight: 1}, processing: {hosts: worker, service_time: 10ms}"),
          "2 users find 1 places (api.max_in_flight): who is rejected waits for nothing");
  refused(closed("processing: {hosts: worker, service_time: 0s}"), "no request takes any time");
  refused(closed("api: {hosts: api, cpu: 0s}"), "no request takes any time");
}

TEST_CASE("what is no standstill runs") {
  CHECK(answer("run", closed("processing: {hosts: worker, service_time: 10ms, max_waiting: 1}")).status == 0);
  CHECK(answer("run", closed("processing: {hosts: worker, service_time: 10ms, max_waiting: 0}", "", "",
                             "{nic: {latency: 10us}}"))
            .status == 0);
  CHECK(answer("run", closed("processing: {hosts: worker, service_time: 10ms, max_waiting: 0}", "",
                             ", retry: {attempts: 2, backoff: {fixed: 1ms}}"))
            .status == 0);
}

TEST_CASE("a run whose time does not advance stops and says why") {
  const std::string worker = "processing: {hosts: worker, service_time: 10ms}";
  const std::string users = "closed users do not think and their requests end at once";
  SECTION("a quota that is used up") {
    stops(closed("api: {hosts: api, cpu: 0s, quota_per_user: 1/s}, " + worker), users);
  }
  SECTION("a process that is dead") {
    stops(closed(worker, "faults: [{at: 1s, for: 1s, crash: {target: host/worker-1, process: true}}]\n"),
          users);
  }
  SECTION("names that cannot be looked up, over any network") {
    stops(closed("load_balancer: {}, " + worker, "faults: [{at: 1s, dns: {}}]\n",
                 ", connections: {reuse: 0%}", "{nic: {latency: 1ms}}"),
          users);
  }
  SECTION("a network with limits") {
    stops(closed("load_balancer: {}, " + worker, "faults: [{at: 1s, dns: {}}]\n",
                 ", image_bytes: 100KB, connections: {reuse: 0%}", "{nic: {bandwidth: 1Gbps, latency: 1ms}}"),
          users);
  }
}

TEST_CASE("a burst is no standstill, however large") {
  const Finished f =
      answer("run",
             "scenario: s\n"
             "platform: {hosts: {worker: {cores: 4096}}}\n"
             "workload: {arrivals: {closed: {users: 100000, think_time: 1s}}, retry: {attempts: 20}}\n"
             "deployment: {processing: {hosts: worker, service_time: 10ms, max_waiting: 0}}\n"
             "run: {duration: 3s}\n");
  CHECK(f.status == 0);
  CHECK(f.err.find("does not advance") == std::string::npos);
}

TEST_CASE("what would happen again and again in no time is refused") {
  const auto error = [](const std::string& text) {
    const Finished f = answer("check", text);
    CHECK(f.status == 2);
    return f.err;
  };
  const auto load = [](const std::string& arrivals, const std::string& more = "") {
    return "scenario: s\nplatform: {hosts: {queue: {}, worker: {}}}\n"
           "workload: {arrivals: " +
           arrivals +
           "}\n"
           "deployment: {processing: {hosts: worker, service_time: 10ms}}\n" +
           more;
  };
  CHECK_THAT(error(load("{poisson: 1e308/s}")), Contains("s.yaml:3:32: error: "));
  CHECK_THAT(error(load("{constant: 1e10/s}")), Contains("s.yaml:3:33: error: "));
  CHECK_THAT(error(load("{profile: {points: [{at: 0s, rate: 1/s}], repeat: 1ns}}")),
             Contains("s.yaml:3:72: error: "));
  CHECK_THAT(error(load("{profile: {diurnal: {mean: 1/s, peak: 2/s, period: 1ns}}}")),
             Contains("s.yaml:3:73: error: "));
  CHECK_THAT(error(load("{bursts: {calm: 1/s, burst: 2/s, mean_calm: 1ns, mean_burst: 1s}}")),
             Contains("s.yaml:3:66: error: "));
  const auto fault = [&](const std::string& text) {
    return error(load("{poisson: 1/s}", "faults: [{" + text + ", crash: {target: host/worker-1}}]\n"));
  };
  CHECK_THAT(fault("every: 1ns, for: 1ns"), Contains("s.yaml:5:18: error: "));
  CHECK_THAT(fault("mttf: 1ns, mttr: 0s"),
             Contains("s.yaml:5:17: error: ") && Contains("expected at least 10us"));
  CHECK_THAT(
      error("scenario: s\nplatform: {hosts: {queue: {}, worker: {}}}\nworkload: {arrivals: {poisson: 1/s}}\n"
            "deployment: {queue: {hosts: queue, visibility_timeout: 1ns}, processing: {hosts: worker, "
            "service_time: 1ms}}\n"),
      Contains("s.yaml:4:56: error: "));
}

TEST_CASE("a rate whose period is much shorter than the time between requests costs nothing") {
  const Finished f =
      answer("run",
             "scenario: s\nplatform: {hosts: {worker: {}}}\n"
             "workload: {arrivals: {profile: {points: [{at: 0s, rate: 1/s}, {at: 5us, rate: 0.1/h}], repeat: "
             "10us}}}\n"
             "deployment: {processing: {hosts: worker, service_time: 10ms}}\nrun: {duration: 1000000s}\n");
  CHECK(f.status == 0);
}

#if !defined(__SANITIZE_ADDRESS__)  // takes terabytes of addresses
TEST_CASE("a run that needs more memory than there is says so") {
  const report::TemporaryFolder folder;
  write_file(folder.path() / "s.yaml",
             "scenario: s\nplatform: {hosts: {worker: {}}}\n"
             "workload: {arrivals: {closed: {users: 10000000, think_time: 1h}}}\n"
             "deployment: {processing: {hosts: worker, service_time: 10ms}}\nrun: {duration: 10s}\n");
  Options options{folder.path()};
  options.program = "/bin/sh";
  const Finished f = run({"-c", "ulimit -v 400000; exec \"$0\" run s.yaml", HEADROOM_EXECUTABLE}, options);
  CHECK(f.status == 4);
  CHECK_THAT(f.err, Contains("headroom: error: replication 1 ran out of memory, after "));
  CHECK(files_in(folder.path()) == std::vector<std::string>{"s.yaml"});
}
#endif

}  // namespace headroom::cli_test
