using System.Text.Json.Serialization;
using Contracts.Records;
using StreamJobs;

namespace Grains.Jobs;

/// <summary>The shop's analytics: what its dashboards ask of the stream of user events.</summary>
public static class ShopJobs
{
    private const string PageView = "PAGE_VIEW";
    private const string Purchase = "PURCHASE";
    private const string AddToCart = "ADD_TO_CART";
    private const string Search = "SEARCH";
    private const string Refund = "REFUND";

    /// <summary>Events by type, per minute.</summary>
    public static readonly Job EventCounts = From("event-counts")
        .KeyBy(e => e.EventType)
        .Window(Tumbling.Of(1.Minutes()))
        .Aggregate(a => new { c = a.Count() })
        .ToTopic("event-counts", r => new EventCount { EventType = r.Key, WindowStart = r.Start, WindowEnd = r.End, Events = r.Value.c, Revision = r.Revision })
        .ToLake();

    /// <summary>A user's events and sessions, per minute.</summary>
    public static readonly Job UserActivity = From("user-activity")
        .KeyByRecordKey(e => e.UserId)
        .Window(Tumbling.Of(1.Minutes()))
        .Aggregate(a => new { c = a.Count(), sessions = a.CountDistinct(e => e.SessionId) })
        .ToTopic("user-activity", r => new UserActivity
        {
            UserId = r.Key,
            WindowStart = r.Start,
            WindowEnd = r.End,
            Events = r.Value.c,
            Sessions = r.Value.sessions,
            Revision = r.Revision,
        });

    /// <summary>What was sold, per five minutes.</summary>
    public static readonly Job Revenue = From("revenue")
        .Where(e => e.EventType == Purchase && e.Amount is not null)
        .KeyByNothing()
        .Window(Tumbling.Of(5.Minutes()))
        .Aggregate(a => new { total = a.Sum(e => e.Amount), orders = a.Count() })
        .ToTopic("revenue-metrics", r => new RevenueMetric
        {
            WindowStart = r.Start,
            WindowEnd = r.End,
            Total = decimal.Round(r.Value.total, 2),
            Orders = r.Value.orders,
            Revision = r.Revision,
        })
        .ToLake();

    /// <summary>A session's events, half an hour at a time.</summary>
    public static readonly Job SessionAnalysis = From("session-analysis")
        .KeyBy(e => e.SessionId)
        .Window(Sliding.Of(30.Minutes(), every: 5.Minutes()))
        .Aggregate(a => new
        {
            c = a.Count(),
            unique_users = a.CountDistinct(e => e.UserId),
            types = a.CountDistinct(e => e.EventType),
            first_ts = a.Min(e => e.Timestamp),
            last_ts = a.Max(e => e.Timestamp),
        });

    /// <summary>Views of each page, per minute.</summary>
    public static readonly Job TopPages = From("top-pages")
        .Where(e => e.EventType == PageView)
        .KeyBy(e => e.PageUrl)
        .Window(Tumbling.Of(1.Minutes()))
        .Aggregate(a => new { c = a.Count() });

    /// <summary>Events by device, per five minutes.</summary>
    public static readonly Job DeviceDistribution = From("device-distribution")
        .KeyBy(e => e.DeviceType)
        .Window(Tumbling.Of(5.Minutes()))
        .Aggregate(a => new { c = a.Count() });

    /// <summary>From looking to buying, per five minutes.</summary>
    public static readonly Job ConversionFunnel = From("conversion-funnel")
        .KeyByNothing()
        .Window(Tumbling.Of(5.Minutes()))
        .Aggregate(a => new
        {
            page_views = a.Count(e => e.EventType == PageView),
            carts = a.Count(e => e.EventType == AddToCart),
            purchases = a.Count(e => e.EventType == Purchase),
            unique_users = a.CountDistinct(e => e.UserId),
        });

    /// <summary>What is searched for, and how much is found, per ten minutes.</summary>
    public static readonly Job SearchAnalytics = From("search-analytics")
        .Where(e => e.EventType == Search)
        .KeyBy(e => e.Query)
        .Window(Tumbling.Of(10.Minutes()))
        .Aggregate(a => new { c = a.Count(), result_count = a.Sum(e => e.ResultsCount) });

    /// <summary>How busy a user is, a quarter of an hour at a time.</summary>
    public static readonly Job UserEngagement = From("user-engagement")
        .KeyByRecordKey(e => e.UserId)
        .Window(Sliding.Of(15.Minutes(), every: 5.Minutes()))
        .Aggregate(a => new
        {
            c = a.Count(),
            types = a.CountDistinct(e => e.EventType),
            sessions = a.CountDistinct(e => e.SessionId),
            purchases = a.Count(e => e.EventType == Purchase),
        });

