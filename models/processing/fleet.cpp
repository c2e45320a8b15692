#include "models/processing/fleet.h"

#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>

#include "models/calls/defect.h"
#include "models/calls/span.h"
#include "models/processing/metrics.h"
#include "models/processing/puller.h"
#include "sim/base/counted.h"
#include "sim/world/task.h"

namespace headroom::processing {
namespace {

/// Tells draws about deliveries from draws about attempts: more deliveries than that begin to repeat.
constexpr int kDeliveriesPerAttempt = 1000;

/// A request that came straight to a worker, without an API server that gathers its renditions.
struct Direct : world::Pooled, Counted<Direct> {
  calls::Responder<calls::Answer> responder;
  std::int64_t left = 0;
};
using DirectPtr = boost::intrusive_ptr<Direct>;

struct Fetched {};

/// A conversion to do, and whom to tell. If it is nobody else's to do and dies with the worker's process, who
/// asked is told so by a reset (or hears nothing, if the host dies, too).
struct Work {
  Work(calls::Job j, DirectPtr d, calls::Delivery from)
      : job(std::move(j)), direct(std::move(d)), delivery(from) {}
  Work(Work&& other) noexcept
      : job(std::move(other.job)),
        direct(std::move(other.direct)),
        delivery(other.delivery),
        network_(std::exchange(other.network_, nullptr)),
        host_(other.host_) {}
  Work& operator=(Work&& other) noexcept {
    std::swap(job, other.job);
    std::swap(direct, other.direct);
    std::swap(delivery, other.delivery);
    std::swap(network_, other.network_);
    std::swap(host_, other.host_);
    return *this;
  }
  ~Work() {
    if (network_ != nullptr) calls::refuse_job(*network_, host_, std::move(job), Failure::died);
  }
  bool from_queue() const { return delivery.number > 0; }
  void reset_on_death(world::Network& n, world::HostId h) {
    network_ = &n;
    host_ = h;
  }
  /// Somebody else takes care of it from here on.
  void let_go() { network_ = nullptr; }

  calls::Job job;  ///< without gather if `direct`
  DirectPtr direct;
  calls::Delivery delivery;  ///< of the queue; its number is 0 if it was pushed

 private:
  world::Network* network_ = nullptr;  ///< for the reset
  world::HostId host_{};
};

/// A result that others may ask for; with its job while it waits for the queue's word.
struct Result {
  std::optional<calls::Job> job{};
  calls::Span wait{};
};

}  // namespace

/// One worker: slots, and what waits for one.
class Worker final : public calls::QueueWorker {
 public:
  Worker(world::Host& host, Fleet& fleet, const calls::Endpoint& me, std::int64_t slots)
      : QueueWorker(host), fleet_(fleet), slots_(slots), free_(slots) {
    if (fleet.parts_.queue) puller_.emplace(*fleet.parts_.queue, network(), *this, me, slots);
  }
  ~Worker() override {
    scope().clear();
    // What waited dies with the process.
    fleet_.waiting_.add(now(), -static_cast<std::int64_t>(waiting_.size()));
    for (const Waiting& w : waiting_)
      if (!w.work.from_queue()) left(w.arrived);
  }

  void accept(calls::Arrival arrival) override {
    if (full(arrival.request->renditions)) {
      arrival.responder.reply(Failure::rejected);
      return;
    }
    const DirectPtr direct(new Direct);
    direct->responder = std::move(arrival.responder);
    direct->left = arrival.request->renditions;
    for (std::int64_t r = 0; r < arrival.request->renditions; ++r)
      arrive({{arrival.request, r, {}, nullptr, arrival.request->deadline, arrival.attempt}, direct, {}});
  }

  void push(calls::Job job) override {
    if (full(1)) {
      calls::refuse_job(network(), host().id(), std::move(job), Failure::rejected);
      return;
    }
    Work work(std::move(job), nullptr, {});
    work.reset_on_death(network(), host().id());
    arrive(std::move(work));
  }

  void take(calls::Job job, const calls::Delivery& delivery) override {
    if (!puller_->take(delivery)) return;
    if (results_.contains(delivery.job)) {  // the queue has not heard that it was done
      puller_->ended(delivery, true);
      return;
    }
    Work work(std::move(job), nullptr, delivery);
    if (fleet_.parts_.queue->once) work.reset_on_death(network(), host().id());
    if (free_ <= 0) {  // several members may give a worker the same slot
      wait(now(), std::move(work));
      return;
    }
    --free_;
    scope().spawn(fetch_and_convert(this, std::move(work)));
  }

