#pragma once

#include <algorithm>
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
/// A PNG of zeros: bits per sample, colour type (0 grey, 2 RGB, 4 grey and alpha, 6 RGB and alpha), and what
/// comes before the pixels.
inline std::string png(std::uint32_t width, std::uint32_t height, int depth, int colour,
                       const std::string& before = "") {
  const std::size_t samples = colour == 0 ? 1 : colour == 4 ? 2 : colour == 2 ? 3 : 4;
  const std::string rows((width * samples * static_cast<std::size_t>(depth) / 8 + 1) * height, 0);
  std::string stored = "\x78\x01";  // zlib, blocks as they are (RFC 1950, RFC 1951)
  for (std::size_t at = 0; at < rows.size(); at += 65535) {
    const auto n = static_cast<std::uint16_t>(std::min<std::size_t>(65535, rows.size() - at));
    stored += static_cast<char>(at + n == rows.size());
    for (const std::uint16_t x : {n, static_cast<std::uint16_t>(~n)}) {
      stored += static_cast<char>(x & 255);
      stored += static_cast<char>(x >> 8);
    }
    stored += rows.substr(at, n);
  }
  stored += big_endian(static_cast<std::uint32_t>(rows.size() % 65521) << 16 | 1);  // Adler-32 of zeros
  return "\x89PNG\r\n\x1a\n" +
         png_chunk("IHDR" + big_endian(width) + big_endian(height) + static_cast<char>(depth) +
                   static_cast<char>(colour) + std::string(3, 0)) +
         before + png_chunk("IDAT" + stored) + png_chunk("IEND");
}
/// A PNG that moves (acTL comes before the pixels); decoders of still images show it, too.
inline std::string animated_png(std::uint32_t frames) {
  return png(60, 40, 8, 2, png_chunk("acTL" + big_endian(frames) + big_endian(0)));
}
inline std::string little_endian(std::size_t x, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(x >> 8 * i & 255);
  return text;
}
inline std::string riff_chunk(const std::string& type, const std::string& body) {
  return type + little_endian(body.size(), 4) + body + std::string(body.size() % 2, 0);
}
/// A WebP that moves: the same picture again and again.
inline std::string animated_webp(int frames, int width, int height) {
  const std::string picture = tiny(Encoding::webp, width, height).substr(12);  // its one chunk
  const auto w = static_cast<std::size_t>(width - 1);
  const auto h = static_cast<std::size_t>(height - 1);
  std::string body = "WEBP" +
                     riff_chunk("VP8X", little_endian(2, 4) + little_endian(w, 3) + little_endian(h, 3)) +
                     riff_chunk("ANIM", std::string(6, 0));
  for (int i = 0; i < frames; ++i)
    body += riff_chunk("ANMF", std::string(6, 0) + little_endian(w, 3) + little_endian(h, 3) +
                                   little_endian(100, 3) + little_endian(0, 1) + picture);
  return "RIFF" + little_endian(body.size(), 4) + body;
}
/// A JPEG of four inks, 16 x 8, all coefficients 0: each block is two bits by Huffman tables of one code
/// each.
inline std::string cmyk_jpeg() {
  const auto segment = [](char marker, const std::string& body) {
    const auto length = static_cast<std::uint32_t>(body.size() + 2);
    return std::string("\xff") + marker + big_endian(length).substr(2) + body;
  };
  const auto table = [](char kind) { return std::string(1, kind) + '\x01' + std::string(15, 0) + '\0'; };
  std::string frame("\x08\0\x08\0\x10\x04", 6);
  std::string scan("\x04");
  for (char ink = 1; ink <= 4; ++ink) {
    frame += std::string(1, ink) + '\x11' + '\0';
    scan += std::string(1, ink) + '\0';
  }
  return "\xff\xd8" + segment('\xdb', '\0' + std::string(64, 16)) + segment('\xc0', frame) +
         segment('\xc4', table('\0') + table('\x10')) + segment('\xda', scan + std::string("\0\x3f\0", 3)) +
         std::string(2, 0) + "\xff\xd9";
}
/// A JPEG whose frame header says 65 500 x 65 500.
inline std::string huge_jpeg() {
  std::string bytes = jpeg(64, 48);
  const std::size_t frame = bytes.find("\xff\xc0");
  const std::array<char, 4> size = {'\xff', '\xdc', '\xff', '\xdc'};
  return bytes.replace(frame + 5, 4, size.data(), size.size());
}

}  // namespace headroom::processing::calibrate
