#include "models/processing/profile.h"

#include <algorithm>
#include <cmath>

#include "sim/base/check.h"

namespace headroom::processing {
namespace {

std::string_view name(Operation operation) {
  return enum_names<Operation>::names[static_cast<std::size_t>(operation)];
}
std::string_view name(Encoding encoding) {
  return enum_names<Encoding>::names[static_cast<std::size_t>(encoding)];
}

/// An interval is empty, or two numbers in order.
bool interval(const std::vector<double>& v) {
  return v.empty() || (v.size() == 2 && v[0] <= v[1]);
}

}  // namespace

bool Coefficients::free() const {
  const Duration none;
  return fixed == none && per_input_megapixel == none && per_decoded_megapixel == none &&
         per_boxed_megapixel == none && per_resampled_megapixel == none && per_output_megapixel == none &&
         per_input_megabyte == none;
}

void Scaling::check(const Scaling& s, Complaints& complaints) {
  if (s.busy.empty() || s.busy.size() != s.speed.size())
    complaints.add("speed", "expected a speed for each number of busy cores, and at least one");
  for (std::size_t i = 1; i < s.busy.size(); ++i)
    if (s.busy[i] <= s.busy[i - 1]) {
      complaints.add("busy", "numbers of busy cores must be in ascending order");
      break;
    }
  if (!interval(s.sigma_ci95)) complaints.add("sigma_ci95", "expected two numbers, the lower one first");
  if (!interval(s.kappa_ci95)) complaints.add("kappa_ci95", "expected two numbers, the lower one first");
}

void Kernel::check(const Kernel& k, Complaints& complaints) {
  if (k.free())
    complaints.add("",
                   "the kernel says that conversions cost nothing: expected fixed or a per_… coefficient");
}

void Profile::check(const Profile& p, Complaints& complaints) {
  if (p.kernels.empty()) {
    if (p.free())
      complaints.add("",
                     "the profile says that conversions cost nothing: expected fixed or a per_… coefficient");
    return;
  }
  if (!p.free() || !p.residuals.empty() || !p.contention.empty())
    complaints.add("kernels",
                   "a profile has either kernels or one cost for every conversion, expected one of them");
  for (std::size_t i = 0; i < p.kernels.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const Kernel& a = p.kernels[i];
      const Kernel& b = p.kernels[j];
      if (a.operation == b.operation && a.input == b.input && a.output == b.output)
        complaints.add("kernels." + std::to_string(i), "this kernel is there twice: " + name_of(a));
    }
}

const Kernel* find_kernel(const Profile& profile, Encoding input, std::optional<Operation> operation,
                          std::optional<Encoding> output) {
  const Kernel* found = nullptr;
  int candidates = 0;
  for (const Kernel& kernel : profile.kernels) {
    if (kernel.operation != operation.value_or(Operation::thumbnail) || kernel.input != input) continue;
    if (kernel.output == output.value_or(usual_output(input))) return &kernel;
    found = &kernel;
    ++candidates;
  }
  return candidates == 1 && !output ? found : nullptr;
}

Encoding usual_output(Encoding input) {
  return input == Encoding::progressive_jpeg ? Encoding::jpeg : input;
}

std::string name_of(const Kernel& kernel) {
  return std::string(name(kernel.operation)) + " " + std::string(name(kernel.input)) + " → " +
         std::string(name(kernel.output));
}

std::string kernel_names(const Profile& profile) {
  std::string all;
  for (const Kernel& kernel : profile.kernels) all += (all.empty() ? "" : ", ") + name_of(kernel);
  return all;
}

Pixels pixels_of(Operation operation, Encoding encoding, double input, double output) {
  Pixels p;
  p.input = p.decoded = input;
  p.output = std::min(input, output);
  if (operation == Operation::crop) {
    p.decoded = (input + std::sqrt(input * p.output)) / 2;
    return p;
  }
  if (p.output <= 0) return p;
  if (operation == Operation::thumbnail && encoding == Encoding::webp) {
    p.decoded = p.output;
    return p;
  }
  const bool is_jpeg = encoding == Encoding::jpeg || encoding == Encoding::progressive_jpeg;
  if (operation == Operation::thumbnail && is_jpeg) {
    const double shrink = std::sqrt(input / p.output);
    const double on_load = shrink >= 16 ? 8 : shrink >= 8 ? 4 : shrink >= 4 ? 2 : 1;
    p.decoded = input / (on_load * on_load);
  }
  constexpr double kLeft = 2;  // the factor that is left to Lanczos3
  const double box = std::max(1.0, std::floor(std::sqrt(p.decoded / p.output) / kLeft));
  p.boxed = box > 1 ? p.decoded / box : 0;
  p.resampled = p.decoded / (box * box);
  return p;
}

double output_pixels(double width, double input) {
  return std::min(input, width * width / 1.5);
}

double cpu_seconds(const Coefficients& cpu, const Pixels& pixels, double bytes) {
  return cpu.fixed.seconds() +
         (cpu.per_input_megapixel.seconds() * pixels.input +
          cpu.per_decoded_megapixel.seconds() * pixels.decoded +
          cpu.per_boxed_megapixel.seconds() * pixels.boxed +
          cpu.per_resampled_megapixel.seconds() * pixels.resampled +
          cpu.per_output_megapixel.seconds() * pixels.output + cpu.per_input_megabyte.seconds() * bytes) /
             1e6;
}

std::vector<double> speeds(const Scaling& scaling, std::int64_t cores) {
  HEADROOM_CHECK(!scaling.busy.empty() && scaling.busy.size() == scaling.speed.size(),
                 "a curve without points");
  const auto law = [&](double n) { return 1 / (1 + scaling.sigma * (n - 1) + scaling.kappa * n * (n - 1)); };
  std::vector<double> all;
  std::size_t next = 0;  // the first measured point at or beyond n
  for (std::int64_t n = 1; n <= cores; ++n) {
    while (next < scaling.busy.size() && scaling.busy[next] < n) ++next;
    if (next == scaling.busy.size()) {
      const auto last = static_cast<double>(scaling.busy.back());
      all.push_back(scaling.speed.back() * law(static_cast<double>(n)) / law(last));
    } else if (next == 0 || scaling.busy[next] == n) {
      all.push_back(scaling.speed[next]);
    } else {
      const double share = static_cast<double>(n - scaling.busy[next - 1]) /
                           static_cast<double>(scaling.busy[next] - scaling.busy[next - 1]);
      all.push_back(scaling.speed[next - 1] + share * (scaling.speed[next] - scaling.speed[next - 1]));
    }
  }
  return all;
}

}  // namespace headroom::processing
