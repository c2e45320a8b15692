#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/describe.h"
#include "sim/base/units.h"

/// What a conversion costs on a machine, as `headroom calibrate` measures it and `cost: {profile: FILE}` uses
/// it.
namespace headroom::processing {

/// thumbnail: the decoder shrinks as far as it can, then resampling; resize: all pixels are decoded, then
/// Lanczos3; crop: a piece from the middle, at full resolution.
enum class Operation { thumbnail, resize, crop };
/// How an image is encoded. A progressive JPEG costs a multiple of a baseline one to decode, so that is
/// another kind.
enum class Encoding { jpeg, png, webp, avif, progressive_jpeg };

/// How fast busy cores are together. Speed is the CPU time that the same conversions take alone, divided by
/// the time that they take when so many cores are busy (at n = 1: what handing over between threads costs).
struct Scaling {
  std::vector<std::int64_t> busy;  ///< cores that were busy, ascending
  std::vector<double> speed;       ///< of each of them
  /// Universal Scalability Law, N. J. Gunther, "Guerrilla Capacity Planning", 2007, ch. 4: throughput of n
  /// cores relative to one is n / (1 + sigma (n - 1) + kappa n (n - 1)). Used beyond the cores that were
  /// measured.
  double sigma = 0;
  double kappa = 0;
  std::vector<double> sigma_ci95;  ///< low and high, from repeated rounds
  std::vector<double> kappa_ci95;
  template <class V>
  static void describe(V& v) {
    v.required("busy", &Scaling::busy, "numbers of busy cores, ascending", between(1, 1e6));
    v.required("speed", &Scaling::speed, "relative speed of each core when so many are busy",
               Limits{.low = 0, .high = 2, .low_open = true});
    v.optional("sigma", &Scaling::sigma,
               "contention of the Universal Scalability Law, used beyond the cores measured", between(0, 10));
    v.optional("kappa", &Scaling::kappa, "coherency of the Universal Scalability Law", between(0, 10));
    v.optional("sigma_ci95", &Scaling::sigma_ci95, "95 % interval of sigma", not_negative());
    v.optional("kappa_ci95", &Scaling::kappa_ci95, "95 % interval of kappa", not_negative());
  }
  static void check(const Scaling& s, Complaints& complaints);
};

/// Where the CPU time goes.
struct Stages {
  Share decode, resize, encode;
  template <class V>
  static void describe(V& v) {
    v.required("decode", &Stages::decode, "share of CPU in reading");
    v.required("resize", &Stages::resize, "share of CPU in resampling");
    v.required("encode", &Stages::encode, "share of CPU in writing");
  }
};

/// How well the coefficients describe what was measured.
struct FitQuality {
  std::int64_t images = 0;
  std::int64_t conversions = 0;  ///< timed
  double r_squared = 0;          ///< share of the variance of the CPU time that is explained
  Share typical_error;           ///< mean of |measured / predicted - 1|
  Share confidence;              ///< share of the conversions whose mean is known to the precision asked for
  template <class V>
  static void describe(V& v) {
    v.required("images", &FitQuality::images, "images measured", not_negative());
    v.required("conversions", &FitQuality::conversions, "conversions timed", not_negative());
    v.required("r_squared", &FitQuality::r_squared, "share of the variance that the coefficients explain");
    v.required("typical_error", &FitQuality::typical_error, "mean relative error of a single image",
               not_negative());
    v.required("confidence", &FitQuality::confidence,
               "share of (image, width) pairs whose mean is known as precisely as asked for");
  }
};

/// Errors on images that the coefficients were not fitted to (k folds: each image is predicted by a fit that
/// has not seen it). Of the distribution: predicted against measured mean and percentiles of the CPU time,
/// signed. Of single images: |predicted / measured - 1|. A high percentile of few images is known roughly
/// only: `p99_ci95` is its 95 % interval over samples of the images (Efron's bootstrap, percentile method).
struct HoldOut {
  std::int64_t images = 0;
  std::int64_t folds = 0;
  double mean = 0, p50 = 0, p95 = 0, p99 = 0;
  std::vector<double> p99_ci95;
  double image_mean = 0, image_p50 = 0, image_p95 = 0, image_p99 = 0;
  std::optional<std::string> note;
  template <class V>
  static void describe(V& v) {
    v.required("images", &HoldOut::images, "images predicted", not_negative());
    v.required("folds", &HoldOut::folds, "parts that the images were divided into", not_negative());
    v.optional("mean", &HoldOut::mean, "predicted / measured - 1: mean CPU time");
    v.optional("p50", &HoldOut::p50, "predicted / measured - 1: median CPU time");
    v.optional("p95", &HoldOut::p95, "predicted / measured - 1: 95th percentile of CPU time");
    v.optional("p99", &HoldOut::p99, "predicted / measured - 1: 99th percentile of CPU time");
    v.optional("p99_ci95", &HoldOut::p99_ci95, "95 % interval of p99 over samples of the images");
    v.optional("image_mean", &HoldOut::image_mean, "mean error of a single image", not_negative());
    v.optional("image_p50", &HoldOut::image_p50, "median error of a single image", not_negative());
    v.optional("image_p95", &HoldOut::image_p95, "95th percentile of the errors of single images",
               not_negative());
    v.optional("image_p99", &HoldOut::image_p99, "99th percentile of the errors of single images",
               not_negative());
    v.optional("note", &HoldOut::note, "what to know about these numbers");
  }
};

/// CPU time of a conversion: a sum, times a residual drawn from those that the fit left. Which pixels: see
/// Pixels.
struct Coefficients {
  Duration fixed;                    ///< per conversion
  Duration per_input_megapixel;      ///< decoding
  Duration per_decoded_megapixel;    ///< decoding, after shrink-on-load
  Duration per_boxed_megapixel;      ///< averaging boxes of pixels
  Duration per_resampled_megapixel;  ///< Lanczos3
  Duration per_output_megapixel;     ///< resampling and encoding
  Duration per_input_megabyte;       ///< 10^6 bytes: entropy decoding
  std::vector<double> residuals;     ///< factors, each as probable as the others (quantiles); empty: 1
  bool free() const;                 ///< nothing costs anything

