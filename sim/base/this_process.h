#pragma once

#include <string>

namespace headroom {

/// The name of this machine.
std::string host_name();

/// "HOST-PROCESS": what tells a temporary name from those that other processes use, on this machine and on
/// others that share the folder.
std::string this_process();

}  // namespace headroom
