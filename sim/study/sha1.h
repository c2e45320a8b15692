#pragma once

#include <string>
#include <string_view>

namespace headroom::study {

/// SHA-1 of the bytes, in hexadecimal. It names contents; it guards against nobody.
std::string sha1(std::string_view bytes);

}  // namespace headroom::study