  void informed(const calls::QueueState& state) override { puller_->informed(state); }

  void judged(const calls::Delivery& delivery, bool accepted, std::vector<calls::Job> also) override {
    puller_->judged(delivery);
    const auto found = results_.find(delivery.job);
    if (found == results_.end()) {  // from an earlier life, or too old
      for (calls::Job& job : also) calls::refuse_job(network(), host().id(), std::move(job), Failure::error);
      return;
    }
    Result& result = found->second;
    if (!accepted) {
      results_.erase(found);
      return;
    }
    result.wait.end();
    if (result.job) {
      fleet_.parts_.queue->watch->released(*result.job);
      send_result(std::move(*result.job));
      result.job.reset();
    }
    for (calls::Job& job : also) send_result(std::move(job));
  }

 private:
  struct Waiting {
    TimePoint arrived;
    Work work;
    calls::Span span;
  };
  /// A conversion's stay in a slot.
  class Stay {
   public:
    Stay(Worker& worker, TimePoint arrived, bool probe)
        : worker_(worker), arrived_(arrived), started_(worker.now()), probe_(probe) {
      // When jobs share the cores, no more slots are busy than there are.
      if (!probe_ && worker_.in_service_++ < worker_.slots_) worker_.fleet_.set_busy(started_, 1);
    }
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;
    ~Stay() {
      if (!probe_ && --worker_.in_service_ < worker_.slots_) worker_.fleet_.set_busy(worker_.now(), -1);
      worker_.left(arrived_);
    }
    TimePoint started() const { return started_; }

   private:
    Worker& worker_;
    TimePoint arrived_;
    TimePoint started_;
    bool probe_;
  };

  /// A slot that only waits for an image.
  class Hold {
   public:
    explicit Hold(Worker& worker) : worker_(worker) { worker_.fleet_.set_held(worker_.now(), 1); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { worker_.fleet_.set_held(worker_.now(), -1); }

   private:
    Worker& worker_;
  };

  TimePoint now() { return host().scheduler().now(); }
  world::Network& network() { return fleet_.world_.network(); }
  void left(TimePoint arrived) { fleet_.station_.leave(now(), arrived); }
  calls::Span span(const calls::Job& job, metrics::Step step) {
    return {job.request->trace, step, host().id(), job.attempt, job.rendition};
  }
  bool sharing() const { return fleet_.config_.discipline == Discipline::processor_sharing; }

  bool full(std::int64_t more) const {
    if (!fleet_.config_.max_waiting || sharing()) return false;
    const auto waiting = static_cast<std::int64_t>(waiting_.size());
    return waiting + more > std::max<std::int64_t>(free_, 0) + *fleet_.config_.max_waiting;
  }

  void arrive(Work&& work) {
    const TimePoint arrived = now();
    fleet_.station_.enter(arrived);
    const int batch = work.job.request->probe ? -1 : fleet_.window_.batch(arrived);
    fleet_.arrived_.add(batch);
    if (free_ > 0 || sharing()) {
      --free_;
      scope().spawn(convert(this, std::move(work), arrived));
    } else {
      fleet_.waited_.add(batch);
      wait(arrived, std::move(work));
    }
  }

  void wait(TimePoint arrived, Work&& work) {
    calls::Span waits = span(work.job, metrics::Step::worker_wait);
    waiting_.push_back({arrived, std::move(work), std::move(waits)});
    fleet_.waiting_.add(now(), 1);
  }

  void slot_free() {
    ++free_;
    if (waiting_.empty()) return;
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    next.span.end();
    fleet_.waiting_.add(now(), -1);
    --free_;
    if (next.work.from_queue()) {
      scope().spawn(fetch_and_convert(this, std::move(next.work)));
      return;
    }
    const int batch = next.work.job.request->probe ? -1 : fleet_.window_.batch(next.arrived);
    fleet_.wait_ns_.add(batch, (now() - next.arrived).count_ns());
    scope().spawn(convert(this, std::move(next.work), next.arrived));
  }

  /// Asks the server that wants the job done for its image.
  void ask_for_image(const calls::Job& job, calls::Call<Fetched>& call) {
    const world::HostId origin = job.origin.host;
    auto responder = call.responder(network(), {origin, host().id()});
    const Bytes size = job.request->image + calls::kControl;
    calls::send_note(
        network(), {host().id(), origin}, calls::kControl,
        [responder = std::move(responder), from = job.origin, size]() mutable {
          if (from.live() != nullptr)
            responder.reply(Fetched{}, size);
          else
            responder.reply(Failure::refused);
        },
        [slot = call.slot()] { slot->if_silent = Failure::lost; });
  }

