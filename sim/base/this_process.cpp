#include "sim/base/this_process.h"

#include <unistd.h>

#include <array>

namespace headroom {

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "host";
  return name.data();
}

std::string this_process() {
  return host_name() + "-" + std::to_string(getpid());
}

}  // namespace headroom
