#include "models/processing/calibrate/corpus.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <mutex>
#include <thread>

#include "sim/base/random.h"

namespace headroom::processing::calibrate {
namespace {

/// Smooth noise: random values on a lattice, interpolated between. Octaves of it, each of half the size and
/// about half the amplitude, have the spectrum of natural images. (Value noise: K. Perlin, SIGGRAPH 1985, has
/// the idea.)
class Octave {
 public:
  Octave(double cell, Engine& draw) : cell_(cell) {
    for (float& value : lattice_) value = static_cast<float>(uniform01(draw) * 2 - 1);
    shift_x_ = uniform01(draw) * kSide;
    shift_y_ = uniform01(draw) * kSide;
  }
  /// Adds amplitude · noise to a row of the picture.
  void add(int y, float amplitude, std::vector<float>& row) const {
    const double v = y / cell_ + shift_y_;
    const double floor_v = std::floor(v);
    const auto j = static_cast<std::size_t>(floor_v);
    const float fv = smooth(static_cast<float>(v - floor_v));
    const float* upper = &lattice_[j % kSide * kSide];
    const float* lower = &lattice_[(j + 1) % kSide * kSide];
    const double step = 1 / cell_;
    double u = shift_x_;
    for (float& value : row) {
      const auto i = static_cast<std::size_t>(u);
      const float fu = smooth(static_cast<float>(u - static_cast<double>(i)));
      const std::size_t a = i % kSide;
      const std::size_t b = (i + 1) % kSide;
      const float top = upper[a] + fu * (upper[b] - upper[a]);
      const float bottom = lower[a] + fu * (lower[b] - lower[a]);
      value += amplitude * (top + fv * (bottom - top));
      u += step;
    }
  }

 private:
  static constexpr std::size_t kSide = 256;
  static float smooth(float t) { return t * t * (3 - 2 * t); }
  double cell_;
  double shift_x_ = 0, shift_y_ = 0;
  std::vector<float> lattice_ = std::vector<float>(kSide * kSide);
};

/// Sum of octaves from cells of `largest` pixels down to cells of `smallest`.
class Noise {
 public:
  Noise(double largest, double smallest, double roughness, Engine& draw) {
    float amplitude = 1;
    for (double cell = largest; cell >= smallest; cell /= 2) {
      octaves_.emplace_back(cell, draw);
      amplitudes_.push_back(amplitude);
      amplitude *= static_cast<float>(roughness);
    }
  }
  void row(int y, std::vector<float>& out) const {
    std::fill(out.begin(), out.end(), 0.0F);
    for (std::size_t i = 0; i < octaves_.size(); ++i) octaves_[i].add(y, amplitudes_[i], out);
  }

 private:
  std::vector<Octave> octaves_;
  std::vector<float> amplitudes_;
};

unsigned char level(float x) {
  return static_cast<unsigned char>(std::clamp(x, 0.0F, 255.0F));
}

struct Plan {
  int width, height;
  std::uint64_t seed;
  int quality;
  std::string name;
  std::vector<Encoding> encodings;

