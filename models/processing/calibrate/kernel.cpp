#include "models/processing/calibrate/kernel.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <utility>
#include <vips/vips8>

#include "models/processing/calibrate/in_hand.h"

namespace headroom::processing::calibrate {
namespace {

using vips::VError;
using vips::VImage;

/// The latest complaint of libvips, in one line.
std::string complaint(const VError& error) {
  std::string text = error.what();
  vips_error_clear();
  text = text.substr(0, text.find_last_not_of("\n ") + 1);
  text = text.substr(0, text.find('\n'));
  return text.empty() ? "libvips does not say why" : text;
}

struct BlobUnref {
  void operator()(VipsBlob* blob) const { vips_area_unref(reinterpret_cast<VipsArea*>(blob)); }
};
/// The bytes stay where they are: the image must outlive what is made from it.
using Blob = std::unique_ptr<VipsBlob, BlobUnref>;

vips::VOption* careful() {
  return VImage::option()->set("fail_on", VIPS_FAIL_ON_TRUNCATED)->set("access", VIPS_ACCESS_SEQUENTIAL);
}

/// Pixels row by row, computed in this thread: libvips' own sinks would hand them to another.
class Rows {
 public:
  explicit Rows(const VImage& image) : image_(image), region_(vips_region_new(image.get_image())) {
    if (region_ == nullptr) throw VError();
  }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows() { g_object_unref(region_); }

  /// Gives each strip to `use(first line, lines, address of a line)`.
  template <class Use>
  void each(const Use& use) {
    constexpr int kStrip = 16;
    for (int y = 0; y < image_.height(); y += kStrip) {
      const VipsRect strip{0, y, image_.width(), std::min(kStrip, image_.height() - y)};
      if (vips_region_prepare(region_, &strip) != 0) throw VError();
      for (int line = y; line < y + strip.height; ++line)
        use(line,
            VIPS_REGION_ADDR(region_, 0, line));  // NOLINT(cppcoreguidelines-pro-bounds-pointer-arithmetic)
    }
  }

 private:
  VImage image_;
  VipsRegion* region_;
};

/// A resize ready to run. liborc, with which libvips compiles the loops of a resize, allocates and frees
/// compiled code without a lock before 0.4.34 (Debian 12 has 0.4.33): two threads at it at once crash. So
/// resizes are made and dropped one at a time; their pixels are computed in parallel as ever.
class Pipeline {
 public:
  template <class Make>
  explicit Pipeline(const Make& make) {
    const std::lock_guard lock(one_at_a_time());
    image_ = make();
  }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;
  ~Pipeline() {
    const std::lock_guard lock(one_at_a_time());
    image_.reset();
  }

  [[nodiscard]] const VImage& image() const { return *image_; }