 protected:
  template <class T, class V>
  static void describe_as(V& v) {
    v.optional("fixed", &T::fixed, "CPU per conversion", not_negative());
    v.optional("per_input_megapixel", &T::per_input_megapixel, "CPU per million pixels read", not_negative());
    v.optional("per_decoded_megapixel", &T::per_decoded_megapixel,
               "CPU per million pixels that the decoder delivers (after shrink-on-load)", not_negative());
    v.optional("per_boxed_megapixel", &T::per_boxed_megapixel,
               "CPU per million pixels that averaging boxes of pixels leaves, half way", not_negative());
    v.optional("per_resampled_megapixel", &T::per_resampled_megapixel,
               "CPU per million pixels that Lanczos3 reads", not_negative());
    v.optional("per_output_megapixel", &T::per_output_megapixel, "CPU per million pixels written",
               not_negative());
    v.optional("per_input_megabyte", &T::per_input_megabyte, "CPU per million bytes read", not_negative());
    v.optional("residuals", &T::residuals,
               "factors on the CPU time, drawn for each conversion (default: always 1)", between(0, 1000));
  }
};

/// One way to convert, as measured.
struct Kernel : Coefficients {
  Operation operation = Operation::thumbnail;
  Encoding input = Encoding::jpeg;
  Encoding output = Encoding::jpeg;
  std::int64_t quality = 0;          ///< of the encoder, 1-100; PNG ignores it
  std::vector<std::int64_t> widths;  ///< target widths that were measured
  std::optional<Stages> stages;
  std::optional<Scaling> scaling;
  std::optional<FitQuality> fit;
  std::optional<HoldOut> hold_out;
  template <class V>
  static void describe(V& v) {
    v.required("operation", &Kernel::operation, "what is done");
    v.required("input", &Kernel::input, "encoding of the images read");
    v.required("output", &Kernel::output, "encoding of the images written");
    v.optional("quality", &Kernel::quality, "of the encoder (PNG ignores it)", between(0, 100));
    v.optional("widths", &Kernel::widths, "target widths measured", between(1, 1e6));
    Coefficients::describe_as<Kernel>(v);
    v.optional("stages", &Kernel::stages, "where the CPU time goes");
    v.optional("scaling", &Kernel::scaling, "how fast busy cores are together (default: as one alone)");
    v.optional("fit", &Kernel::fit, "how well the coefficients describe what was measured");
    v.optional("hold_out", &Kernel::hold_out, "errors on images that the coefficients were not fitted to");
  }
  static void check(const Kernel& k, Complaints& complaints);
};

/// What was measured, on what, and how quiet it was.
struct Provenance {
  std::string processor;
  std::int64_t cores = 0;
  std::string libvips;
  std::string headroom;
  std::string date;  ///< ISO 8601, UTC
  std::string corpus;
  std::int64_t images = 0;
  std::string corpus_fingerprint;
  Share steal, other_work, waiting, drift;
  std::optional<std::string> noise;  ///< why the machine was too noisy; none: it was quiet
  template <class V>
  static void describe(V& v) {
    v.optional("processor", &Provenance::processor, "model of the processor");
    v.optional("cores", &Provenance::cores, "cores that the measurement could use", not_negative());
    v.optional("libvips", &Provenance::libvips, "version of libvips");
    v.optional("headroom", &Provenance::headroom, "version of headroom");
    v.optional("date", &Provenance::date, "day of the measurement (UTC)");
    v.optional("corpus", &Provenance::corpus, "what was converted: generated, or images of one's own");
    v.optional("images", &Provenance::images, "images converted", not_negative());
    v.optional("corpus_fingerprint", &Provenance::corpus_fingerprint, "hash of the images' contents");
    v.optional("steal", &Provenance::steal, "share of CPU time that the hypervisor took", not_negative());
    v.optional("other_work", &Provenance::other_work, "share of CPU time that other programs used",
               not_negative());
    v.optional("waiting", &Provenance::waiting, "median share of a conversion's time without a core",
               not_negative());
    v.optional("drift", &Provenance::drift, "change of the processor's speed over the measurement",
               not_negative());
    v.optional("noise", &Provenance::noise, "why the machine was too noisy for these numbers");
  }
};

/// CPU time as measured on a machine. Written as the name of a file, or as a map. Either one set of
/// coefficients for every conversion (an assumption, typically), or kernels (what `headroom calibrate`
/// writes).
struct Profile : Coefficients {
  static constexpr std::string_view tag = "profile";
  std::string profile;  ///< its name
  std::optional<Provenance> provenance;
  std::vector<double> contention;  ///< rate of each core when 1, 2, … cores are busy; empty: 1 throughout
  std::vector<Kernel> kernels;
  template <class V>
  static void describe(V& v) {
    v.required("profile", &Profile::profile, "its name");
    v.optional("provenance", &Profile::provenance, "where the numbers come from");
    Coefficients::describe_as<Profile>(v);
    v.optional("contention", &Profile::contention,
               "relative rate of each busy core when 1, 2, … cores are busy; the last value holds beyond "
               "(default: 1)",
               Limits{.low = 0, .high = 2, .low_open = true});
    v.optional("kernels", &Profile::kernels,
               "in place of one cost for every conversion: one for each operation and encoding");
  }
  static void check(const Profile& p, Complaints& complaints);
};

/// The kernel for images of this encoding; nullptr if none fits, or the profile has none at all. Without an
/// operation thumbnail is meant, without an output the input's encoding (JPEG for progressive ones), or the
/// only one there is.
const Kernel* find_kernel(const Profile& profile, Encoding input, std::optional<Operation> operation,
                          std::optional<Encoding> output);
/// The encoding of renditions of such an image, unless one is asked for.
Encoding usual_output(Encoding input);
/// "thumbnail jpeg → webp"
std::string name_of(const Kernel& kernel);
/// Names of all kernels, for messages.
std::string kernel_names(const Profile& profile);

/// The pixels that each step of a conversion handles. As libvips does it (8.14, resample/thumbnail.c and
/// resize.c): a JPEG is decoded at 1/2, 1/4 or 1/8 of its width such that a factor of two is left to what
/// follows; WebP is scaled to the target by its decoder; otherwise all pixels are decoded. Then boxes of n ×
/// n pixels are averaged, n such that a factor of two is left to Lanczos3; rows first, so that the columns
/// have 1/n of the pixels to go through. For a crop from the middle decoding ends with its last row.
struct Pixels {
  double input = 0;      ///< of the image
  double decoded = 0;    ///< that the decoder delivers
  double boxed = 0;      ///< between the two passes of averaging; 0: there is no averaging
  double resampled = 0;  ///< that Lanczos3 reads
  double output = 0;     ///< of the rendition
};
Pixels pixels_of(Operation operation, Encoding encoding, double input, double output);
/// Pixels of an image of `input` pixels that was fitted into a square of side `width`, if it is a photograph
/// of the usual 3:2 in either direction; never more than it had.
double output_pixels(double width, double input);

/// CPU seconds by the coefficients, without the residual.
double cpu_seconds(const Coefficients& cpu, const Pixels& pixels, double bytes);

/// Relative speed of each core when n = 1, 2, … `cores` are busy: as measured, linear between, and beyond by
/// the Universal Scalability Law, joined to the last measurement.
std::vector<double> speeds(const Scaling& scaling, std::int64_t cores);

}  // namespace headroom::processing

namespace headroom {
template <>
struct enum_names<processing::Operation> {
  static constexpr std::string_view names[] = {"thumbnail", "resize", "crop"};
};
template <>
struct enum_names<processing::Encoding> {
  static constexpr std::string_view names[] = {"jpeg", "png", "webp", "avif", "progressive_jpeg"};
};
}  // namespace headroom