  double pixels() const { return static_cast<double>(width) * height; }
};

/// Sizes evenly on a logarithmic scale, in random order; shapes and qualities as cameras and editors make
/// them.
std::vector<Plan> plan_pictures(const CorpusPlan& plan, double most_pixels,
                                const std::vector<Encoding>& encodings) {
  constexpr std::array<double, 4> kShapes = {1.5, 4.0 / 3, 16.0 / 9, 1.0};
  std::vector<Plan> pictures;
  const StreamKey key = StreamKey(plan.seed) / "corpus";
  for (int i = 0; i < plan.images; ++i) {
    Engine draw = key.engine_for(static_cast<std::uint64_t>(i));
    const double jitter = uniform01(draw);
    const double place =
        plan.images > 1 ? (i + (i == 0 || i + 1 == plan.images ? 0 : jitter - 0.5)) / (plan.images - 1) : 0;
    const double pixels = plan.least_pixels * std::pow(most_pixels / plan.least_pixels, place);
    double shape = kShapes[uniform_below(draw, 8) % 5 % 4];  // 3:2 is twice as frequent
    if (uniform01(draw) < 0.3) shape = 1 / shape;
    const int width = std::max(16, static_cast<int>(std::lround(std::sqrt(pixels * shape))));
    const int height = std::max(16, static_cast<int>(std::lround(std::sqrt(pixels / shape))));
    const std::uint64_t seed = draw();
    pictures.push_back({width, height, seed, 70 + static_cast<int>(uniform_below(draw, 24)),
                        "generated " + std::to_string(i + 1), encodings});
  }
  return pictures;
}

/// What a camera takes: it resolves less than its pixels, so the finest detail has cells of about two, and
/// grain is faint.
std::vector<unsigned char> taken(int width, int height, std::uint64_t seed) {
  Engine draw = (StreamKey(seed) / "picture").engine();
  const double side = std::sqrt(static_cast<double>(width) * height);
  const Noise luminance(side / 3, 1.6, 0.47 + 0.08 * uniform01(draw), draw);
  const Noise things(side / 2, side / 24, 0.5, draw);  // where its sign changes, one thing covers another
  const Noise busy(side / 4, side / 16, 0.5, draw);    // texture here, a plain wall there
  const Noise warm(side / 3, side / 20, 0.5, draw);
  const Noise cold(side / 3, side / 20, 0.5, draw);
  const double contrast = 30 + 30 * uniform01(draw);
  const auto fine = static_cast<float>(6 + 16 * uniform01(draw));
  const auto grain = static_cast<float>(0.5 + 2.5 * uniform01(draw));
  const Noise texture(8, 1.6, 0.75, draw);

  const auto columns = static_cast<std::size_t>(width);
  std::vector<float> l(columns), t(columns), b(columns), w(columns), c(columns), x(columns);
  std::vector<unsigned char> rgb;
  rgb.reserve(columns * static_cast<std::size_t>(height) * 3);
  for (int y = 0; y < height; ++y) {
    luminance.row(y, l);
    things.row(y, t);
    busy.row(y, b);
    warm.row(y, w);
    cold.row(y, c);
    texture.row(y, x);
    for (std::size_t i = 0; i < columns; ++i) {
      const float step = t[i] > 0.35F ? 45.0F : t[i] > -0.2F ? 0.0F : -40.0F;
      const float busyness = std::clamp(0.5F + 1.4F * b[i], 0.05F, 1.0F);
      const float noise = static_cast<float>(draw() >> 40) * 0x1p-23F - 1;
      const float grey = 120 + static_cast<float>(contrast) * l[i] * (0.4F + 0.6F * busyness) + step +
                         fine * busyness * x[i] + grain * noise;
      rgb.push_back(level(grey + 25 * w[i]));
      rgb.push_back(level(grey));
      rgb.push_back(level(grey + 25 * c[i]));
    }
  }
  return rgb;
}

}  // namespace

std::vector<unsigned char> picture(int width, int height, std::uint64_t seed) {
  constexpr double kCamera = 2e6;
  if (static_cast<double>(width) * height >= kCamera) return taken(width, height, seed);
  const auto large = taken(2 * width, 2 * height, seed);
  std::vector<unsigned char> rgb;
  const std::size_t line = std::size_t{6} * static_cast<std::size_t>(width);
  rgb.reserve(large.size() / 4);
  for (std::size_t upper = 0; upper < large.size(); upper += 2 * line)
    for (std::size_t x = upper; x < upper + line; x += 6)
      for (std::size_t at = x; at < x + 3; ++at)
        rgb.push_back(static_cast<unsigned char>(
            (large[at] + large[at + 3] + large[at + line] + large[at + line + 3] + 2) / 4));
  return rgb;
}

std::variant<std::vector<Encoded>, Problem> generate(const CorpusPlan& plan,
                                                     const std::function<void(double)>& progress) {
  std::vector<Encoding> most;
  std::vector<Encoding> slow;
  for (const Encoding encoding : plan.encodings)
    (encoding == Encoding::avif ? slow : most).push_back(encoding);
  std::vector<Plan> pictures;
  if (!most.empty()) pictures = plan_pictures(plan, plan.most_pixels, most);
  if (!slow.empty())
    for (Plan& small : plan_pictures(plan, std::min(plan.most_pixels, kMostAvif), slow))
      pictures.push_back(std::move(small));
  std::stable_sort(pictures.begin(), pictures.end(),
                   [](const Plan& a, const Plan& b) { return a.pixels() < b.pixels(); });
  const std::size_t n = pictures.size();
  std::vector<std::vector<Encoded>> made(n);
  std::vector<std::string> failures(n);
  double total = 0;
  for (const Plan& p : pictures) total += p.pixels();
  // The largest first, so that all cores are busy to the end.
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  double done = 0;
  const auto work = [&] {
    for (std::size_t k = next++; k < n; k = next++) {
      const std::size_t i = n - 1 - k;
      const Plan& p = pictures[i];
      const auto rgb = picture(p.width, p.height, p.seed);
      for (const Encoding encoding : p.encodings) {
        auto image = encode(rgb, p.width, p.height, encoding, p.quality);
        if (auto* good = std::get_if<Encoded>(&image)) {
          good->name = p.name;
          made[i].push_back(std::move(*good));
        } else {
          failures[i] = std::get<Problem>(image).why;
        }
      }
      const std::scoped_lock lock(mutex);
      done += p.pixels();
      if (progress) progress(done / total);
    }
  };
  std::vector<std::thread> helpers;
  for (unsigned i = 1; i < std::max(1U, std::thread::hardware_concurrency()); ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();

  for (const std::string& failure : failures)
    if (!failure.empty()) return Problem{"the generated images cannot be written: " + failure};
  std::vector<Encoded> images;
  for (auto& encodings : made)
    for (Encoded& image : encodings) images.push_back(std::move(image));
  return images;
}

std::string fingerprint(const std::vector<Encoded>& images) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
  const auto add = [&](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3ULL; };
  for (const Encoded& image : images) {
    for (int shift = 0; shift < 64; shift += 8) add(static_cast<unsigned char>(image.bytes.size() >> shift));
    for (const char byte : image.bytes) add(static_cast<unsigned char>(byte));
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += kHex[hash >> shift & 15];
  return text;
}

}  // namespace headroom::processing::calibrate
