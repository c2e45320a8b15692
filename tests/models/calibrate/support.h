#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>

#include "models/processing/calibrate/corpus.h"
#include "tests/report/temporary_folder.h"

/// Small images, whole and broken. They need a Library.
namespace headroom::processing::calibrate {

class TemporaryFolder : public report::TemporaryFolder {
 public:
  void write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories((path() / name).parent_path());
    std::ofstream(path() / name, std::ios::binary) << bytes;
  }
};

inline Encoded encoded(Encoding encoding, int width, int height) {
  return std::get<Encoded>(encode(picture(width, height, 1), width, height, encoding, 80));
}
inline std::string tiny(Encoding encoding, int width, int height) {
  return encoded(encoding, width, height).bytes;
}
inline std::string jpeg(int width, int height) {
  return tiny(Encoding::jpeg, width, height);
}

inline std::string big_endian(std::uint32_t x) {
  return {static_cast<char>(x >> 24), static_cast<char>(x >> 16), static_cast<char>(x >> 8),
          static_cast<char>(x)};
}
inline std::string png_chunk(const std::string& body) {
  std::uint32_t crc = ~0U;
  for (const char c : body) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
  }
  return big_endian(static_cast<std::uint32_t>(body.size() - 4)) + body + big_endian(~crc);
}
/// A PNG that says it is huge, and holds nothing: a decompression bomb's header.
inline std::string png_header(std::uint32_t width, std::uint32_t height) {
  return "\x89PNG\r\n\x1a\n" +
         png_chunk("IHDR" + big_endian(width) + big_endian(height) + std::string("\x08\x02\0\0\0", 5)) +
         png_chunk("IDAT" + std::string(32, '\0')) + png_chunk("IEND");
}
/// A JPEG whose frame header says 65 500 x 65 500.
inline std::string huge_jpeg() {
  std::string bytes = jpeg(64, 48);
  const std::size_t frame = bytes.find("\xff\xc0");
  const std::array<char, 4> size = {'\xff', '\xdc', '\xff', '\xdc'};
  return bytes.replace(frame + 5, 4, size.data(), size.size());
}

}  // namespace headroom::processing::calibrate