  /// From the queue: the slot is reserved while the image comes from the server that asked. The worker does
  /// not ask whether anybody still wants the result: only the queue can be told to (drop_expired).
  static world::Task<> fetch_and_convert(Worker* self, Work&& its_work) {
    Work work(std::move(its_work));
    const Fleet::Parts& parts = self->fleet_.parts_;
    if (parts.images_travel && !parts.queue->payload && work.job.origin.host != self->host().id()) {
      calls::Call<Fetched> call(self->host().scheduler(),
                                calls::Patience{self->fleet_.config_.fetch.timeout});
      self->ask_for_image(work.job, call);
      std::optional<Hold> hold(std::in_place, *self);
      calls::Span span = self->span(work.job, metrics::Step::fetch);
      const auto fetched = co_await call;
      hold.reset();
      span.end(fetched ? nullptr : calls::note_of(fetched.failure()));
      if (!fetched) {
        // Who asked is gone, or does not want it any more: it is over. Else another worker may be luckier.
        const bool over = fetched.failure() == Failure::refused || work.job.deadline <= self->now();
        work.let_go();
        if (over || parts.queue->once)
          calls::refuse_job(self->network(), self->host().id(), std::move(work.job), fetched.failure());
        self->done_with(work.delivery, over);
        co_return;
      }
    }
    const TimePoint arrived = self->now();
    self->fleet_.station_.enter(arrived);
    self->fleet_.arrived_.add(work.job.request->probe ? -1 : self->fleet_.window_.batch(arrived));
    co_await convert(self, std::move(work), arrived);
  }

  /// Moves the work into its frame when it begins, which is at once.
  static world::Task<> convert(Worker* self, Work&& its_work, TimePoint arrived) {
    Work work(std::move(its_work));
    const Fleet& fleet = self->fleet_;
    const calls::Request& request = *work.job.request;
    const Duration cpu = calls::effort(
        *self, fleet.cost_.work(request.number, work.job.rendition, {request.image, request.pixels}));
    bool failed = false;
    {
      const Stay stay(*self, arrived, request.probe);
      calls::Span span = self->span(work.job, metrics::Step::conversion);
      co_await self->host().cpu().run(cpu);
      if (request.kills_worker != nullptr)
        co_await calls::Death(*request.kills_worker, *self, request.number);
      failed = self->errs(work);
      if (failed) span.end("error");
      failed ? self->count_failed(request, cpu) : self->count(work.job, cpu, stay.started());
    }
    const calls::Delivery delivery = work.delivery;
    failed ? self->fail(std::move(work)) : self->answer(std::move(work));
    self->done_with(delivery, !failed);
  }

  /// Drawn anew for each delivery of a job.
  bool errs(const Work& work) const {
    return defect().errs() && calls::errs(*this, work.job.key(),
                                          work.job.attempt * kDeliveriesPerAttempt + work.delivery.number);
  }

  void count_failed(const calls::Request& request, Duration cpu) {
    if (!request.probe) fleet_.wasted_cpu_ns_.add(fleet_.window_.batch(now()), cpu.count_ns());
  }

  /// Who asked is told; or the queue, which delivers it again.
  void fail(Work&& work) {
    if (work.direct) {
      if (work.direct->responder) work.direct->responder.reply(Failure::error);
      return;
    }
    work.let_go();
    if (!work.from_queue() || fleet_.parts_.queue->once)
      calls::refuse_job(network(), host().id(), std::move(work.job), Failure::error);
  }

  void count(const calls::Job& job, Duration cpu, TimePoint started) {
    const calls::Request& request = *job.request;
    if (request.probe) return;
    const TimePoint finished = now();
    const int batch = fleet_.window_.batch(finished);
    fleet_.served_.add(batch);
    fleet_.service_ns_.add(batch, (finished - started).count_ns());
    const bool first = job.request->converted.add(job.rendition);
    if (!first) fleet_.repeated_.add(batch);
    if (first) {
      fleet_.actual_cpu_ns_.add(batch, cpu.count_ns());
      fleet_.actual_series_->add(finished, cpu.count_ns());
      if (fleet_.parts_.books != nullptr) fleet_.parts_.books->completed(job, cpu, finished);
    }
    if (!first || request.ended || job.deadline <= finished) fleet_.wasted_cpu_ns_.add(batch, cpu.count_ns());
  }

