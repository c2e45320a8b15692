#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "models/processing/calibrate/kernel.h"

namespace headroom::processing::calibrate {

/// Images that behave like photographs when they are compressed: natural images have a power spectrum that
/// falls with the square of the frequency (D. J. Field, J. Opt. Soc. Am. A 4, 1987), edges where things cover
/// each other, and texture in some parts but not in others.
struct CorpusPlan {
  int images = 60;            ///< different pictures; each is written in every encoding
  double least_pixels = 2e4;  ///< their sizes are spread evenly on a logarithmic scale
  double most_pixels = 24e6;
  std::vector<Encoding> encodings;
  std::uint64_t seed = 1;
};

/// The pictures, one per encoding and size; those for AVIF, which takes a second a megapixel to write, have
/// up to `kMostAvif` pixels only. The same plan gives the same pixels; bytes depend on the libraries that
/// encode. `progress` gets the share done.
std::variant<std::vector<Encoded>, Problem> generate(const CorpusPlan& plan,
                                                     const std::function<void(double)>& progress = {});

inline constexpr double kMostAvif = 1.5e6;

/// The pixels of one picture, three bytes each. Below 2 million pixels it is one of four times as many made
/// smaller, as what the web sends is: sharp to the last pixel.
std::vector<unsigned char> picture(int width, int height, std::uint64_t seed);

/// A file of a folder that cannot be used, and why.
struct Skipped {
  std::string file;
  std::string why;
};
struct OwnImages {
  std::vector<Encoded> images;
  std::vector<Skipped> skipped;
  std::int64_t left_out = 0;  ///< usable, but more than asked for
};
struct OwnLimits {
  int most_images = 80;        ///< per encoding; drawn from what there is
  double most_pixels = 100e6;  ///< of one image, refused before its pixels are decoded
  double most_file_bytes = 256e6;
  double most_bytes = 1e9;  ///< of all files together
  std::uint64_t seed = 1;
  std::map<std::string, std::string> left_out = {};  ///< files not to be touched, and why
};
/// The images below a folder, in every folder below it, each decoded once to see whether it can be.
OwnImages read_folder(const std::string& folder, const OwnLimits& limits,
                      const std::function<void(double)>& progress = {});

/// A hash of the contents, 16 hexadecimal digits.
std::string fingerprint(const std::vector<Encoded>& images);

}  // namespace headroom::processing::calibrate
