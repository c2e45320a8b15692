#include "sim/study/sha1.h"

#include <boost/uuid/detail/sha1.hpp>
#include <cstdio>

namespace headroom::study {

std::string sha1(std::string_view bytes) {
  boost::uuids::detail::sha1 sha;
  sha.process_bytes(bytes.data(), bytes.size());
  unsigned digest[5];
  sha.get_digest(digest);
  std::string hex;
  for (const unsigned word : digest) {
    char part[9];
    std::snprintf(part, sizeof part, "%08x", word);
    hex += part;
  }
  return hex;
}

}  // namespace headroom::study
