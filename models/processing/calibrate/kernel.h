#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "models/processing/profile.h"

/// Conversions by libvips. Nothing of libvips shows in this header, and none of its exceptions or messages
/// gets out.
namespace headroom::processing::calibrate {

/// An image in memory, as a worker is given it.
struct Encoded {
  std::string name;   ///< for messages
  std::string bytes;  ///< of the file
  Encoding encoding = Encoding::jpeg;
  std::int64_t width = 0, height = 0;
  double pixels() const { return static_cast<double>(width) * static_cast<double>(height); }
};

/// What is to be done to an image: it is fitted into a square of side `width`, and never made larger.
struct Task {
  Operation operation = Operation::thumbnail;
  Encoding output = Encoding::jpeg;
  int quality = 80;
  int width = 800;
};

/// Why something could not be done.
struct Problem {
  std::string why;
};

/// Starts libvips: one thread for each conversion, no cache of operations, no messages. One at a time.
class Library {
 public:
  Library();
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
};

/// To be called at the end of each thread that has converted.
void thread_done();

/// Of the libvips in use: "8.14.1".
std::string libvips_version();
/// Whether it reads and writes this encoding. (AVIF depends on how libheif was built.)
bool available(Encoding encoding);

/// What an image is, by its first bytes and its header; pixels are not decoded. Refuses what is not JPEG,
/// PNG, WebP or AVIF, what is animated, and more than `most_pixels` (a decompression bomb).
std::variant<Encoded, Problem> identify(std::string name, std::string bytes, double most_pixels);

struct Converted {
  std::int64_t width = 0, height = 0;
  std::string bytes;
  double pixels() const { return static_cast<double>(width) * static_cast<double>(height); }
};
/// The whole conversion, from bytes to bytes; pixels are resampled before they are encoded, so that never
/// more than one thread works on it. A truncated or broken image is a Problem.
std::variant<Converted, Problem> convert(const Encoded& image, const Task& task);
/// The first part of it: decoded as far as the operation asks for (shrink-on-load), and thrown away.
bool only_decode(const Encoded& image, const Task& task);
/// The first two parts: decoded and resampled, not encoded.
bool only_resize(const Encoded& image, const Task& task);

/// Bytes of an RGB image (three bytes a pixel, row by row), encoded.
std::variant<Encoded, Problem> encode(const std::vector<unsigned char>& rgb, int width, int height,
                                      Encoding encoding, int quality);

}  // namespace headroom::processing::calibrate