  void answer(Work&& work) {
    const calls::Request& request = *work.job.request;
    if (work.direct) {
      if (--work.direct->left > 0 || !work.direct->responder) return;
      const Bytes size = answer_size(request, request.renditions);
      work.direct->responder.reply(calls::Answer{request.renditions}, size + calls::kControl);
      return;
    }
    work.let_go();
    if (work.from_queue() && fleet_.parts_.queue->released) {
      calls::Span waits = span(work.job, metrics::Step::release);
      keep(work.delivery.job, {std::move(work.job), std::move(waits)});
    } else {
      send_result(std::move(work.job));
    }
  }

  Bytes answer_size(const calls::Request& request, std::int64_t renditions) const {
    return fleet_.parts_.proxied ? Bytes() : request.renditions_size(renditions);
  }

  void send_result(calls::Job job) {
    const world::Route way{host().id(), job.origin.host};
    const Bytes size = answer_size(*job.request, 1) + calls::kControl;
    calls::Span travels = span(job, metrics::Step::result);
    calls::send_note(network(), way, size, [job = std::move(job), span = std::move(travels)]() mutable {
      span.end();
      if (job.placement) job.placement->came_back(calls::Verdict::good);
      if (calls::ConversionSink* sink = job.origin.live(); sink != nullptr) sink->converted(job);
    });
  }

  /// Results are kept for as long as the queue remembers keys.
  void keep(std::uint64_t job, Result result) {
    const TimePoint until = now() - fleet_.parts_.queue->retention;
    while (!kept_.empty() && kept_.front().second < until) {
      results_.erase(kept_.front().first);
      kept_.pop_front();
    }
    kept_.emplace_back(job, now());
    results_.insert_or_assign(job, std::move(result));
  }

  void done_with(const calls::Delivery& delivery, bool done) {
    if (delivery.number > 0) puller_->ended(delivery, done);
    slot_free();
  }

  Fleet& fleet_;
  const std::int64_t slots_;
  std::int64_t in_service_ = 0;
  std::int64_t free_;  // may be negative when sharing
  std::deque<Waiting> waiting_;
  std::optional<Puller> puller_;
  std::unordered_map<std::uint64_t, Result> results_;  // by job; never iterated
  std::deque<std::pair<std::uint64_t, TimePoint>> kept_;
};

Fleet::Fleet(const ProcessingConfig& config, CostModel cost, const calls::Environment& env)
    : config_(config),
      cost_(std::move(cost)),
      world_(env.world),
      window_(env.window),
      series_(env.series),
      busy_(env.window),
      held_(env.window) {}

void Fleet::install(const std::vector<world::Host*>& hosts, const Parts& parts) {
  parts_ = parts;
  for (const world::Host* host : hosts) total_slots_ += config_.slots.value_or(host->cores());
  actual_series_ = &series_.counter(series::kActualCpu, 1e-9);
  busy_series_ = &series_.level(series::kUtilization, 1 / static_cast<double>(total_slots_));
  if (parts.queue) held_series_ = &series_.level(series::kHeldShare, 1 / static_cast<double>(total_slots_));
  for (world::Host* host : hosts) {
    const std::int64_t slots = config_.slots.value_or(host->cores());
    if (config_.cost) {
      auto contention = contention_of(*config_.cost, parts.format, host->cores());
      if (!contention.empty()) host->cpu().set_contention(std::move(contention));
    }
    members_.install(*host, [this, slots](world::Host& h, int number) {
      return std::make_unique<Worker>(h, *this, members_[number], slots);
    });
  }
}

void Fleet::report(metrics::ResultBuilder& results) const {
  const TimePoint now = world_.now();
  metrics::TimeAverage busy = busy_;
  busy.finish(now);
  results.time_share(metric::kUtilization, busy, 1.0 / static_cast<double>(total_slots_));
  if (parts_.queue) {
    metrics::TimeAverage held = held_;
    held.finish(now);
    results.time_average(metric::kHeld, held);
  }
  results.ratio(metric::kWaitMeanMs, wait_ns_, arrived_, 1e-6);
  results.share(metric::kWaitProbability, waited_, arrived_);
  results.ratio(metric::kServiceMeanMs, service_ns_, served_, 1e-6);
  results.total(metric::kWastedCpuS, wasted_cpu_ns_, 1e-9);
  results.total(metric::kRepeated, repeated_);
  results.total(metric::kActualCpu, actual_cpu_ns_, 1e-9);
  results.invariant("Little's law: processing", station_.holds(now), station_.entered());
}

}  // namespace headroom::processing
