#pragma once

#include <string>
#include <string_view>

namespace headroom {

/// The length of the UTF-8 sequence at the front, or 0 if it is not valid (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view text);

/// Text from outside (scenarios, results, file names, the command line) as it may reach a terminal: nothing
/// in it can move the cursor, change colours or reorder what is read. Control characters (C0, DEL, C1),
/// directional overrides and bytes that are no UTF-8 become \xHH or \uHHHH; line breaks stay.
std::string printable(std::string_view text);

/// The same in one line: line breaks and tabs become blanks.
std::string printable_line(std::string_view text);

/// "no-break space", if the character at the front cannot be seen or looks like a blank and is none; empty
/// for all others.
std::string_view invisible_name(std::string_view text);

}  // namespace headroom