    /// <summary>A user's visits: they end after half a minute of silence.</summary>
    public static readonly Job UserSessions = From("user-sessions")
        .KeyByRecordKey(e => e.UserId)
        .Window(Session.WithGap(30.Seconds()))
        .Aggregate(a => new { c = a.Count() });

    /// <summary>A user's score, a quarter of an hour at a time: how much, how varied, and how often bought.</summary>
    public static readonly Job EngagementScore = From("engagement-score")
        .KeyByRecordKey(e => e.UserId)
        .Window(Sliding.Of(15.Minutes(), every: 5.Minutes()))
        .Aggregate(a => new
        {
            score = (0.3m * a.Count()) + (0.3m * a.CountDistinct(e => e.EventType)) + (0.4m * a.Count(e => e.EventType == Purchase)),
        });

    /// <summary>What an order comes to, per five minutes.</summary>
    public static readonly Job OrderValue = From("order-value")
        .Where(e => e.EventType == Purchase && e.Amount is not null)
        .KeyByNothing()
        .Window(Tumbling.Of(5.Minutes()))
        .Aggregate(a => new { average = a.Average(e => e.Amount), largest = a.Max(e => e.Amount) });

    /// <summary>What part of the events is of which type, per five minutes.</summary>
    public static readonly Job TypeShares = From("type-shares")
        .KeyByNothing()
        .Window(Tumbling.Of(5.Minutes()))
        .Aggregate(a => new { shares = SharesOf(a.Top(20, e => e.EventType), a.Count()) });

    /// <summary>Events per second over the last minute, every five seconds.</summary>
    public static readonly Job EventRate = From("event-rate")
        .KeyByNothing()
        .Window(Sliding.Of(1.Minutes(), every: 5.Seconds()))
        .Aggregate(a => new { per_second = decimal.Round(a.Count() / 60m, 2) })
        .KeepResults(1.Days());

    /// <summary>Accounts that someone tries.</summary>
    public static readonly Job SuspiciousWithdrawals = Job.Named("suspicious-withdrawals")
        .From<AccountFact>(Shop.AccountDomainEvents).Watermark(e => e.Timestamp, delay: 5.Seconds())
        .KeyByRecordKey(e => e.Entity)
        .Process(new RepeatedRejections(), keep: RepeatedRejections.Within);

    /// <summary>Money that is given back within five minutes of a purchase by the same user: a mistake, or a stolen card that someone tries.</summary>
    public static readonly Job QuickRefunds = From("quick-refunds")
        .Where(e => e.EventType == Purchase && e.Amount is not null)
        .Select(e => new Bought(e.UserId, e.Timestamp, e.Amount!.Value))
        .KeyBy(b => b.UserId)
        .Join(
            other => other.From<AccountMovement>(Shop.Transactions).Watermark(m => m.Timestamp, delay: 5.Seconds()).Where(m => m.Type == Refund).KeyBy(m => m.UserId),
            from: TimeSpan.Zero, to: 5.Minutes(), allowedLateness: 10.Seconds())
        .Select((bought, refund) => new
        {
            user = bought.UserId,
            bought = bought.Amount,
            refunded = refund.Amount,
            currency = refund.Currency,
            account = refund.AccountId,
            seconds = (refund.Timestamp - bought.At).TotalSeconds,
        });

    /// <summary>Every job.</summary>
    public static IEnumerable<Job> All =>
    [
        EventCounts, UserActivity, Revenue, SessionAnalysis, TopPages, DeviceDistribution, ConversionFunnel, SearchAnalytics, UserEngagement,
        UserSessions, EngagementScore, OrderValue, TypeShares, EventRate, SuspiciousWithdrawals,
        QuickRefunds,
    ];

    private static TypeShare[] SharesOf(IReadOnlyList<Ranked<string>> types, long events) =>
        [.. types.Select(t => new TypeShare(t.Value, t.Count, decimal.Round((decimal)t.Count / events, 4)))];

    private static JobStream<ShopEvent, ShopEvent> From(string name) =>
        Job.Named(name).From<ShopEvent>(Shop.UserEvents).Watermark(e => e.Timestamp, delay: 5.Seconds());
}

/// <summary>A type of event in a window.</summary>
/// <param name="Type">The type.</param>
/// <param name="Count">How many events.</param>
/// <param name="Share">What part of all: 0 to 1.</param>
public sealed record TypeShare(
    [property: JsonPropertyName("type")] string Type, [property: JsonPropertyName("count")] long Count, [property: JsonPropertyName("share")] decimal Share);