 private:
  static std::mutex& one_at_a_time() {
    static std::mutex mutex;
    return mutex;
  }
  std::optional<VImage> image_;
};

VImage in_memory(const VImage& image) {
  const auto line_bytes = static_cast<std::size_t>(VIPS_IMAGE_SIZEOF_LINE(image.get_image()));
  std::vector<unsigned char> pixels(line_bytes * static_cast<std::size_t>(image.height()));
  Rows(image).each([&](int line, const VipsPel* from) {
    std::copy(from, from + line_bytes, pixels.begin() + static_cast<std::ptrdiff_t>(line_bytes) * line);
  });
  VipsImage* copy = vips_image_new_from_memory_copy(pixels.data(), pixels.size(), image.width(),
                                                    image.height(), image.bands(), image.format());
  if (copy == nullptr) throw VError();
  return VImage(copy).copy(VImage::option()->set("interpretation", image.interpretation()));
}

double scale_of(double width, double height, int target) {
  return std::min(1.0, target / std::max(width, height));
}

VImage decode_all(const Encoded& image) {
  return VImage::new_from_buffer(image.bytes, "", careful());
}

VImage resize_of(const Encoded& image, const Task& task) {
  if (task.operation == Operation::thumbnail) {
    const Blob blob(vips_blob_new(nullptr, image.bytes.data(), image.bytes.size()));
    return VImage::thumbnail_buffer(
        blob.get(), task.width,
        VImage::option()->set("size", VIPS_SIZE_DOWN)->set("fail_on", VIPS_FAIL_ON_TRUNCATED));
  }
  const VImage whole = decode_all(image);
  if (task.operation == Operation::crop) {
    const int width = std::min(task.width, whole.width());
    const int height = std::min(std::max(1, task.width * 2 / 3), whole.height());
    return whole.extract_area((whole.width() - width) / 2, (whole.height() - height) / 2, width, height);
  }
  const double scale = scale_of(whole.width(), whole.height(), task.width);
  return whole.resize(scale, VImage::option()->set("kernel", VIPS_KERNEL_LANCZOS3));
}

VImage resized(const Encoded& image, const Task& task) {
  const Pipeline pipeline([&] { return resize_of(image, task); });
  return in_memory(pipeline.image());
}

VImage decoded(const Encoded& image, const Task& task) {
  VImage header = decode_all(image);
  if (task.operation == Operation::crop) {  // rows below the piece are never decoded
    const int height = std::min(std::max(1, task.width * 2 / 3), header.height());
    return header.extract_area(0, 0, header.width(), (header.height() + height) / 2);
  }
  if (task.operation == Operation::resize) return header;
  const double scale = scale_of(header.width(), header.height(), task.width);
  const double in = image.pixels();
  // Asked directly for less than a line of pixels, libvips ends the process (8.14); thumbnail never does.
  const double most = static_cast<double>(std::min(image.width, image.height));
  const double factor =
      std::min(std::sqrt(in / pixels_of(task.operation, image.encoding, in, in * scale * scale).decoded),
               image.encoding == Encoding::webp ? most : std::exp2(std::floor(std::log2(most))));
  if (factor <= 1) return header;
  if (image.encoding != Encoding::webp)
    return VImage::new_from_buffer(image.bytes, "",
                                   careful()->set("shrink", static_cast<int>(std::lround(factor))));
  return VImage::new_from_buffer(image.bytes, "", careful()->set("scale", 1 / factor));
}

std::string written(const VImage& image, Encoding encoding, int quality) {
  void* data = nullptr;
  std::size_t size = 0;
  vips::VOption* options = VImage::option()->set("strip", true);
  switch (encoding) {
    case Encoding::jpeg:
    case Encoding::progressive_jpeg:
      options->set("interlace", encoding == Encoding::progressive_jpeg);
      image.write_to_buffer(".jpg", &data, &size, options->set("Q", quality));
      break;
    case Encoding::png:
      image.write_to_buffer(".png", &data, &size, options);
      break;
    case Encoding::webp:
      image.write_to_buffer(".webp", &data, &size, options->set("Q", quality));
      break;
    case Encoding::avif:
      image.write_to_buffer(".avif", &data, &size,
                            options->set("Q", quality)
                                ->set("compression", VIPS_FOREIGN_HEIF_COMPRESSION_AV1)
                                ->set("effort", 2));
      break;
  }
  std::string bytes(static_cast<const char*>(data), size);
  g_free(data);
  return bytes;
}

/// Whether the frame of a JPEG is a progressive one: by its first SOF marker (ITU T.81, annex B).
bool is_progressive(const std::string& bytes) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  for (std::size_t at = 2; at + 4 <= bytes.size() && byte(at) == 0xff;) {
    const unsigned marker = byte(at + 1);
    if (marker == 0xc2) return true;
    if (marker == 0xc0 || marker == 0xc1 || marker == 0xda) return false;
    at += marker == 0xff ? 1U : 2U + byte(at + 2) * 256U + byte(at + 3);
  }
  return false;
}

/// An unsigned number in network order; 0 beyond the end.
std::uint32_t number(const std::string& bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + size; ++i)
    value = value << 8U | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
  return value;
}

/// By the brands of its first box (ISO/IEC 14496-12, 4.3; AV1 Image File Format 1.1, 6): avif or avis as the
/// major one or among the compatible ones, as many files say mif1 first.
bool is_avif(const std::string& bytes) {
  if (bytes.size() < 16 || bytes.compare(4, 4, "ftyp") != 0) return false;
  constexpr std::size_t kMost = 4096;  // of the box; brands are a few
  const std::size_t end = std::min({std::size_t{number(bytes, 0, 4)}, bytes.size(), kMost});
  for (std::size_t at = 8; at + 4 <= end;
       at += at == 8 ? 8 : 4)  // the minor version is after the major brand
    if (bytes.compare(at, 4, "avif") == 0 || bytes.compare(at, 4, "avis") == 0) return true;
  return false;
}

std::optional<Encoding> encoding_of(const std::string& bytes) {
  const auto is = [&](std::size_t at, std::string_view magic) {
    return std::string_view(bytes).substr(std::min(at, bytes.size())).starts_with(magic);
  };
  if (is(0, "\xff\xd8\xff")) return is_progressive(bytes) ? Encoding::progressive_jpeg : Encoding::jpeg;
  if (is(0, "\x89PNG\r\n\x1a\n")) return Encoding::png;
  if (is(0, "RIFF") && is(8, "WEBP")) return Encoding::webp;
  if (is_avif(bytes)) return Encoding::avif;
  return std::nullopt;
}

/// What moves, and in how many frames; empty: a still image. Decoders give the first frame of it, so that its
/// bytes would be of one image and its pixels of another.
std::string animation_of(const std::string& bytes, Encoding encoding) {
  const auto frames = [](const char* what, std::uint32_t n) {
    return std::string("an animated ") + what + " of " + std::to_string(n) + (n == 1 ? " frame" : " frames");
  };
  if (encoding == Encoding::webp) {  // RIFF chunks, little-endian lengths, padded to even ones
    constexpr unsigned char kAnimation = 0x02;
    if (bytes.size() < 21 || bytes.compare(12, 4, "VP8X") != 0 || (number(bytes, 20, 1) & kAnimation) == 0)
      return "";
    std::uint32_t n = 0;
    for (std::size_t at = 12; at + 8 <= bytes.size();) {
      n += bytes.compare(at, 4, "ANMF") == 0;
      const std::size_t length = number(bytes, at + 7, 1) << 24U | number(bytes, at + 6, 1) << 16U |
                                 number(bytes, at + 5, 1) << 8U | number(bytes, at + 4, 1);
      at += 8 + length + (length & 1U);
    }
    return frames("WebP", n);
  }
  if (encoding == Encoding::png) {  // acTL comes before the first pixels
    for (std::size_t at = 8; at + 12 <= bytes.size() && bytes.compare(at + 4, 4, "IDAT") != 0;) {
      if (bytes.compare(at + 4, 4, "acTL") == 0) return frames("PNG", number(bytes, at + 8, 4));
      at += 12 + std::size_t{number(bytes, at, 4)};
    }
    return "";
  }
  if (encoding == Encoding::avif && bytes.compare(8, 4, "avis") == 0) return "an animated AVIF";
  return "";
}

void say_nothing(const char*, GLogLevelFlags, const char*, void*) {}

}  // namespace

Library::Library() {
  static const bool started = [] {
    setenv("VIPS_WARNING", "0", 1);
    g_log_set_default_handler(say_nothing, nullptr);
    return VIPS_INIT("headroom") == 0;
  }();
  static_cast<void>(started);
  vips_concurrency_set(1);
  vips_cache_set_max(0);
  vips_cache_set_max_mem(0);
  vips_cache_set_max_files(0);
}
Library::~Library() {
  thread_done();
}

void thread_done() {
  vips_error_clear();
  vips_thread_shutdown();
}

std::string libvips_version() {
  return std::to_string(vips_version(0)) + "." + std::to_string(vips_version(1)) + "." +
         std::to_string(vips_version(2));
}

bool available(Encoding encoding) {
  if (encoding != Encoding::avif) return true;
  const auto tiny =
      encode(std::vector<unsigned char>(std::size_t{16} * 16 * 3, 128), 16, 16, Encoding::avif, 50);
  const auto* image = std::get_if<Encoded>(&tiny);
  return image != nullptr &&
         std::holds_alternative<Converted>(convert(*image, {Operation::resize, Encoding::jpeg}));
}

std::variant<Encoded, Problem> identify(std::string name, std::string bytes, double most_pixels) {
  if (bytes.empty()) return Problem{"the file is empty"};
  const auto encoding = encoding_of(bytes);
  if (!encoding) return Problem{"this is no JPEG, PNG, WebP or AVIF image"};
  if (const std::string moves = animation_of(bytes, *encoding); !moves.empty())
    return Problem{"this is " + moves + ", a profile is of still images"};
  Encoded image{std::move(name), std::move(bytes), *encoding, 0, 0};
  const Holding holding(image.name);
  try {
    const VImage header = VImage::new_from_buffer(image.bytes, "", careful());
    image.width = header.width();
    image.height = header.height();
  } catch (const VError& error) {
    return Problem{"it cannot be read: " + complaint(error)};
  }
  if (image.pixels() > most_pixels)
    return Problem{std::to_string(image.width) + " x " + std::to_string(image.height) +
                   " pixels are more than the limit of " +
                   std::to_string(static_cast<std::int64_t>(most_pixels / 1e6)) + " million"};
  return image;
}

std::variant<Converted, Problem> convert(const Encoded& image, const Task& task) {
  const Holding holding(image.name);
  try {
    const VImage small = resized(image, task);
    return Converted{small.width(), small.height(), written(small, task.output, task.quality)};
  } catch (const VError& error) {
    return Problem{"it cannot be converted: " + complaint(error)};
  }
}

bool only_decode(const Encoded& image, const Task& task) {
  const Holding holding(image.name);
  try {
    Rows(decoded(image, task)).each([](int, const VipsPel*) {});
    return true;
  } catch (const VError&) {
    vips_error_clear();
    return false;
  }
}

bool only_resize(const Encoded& image, const Task& task) {
  const Holding holding(image.name);
  try {
    resized(image, task);
    return true;
  } catch (const VError&) {
    vips_error_clear();
    return false;
  }
}

std::variant<Encoded, Problem> encode(const std::vector<unsigned char>& rgb, int width, int height,
                                      Encoding encoding, int quality) {
  try {
    // Only read from; the signature does not say so.
    auto* pixels = const_cast<unsigned char*>(rgb.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    const VImage image = VImage::new_from_memory(pixels, rgb.size(), width, height, 3, VIPS_FORMAT_UCHAR)
                             .copy(VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB));
    return Encoded{"", written(image, encoding, quality), encoding, width, height};
  } catch (const VError& error) {
    return Problem{complaint(error)};
  }
}

}  // namespace headroom::processing::calibrate
